package dev.lintel.main;

import java.io.IOException;
import java.io.OutputStream;
import java.net.http.HttpHeaders;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "export",
    description = "Writes out what a gateway has kept, as lines of JSON.",
    mixinStandardHelpOptions = true,
    exitCodeOnInvalidInput = 1,
    subcommands = {Export.Tenant.class, Export.Pairs.class})
final class Export {
  private Export() {}

  @Command(
      name = "tenant",
      description =
          "Writes all that is kept of a tenant. Exits with 1 where that was not the whole of it.",
      mixinStandardHelpOptions = true,
      exitCodeOnInvalidInput = 1)
  static final class Tenant implements Callable<Integer> {
    @Mixin private Running running = new Running();
    @Mixin private TheTime time = new TheTime();

    @Parameters(paramLabel = "TENANT", description = "its name")
    private String tenant = "";

    @Option(names = "--out", paramLabel = "FILE", description = "in the place of standard output")
    private Optional<Path> file = Optional.empty();

    @Override
    public Integer call() throws Running.Refused {
      var parameters = new LinkedHashMap<String, @Nullable String>();
      time.tell(parameters);
      String path =
          "/admin/v1/tenants/" + Running.encoded(tenant) + "/export" + Running.query(parameters);
      written(file, out -> running.copy(path, out));
      return 0;
    }
  }

  @Command(
      name = "pairs",
      description =
          "Writes what chats said and were answered, where policies have that kept and nobody has"
              + " opted out of training.",
      mixinStandardHelpOptions = true,
      exitCodeOnInvalidInput = 1)
  static final class Pairs implements Callable<Integer> {
    @Mixin private Running running = new Running();
    @Mixin private TheTime time = new TheTime();

    @Option(
        names = "--form",
        paramLabel = "FORM",
        description = "messages, as models are trained with; evaluation: the call's figures, too")
    private @Nullable String form;

    @Option(names = "--tenant", paramLabel = "TENANT", description = "of that one only")
    private @Nullable String tenant;

    @Option(names = "--app", paramLabel = "APP", description = "of apps of that name only")
    private @Nullable String app;

    @Option(names = "--model", paramLabel = "MODEL", description = "as calls asked for it")
    private @Nullable String model;

    @Option(names = "--use-case", paramLabel = "NAME", description = "of that one only")
    private @Nullable String useCase;

    @Option(
        names = "--min-score",
        paramLabel = "SCORE",
        description = "from 0 to 1: only what was scored, and by nobody lower")
    private @Nullable String score;

    @Option(names = "--out", paramLabel = "FILE", description = "in the place of standard output")
    private Optional<Path> file = Optional.empty();

    @Override
    public Integer call() throws Running.Refused {
      var parameters = new LinkedHashMap<String, @Nullable String>();
      parameters.put("form", form);
      parameters.put("tenant", tenant);
      parameters.put("app", app);
      parameters.put("model", model);
      parameters.put("use_case", useCase);
      time.tell(parameters);
      parameters.put("min_score", score);
      written(file, out -> pages(parameters, out));
      return 0;
    }

    private void pages(Map<String, @Nullable String> parameters, OutputStream out)
        throws Running.Refused {
      long pairs = 0;
      var left = new TreeMap<String, Long>();
      Optional<String> next;
      do {
        HttpHeaders head = running.copy("/admin/v1/pairs" + Running.query(parameters), out);
        pairs += head.firstValueAsLong("x-lintel-pairs").orElse(0);
        for (String one : head.firstValue("x-lintel-left-out").orElse("").split(", ")) {
          int split = one.indexOf('=');
          if (split > 0) {
            left.merge(one.substring(0, split), Long.valueOf(one.substring(split + 1)), Long::sum);
          }
        }
        next = head.firstValue("x-lintel-next");
        parameters.put("cursor", next.orElse(null));
      } while (next.isPresent());
      System.err.println(pairs + " pairs" + (left.isEmpty() ? "." : "; left out: " + left));
    }
  }

  /** What fills a file, or the standard output. */
  @FunctionalInterface
  private interface Writing {
    void write(OutputStream out) throws Running.Refused;
  }

  private static void written(Optional<Path> file, Writing writing) throws Running.Refused {
    if (file.isEmpty()) {
      writing.write(System.out);
      return;
    }
    try (OutputStream out = Files.newOutputStream(file.get())) {
      writing.write(out);
    } catch (IOException unwritable) {
      throw new Running.Refused(file.get() + " cannot be written.");
    }
  }
}
