package bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * A program to be measured: how it is started in front of the mock.
 *
 * @param command its words; {@code {port}}, {@code {upstream}} and {@code {dir}} in them stand for
 *     the port to listen at, the mock's port and a fresh folder, which holds {@code lintel.yaml}
 *     and {@code nginx.conf}
 */
record Proxy(String name, int port, List<String> command, Map<String, String> environment) {

  /** What the options ask for; the first one is what the others are set in proportion to. */
  static List<Proxy> list(Options options, int mockPort) {
    String start = options.text("lintel", System.getenv().getOrDefault("BENCH_LINTEL", ""));
    String threads = options.text("threads", "");
    var proxies = new ArrayList<Proxy>();
    for (String name : options.text("proxies", "nginx,lintel").split(",")) {
      int port = mockPort + 1 + proxies.size();
      int equals = name.indexOf('=');
      if (equals > 0) {
        proxies.add(command(name.substring(0, equals), port, name.substring(equals + 1), Map.of()));
      } else if (name.startsWith("nginx")) {
        proxies.add(nginx(name, port));
      } else if (!name.equals("lintel")) {
        throw new IllegalArgumentException(
            "A proxy is nginx, nginx-again, lintel or NAME=COMMAND, unlike " + name + ".");
      } else if (threads.isEmpty()) {
        proxies.add(command(name, port, start, Map.of()));
      } else {
        for (String kind : threads.equals("both") ? List.of("loop", "stock") : List.of(threads)) {
          int next = mockPort + 1 + proxies.size();
          proxies.add(command(name + "-" + kind, next, start, Map.of("LINTEL_THREADS", kind)));
        }
      }
    }
    return proxies;
  }

  private static Proxy nginx(String name, int port) {
    // nginx wants its error log's place before it has read the configuration.
    return new Proxy(
        name,
        port,
        List.of("nginx", "-p", "{dir}", "-e", "{dir}/error.log", "-c", "{dir}/nginx.conf"),
        Map.of());
  }

  private static Proxy command(
      String name, int port, String start, Map<String, String> environment) {
    String command = start;
    if (!start.contains("{port}")) {
      command +=
          " start --config {dir}/lintel.yaml --listen 127.0.0.1:{port} --data {dir}/lintel-data";
    }
    return new Proxy(name, port, Arrays.asList(command.split(" ")), environment);
  }

  /** Whether it understands another dialect than the mock's. */
  boolean translates() {
    return !name.startsWith("nginx");
  }

  /** Starts it and waits for its first answer. */
  Running start(Path work, int upstream) throws IOException {
    Path dir = Files.createTempDirectory(work, name + "-");
    Files.writeString(dir.resolve("nginx.conf"), nginxConf(upstream));
    Files.writeString(dir.resolve("lintel.yaml"), lintelYaml(upstream));
    List<String> words =
        command.stream()
            .map(word ->
                word.replace("{port}", String.valueOf(port))
                    .replace("{upstream}", String.valueOf(upstream))
                    .replace("{dir}", dir.toString()))
            .toList();
    Running running = Running.start(port, words, environment, dir.resolve("output"));
    try {
      running.awaitAnswer();
      return running;
    } catch (IOException never) {
      running.close();
      throw new IOException(name + ": " + never.getMessage(), never);
    }
  }

  private String nginxConf(int upstream) {
    return """
    user root;
    daemon off;
    worker_processes 2;
    worker_rlimit_nofile 20000;
    pid nginx.pid;
    error_log error.log;
    events { worker_connections 16000; }
    http {
      access_log off;
      tcp_nodelay on;
      keepalive_timeout 600s;
      keepalive_requests 1000000000;
      client_max_body_size 0;
      client_body_buffer_size 256k;
      client_body_temp_path body;
      proxy_temp_path proxy;
      fastcgi_temp_path fastcgi;
      uwsgi_temp_path uwsgi;
      scgi_temp_path scgi;
      upstream mock {
        server 127.0.0.1:%d max_fails=0;
        keepalive 512;
        keepalive_requests 1000000000;
        keepalive_timeout 600s;
      }
      server {
        listen 127.0.0.1:%d backlog=8192;
        location / {
          proxy_pass http://mock;
          proxy_http_version 1.1;
          proxy_set_header Connection "";
          proxy_buffering off;
          proxy_read_timeout 600s;
        }
      }
    }
    """
        .formatted(upstream, port);
  }

  private String lintelYaml(int upstream) {
    String models =
        Settings.models().stream()
            .map(model -> "  %s: mock/mock%s%n".formatted(model, model.substring(1)))
            .collect(Collectors.joining());
    return """
    providers:
      mock: { kind: openai, url: "http://127.0.0.1:%d/v1", key: none }
    models:
    %stenants:
      bench:
        apps:
          meter:
            keys: [ "sk-bench-0001" ]
    """
        .formatted(upstream, models);
  }
}
