package dev.lintel.secret;

import dev.lintel.Json;
import dev.lintel.Rounds;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * HashiCorp Vault's key-value store, version 2 (its HTTP API, read 2026-11-21), or what speaks like
 * it. What was read once is looked at again from time to time; while Vault is away, what is known
 * stays good.
 */
public final class Vault implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Vault.class);
  private static final Duration PATIENCE = Duration.ofSeconds(5);
  private static final Duration REFRESH = Duration.ofSeconds(30);

  /** All values of one load that lie together are read at once. */
  private static final Duration FRESH = Duration.ofSeconds(2);

  /**
   * How a pod logs in with its own account.
   *
   * @param mount where Vault has that way of logging in
   * @param jwt the file with the account's token, which Kubernetes replaces from time to time
   */
  public record Kubernetes(String role, String mount, Path jwt) {}

  /**
   * Where it is, and who asks.
   *
   * @param token empty where a pod logs in
   */
  public record Setting(
      URI address, String token, String namespace, Optional<Kubernetes> kubernetes) {
    @Override
    public String toString() {
      return "Vault[" + address + "]";
    }
  }

  private record Read(JsonNode data, long when) {}

  private record Login(String token, long renewAt) {}

  private final Setting setting;
  private final LongSupplier clock;
  private final Runnable changed;
  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(PATIENCE).build();
  private final Map<String, Read> known = new TreeMap<>();
  private @Nullable Login login;
  private final Rounds rounds = new Rounds("lintel-vault", this::round);

  /**
   * @param clock counts nanoseconds
   * @param changed told when something that was read has another value now
   */
  public Vault(Setting setting, LongSupplier clock, Runnable changed) {
    this.setting = setting;
    this.clock = clock;
    this.changed = changed;
  }

  /** Looks from time to time, on a thread of its own, until it is closed. */
  public void start() {
    rounds.begin(REFRESH);
  }

  /**
   * One value. Throws {@link IllegalArgumentException} that says, as the end of a sentence, why it
   * cannot be had.
   *
   * @param reference mount, path and field, such as {@code kv/openai#key}
   */
  public synchronized String text(String reference) {
    int slash = reference.indexOf('/');
    int hash = reference.indexOf('#');
    if (slash < 1 || hash < slash + 2 || hash == reference.length() - 1) {
      throw new IllegalArgumentException(
          "must name mount, path and field in Vault, such as kv/openai#key");
    }
    String path = reference.substring(0, hash);
    JsonNode value = data(path).path(reference.substring(hash + 1));
    if (!value.isString() || value.asString().isBlank()) {
      throw new IllegalArgumentException(
          "reads " + reference + " from Vault, where that field is missing or no text");
    }
    return value.asString().strip();
  }

  private JsonNode data(String path) {
    Read read = known.get(path);
    if (read != null && clock.getAsLong() - read.when < FRESH.toNanos()) {
      return read.data;
    }
    try {
      JsonNode data = asked(path);
      known.put(path, new Read(data, clock.getAsLong()));
      return data;
    } catch (IOException away) {
      if (read != null) {
        LOG.warn("Vault at {} is away; what was read before stays good", setting.address);
        return read.data;
      }
      throw new IllegalArgumentException(
          "reads " + path + " from Vault at " + setting.address + ", which does not answer", away);
    }
  }

  private Duration round() {
    look();
    return REFRESH;
  }

  /** One look at everything that was read before. */
  void look() {
    boolean other = false;
    synchronized (this) {
      for (var entry : known.entrySet()) {
        try {
          JsonNode data = asked(entry.getKey());
          other |= !data.equals(entry.getValue().data);
          entry.setValue(new Read(data, clock.getAsLong()));
        } catch (IOException | IllegalArgumentException notNow) {
          LOG.warn(
              "{} in Vault at {} cannot be looked at; what was read before stays good",
              entry.getKey(),
              setting.address);
        }
      }
    }
    if (other) {
      changed.run();
    }
  }

  private JsonNode asked(String path) throws IOException {
    int slash = path.indexOf('/');
    String uri = "/v1/" + path.substring(0, slash) + "/data" + path.substring(slash);
    HttpResponse<String> answer = send(request(uri).header("X-Vault-Token", token()).GET());
    if (answer.statusCode() == 403 && setting.kubernetes.isPresent()) {
      // The token may have been taken back before its time.
      login = null;
      answer = send(request(uri).header("X-Vault-Token", token()).GET());
    }
    JsonNode data = body(answer).path("data").path("data");
    if (answer.statusCode() == 200 && data.isObject()) {
      return data;
    }
    throw new IllegalArgumentException(
        switch (answer.statusCode()) {
          case 200 -> "reads " + path + " from Vault, which is no secret of a store of version 2";
          case 403 -> "reads " + path + " from Vault, which the token may not (403)";
          case 404 -> "reads " + path + " from Vault, where nothing lies (404)";
          default -> throw new IOException("status " + answer.statusCode());
        });
  }

  private String token() throws IOException {
    Kubernetes pod = setting.kubernetes.orElse(null);
    if (pod == null) {
      return setting.token;
    }
    Login good = login;
    if (good == null || clock.getAsLong() - good.renewAt >= 0) {
      good = loggedIn(pod);
      login = good;
    }
    return good.token;
  }

  private Login loggedIn(Kubernetes pod) throws IOException {
    String jwt = Files.readString(pod.jwt).strip();
    String body = Json.text(Json.object().put("role", pod.role).put("jwt", jwt));
    HttpResponse<String> answer =
        send(request("/v1/auth/" + pod.mount + "/login").POST(BodyPublishers.ofString(body)));
    JsonNode auth = body(answer).path("auth");
    String token = auth.path("client_token").asString("");
    if (answer.statusCode() == 400 || answer.statusCode() == 403) {
      throw new IllegalArgumentException(
          "reads from Vault, which does not let the pod in as '" + pod.role + "'");
    }
    if (answer.statusCode() != 200 || token.isEmpty()) {
      throw new IOException("status " + answer.statusCode());
    }
    // Anew at two thirds of its time, whatever that is.
    long seconds = Math.max(3, auth.path("lease_duration").asLong(3600));
    return new Login(token, clock.getAsLong() + Duration.ofSeconds(seconds * 2 / 3).toNanos());
  }

  private HttpRequest.Builder request(String path) {
    String base = setting.address.toString();
    var request =
        HttpRequest.newBuilder(
                URI.create(
                    (base.endsWith("/") ? base.substring(0, base.length() - 1) : base) + path))
            .timeout(PATIENCE)
            .header("X-Vault-Request", "true");
    if (!setting.namespace.isEmpty()) {
      request.header("X-Vault-Namespace", setting.namespace);
    }
    return request;
  }

  private HttpResponse<String> send(HttpRequest.Builder request) throws IOException {
    try {
      return http.send(request.build(), BodyHandlers.ofString());
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", stopped);
    }
  }

  /** An empty object where it is no JSON. */
  private static JsonNode body(HttpResponse<String> answer) {
    try {
      return Json.parse(answer.body());
    } catch (JacksonException noJson) {
      return Json.object();
    }
  }

  @Override
  public void close() {
    rounds.end();
    http.shutdownNow();
  }
}
