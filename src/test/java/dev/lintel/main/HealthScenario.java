package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.lintel.Json;
import dev.lintel.Soon;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Providers, their models and their keys rest each for themselves, and everybody can see it. */
class HealthScenario {
  private static final String GOOD =
      "{\"id\":\"c\",\"object\":\"chat.completion\",\"model\":\"m\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"hi\"},\"finish_reason\":\"stop\"}]}";
  private static final String LIST = "{\"object\":\"list\",\"data\":[]}";

  /** Answers chats and lists of models as it is told. */
  private static final class Fake implements AutoCloseable {
    private final HttpServer server;
    private final List<String> asked = new CopyOnWriteArrayList<>();
    private volatile int chat = 200;
    private volatile int list = 404;
    private volatile String headers = "";
    private volatile String refusedKey = "";

    Fake() throws IOException {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
      server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
      server.createContext("/", this::answer);
      server.start();
    }

    private void answer(HttpExchange exchange) throws IOException {
      try (exchange) {
        exchange.getRequestBody().readAllBytes();
        boolean lists = exchange.getRequestMethod().equals("GET");
        String key = String.valueOf(exchange.getRequestHeaders().getFirst("authorization"));
        asked.add((lists ? "list " : "chat ") + key);
        int status = lists ? list : key.endsWith(refusedKey) && !refusedKey.isEmpty() ? 401 : chat;
        String body =
            status == 200 ? lists ? LIST : GOOD : "{\"error\":{\"message\":\"no, " + key + "\"}}";
        if (!headers.isEmpty() && status != 200) {
          exchange.getResponseHeaders().add("retry-after", headers);
        }
        exchange.getResponseHeaders().add("content-type", "application/json");
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, bytes.length);
        exchange.getResponseBody().write(bytes);
      }
    }

    long chats() {
      return asked.stream().filter(line -> line.startsWith("chat")).count();
    }

    @Override
    public void close() {
      server.stop(0);
    }
  }

  private static TestGateway gateway(Fake fake, String keys, String more) {
    return TestGateway.of(yaml(fake, keys, more));
  }

  private static String yaml(Fake fake, String keys, String more) {
    return """
    providers:
      fake: { kind: openai, url: "http://127.0.0.1:%d/v1", %s }
      spare: { kind: sim }
    models:
      m: { targets: [ fake/m, spare/small ], retry: { attempts: 2 }%s }
      only: { targets: [ fake/m ], retry: { attempts: 1 } }
    """
        .formatted(fake.server.getAddress().getPort(), keys, more);
  }

  @Test
  void after_five_failures_nobody_is_sent_there_and_everybody_can_see_it() throws Exception {
    try (var fake = new Fake();
        var gateway = gateway(fake, "key: k", "")) {
      fake.chat = 503;
      for (int i = 0; i < 20; i++) {
        assertThat(chat(gateway, "m").statusCode()).isEqualTo(200);
      }
      assertThat(fake.chats()).isEqualTo(5);
      JsonNode seen = health(gateway);
      assertThat(seen.path("status").asString()).isEqualTo("degraded");
      assertThat(provider(seen).path("state").asString()).isEqualTo("cooling");
      assertThat(provider(seen).path("until").asString()).isNotEmpty();
      assertThat(provider(seen).path("last_failure").path("status").asInt()).isEqualTo(503);
      assertThat(provider(seen).path("keys").path(0).path("state").asString()).isEqualTo("ok");
      assertThat(metrics(gateway))
          .contains("lintel_provider_state{provider=\"fake\",state=\"cooling\"} 1")
          .contains("lintel_provider_state{provider=\"spare\",state=\"healthy\"} 1");
    }
  }

  @Test
  void once_it_has_rested_so_many_probes_close_it() throws Exception {
    try (var fake = new Fake();
        var gateway = gateway(fake, "key: k", ", breaker: { open: 400ms, probes: 2 }")) {
      fake.chat = 503;
      for (int i = 0; i < 5; i++) {
        chat(gateway, "m");
      }
      fake.chat = 200;
      eventually(() -> state(gateway).equals("half_open"));
      chat(gateway, "m");
      assertThat(state(gateway)).isEqualTo("half_open");
      chat(gateway, "m");
      assertThat(state(gateway)).isEqualTo("healthy");
      assertThat(fake.chats()).isEqualTo(7);
    }
  }

  @Test
  void a_reload_leaves_open_what_is_open() throws Exception {
    try (var fake = new Fake();
        var gateway = gateway(fake, "key: k", "")) {
      fake.chat = 500;
      IntStream.range(0, 6).forEach(i -> chat(gateway, "m"));
      assertThat(state(gateway)).isEqualTo("cooling");

      gateway.lintel().use(TestGateway.config(yaml(fake, "key: k", ", breaker: { failures: 50 }")));
      chat(gateway, "m");

      assertThat(state(gateway)).isEqualTo("cooling");
      assertThat(fake.chats()).isEqualTo(5);
    }
  }

  @Test
  void limits_never_open_the_provider() throws Exception {
    try (var fake = new Fake();
        var gateway = gateway(fake, "key: k", "")) {
      fake.chat = 429;
      fake.headers = "60";
      for (int i = 0; i < 10; i++) {
        chat(gateway, "only");
      }
      JsonNode fakes = provider(health(gateway));
      assertThat(fakes.path("state").asString()).isEqualTo("healthy");
      assertThat(fakes.path("keys").path(0).path("state").asString()).isEqualTo("resting");
      assertThat(fakes.path("keys").path(0).path("until").asString()).isNotEmpty();
      assertThat(metrics(gateway))
          .contains("lintel_provider_keys{provider=\"fake\",state=\"resting\"} 1");
    }
  }

  @Test
  void a_refused_key_is_named_invalid_and_the_other_one_answers() throws Exception {
    try (var fake = new Fake();
        var gateway = gateway(fake, "keys: [ key-one, key-two ]", "")) {
      fake.refusedKey = "key-one";
      // Without this it would be asked again after 3 s, which are soon over on a busy machine.
      fake.headers = "600";
      for (int i = 0; i < 8; i++) {
        var reply = chat(gateway, "m");
        assertThat(reply.headers().firstValue("x-lintel-target")).contains("fake/m");
      }
      assertThat(fake.asked.stream().filter(line -> line.endsWith("key-one")).count()).isEqualTo(1);
      JsonNode keys = provider(health(gateway)).path("keys");
      assertThat(keys.path(0).path("state").asString()).isEqualTo("invalid");
      assertThat(keys.path(1).path("state").asString()).isEqualTo("ok");
      assertThat(state(gateway)).isEqualTo("healthy");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {404, 529})
  void a_model_s_trouble_is_its_own(int status) throws Exception {
    try (var fake = new Fake();
        var gateway = gateway(fake, "key: k", "")) {
      fake.chat = status;
      IntStream.range(0, 8).forEach(i -> chat(gateway, "m"));
      assertThat(fake.chats()).isEqualTo(5);
      assertThat(state(gateway)).isEqualTo("healthy");
      JsonNode models =
          admin(gateway, "GET", "/admin/v1/providers")
              .path("data")
              .valueStream()
              .filter(entry -> entry.path("name").asString().equals("fake"))
              .findFirst()
              .orElseThrow()
              .path("models");
      assertThat(models).hasSize(1);
      assertThat(models.path(0).path("model").asString()).isEqualTo("m");
      assertThat(models.path(0).path("state").asString()).isEqualTo("cooling");
      assertThat(models.path(0).path("last_failure").path("status").asInt()).isEqualTo(status);

      fake.chat = 200;
      assertThat(chat(gateway, "fake/another").statusCode()).isEqualTo(200);
    }
  }

  @Test
  void where_everything_rests_the_least_bad_is_asked_or_nobody_as_the_policy_says()
      throws Exception {
    try (var fake = new Fake();
        var gateway = gateway(fake, "key: k", "")) {
      fake.chat = 503;
      IntStream.range(0, 6).forEach(i -> chat(gateway, "only"));
      assertThat(fake.chats()).isEqualTo(6);
    }
    try (var fake = new Fake();
        var gateway = gateway(fake, "key: k, breaker: { when_all_open: refuse }", "")) {
      fake.chat = 503;
      IntStream.range(0, 5).forEach(i -> chat(gateway, "only"));
      var refused = chat(gateway, "only");
      assertThat(fake.chats()).isEqualTo(5);
      assertThat(refused.statusCode()).isEqualTo(503);
      assertThat(refused.headers().firstValue("retry-after")).isPresent();
      JsonNode error = Json.parse(refused.body()).path("error");
      assertThat(error.path("lintel").path("kind").asString()).isEqualTo("unavailable");
      assertThat(error.path("message").asString()).contains("fake/m", "no, ");
    }
  }

  @Test
  void a_check_asks_the_list_of_models_and_closes_the_breaker_where_it_answers() throws Exception {
    try (var fake = new Fake();
        var gateway = gateway(fake, "key: sk-very-secret", "")) {
      fake.chat = 500;
      fake.list = 503;
      IntStream.range(0, 6).forEach(i -> chat(gateway, "m"));
      long chats = fake.chats();

      JsonNode bad = check(gateway, "fake");
      assertThat(bad.path("name").asString()).isEqualTo("fake");
      assertThat(bad.path("ok").asBoolean()).isFalse();
      assertThat(bad.path("status").asInt()).isEqualTo(503);
      assertThat(bad.path("kind").asString()).isEqualTo("upstream_unavailable");
      assertThat(bad.path("message").asString()).contains("no, ").doesNotContain("very-secret");
      assertThat(bad.path("latency_ms").isIntegralNumber()).isTrue();
      assertThat(state(gateway)).isEqualTo("cooling");

      fake.list = 200;
      JsonNode good = check(gateway, "fake");
      assertThat(good.path("ok").asBoolean()).isTrue();
      assertThat(good.path("status").asInt()).isEqualTo(200);
      assertThat(good.path("kind").isNull()).isTrue();
      assertThat(good.path("message").isNull()).isTrue();
      assertThat(state(gateway)).isEqualTo("healthy");
      assertThat(fake.chats()).isEqualTo(chats);
    }
  }

  @Test
  void a_check_of_a_provider_without_a_list_asks_a_model_for_a_few_tokens() throws Exception {
    try (var fake = new Fake();
        var gateway = gateway(fake, "key: sk-very-secret", "")) {
      fake.chat = 401;
      JsonNode bad = check(gateway, "fake");
      assertThat(bad.path("ok").asBoolean()).isFalse();
      assertThat(bad.path("status").asInt()).isEqualTo(401);
      assertThat(bad.path("kind").asString()).isEqualTo("upstream_error");
      assertThat(bad.toString()).doesNotContain("very-secret");

      chat(gateway, "only");
      assertThat(keyState(gateway)).isEqualTo("invalid");
      fake.chat = 200;
      assertThat(check(gateway, "fake").path("ok").asBoolean()).isTrue();
      assertThat(keyState(gateway)).isEqualTo("ok");
      assertThat(check(gateway, "spare").path("ok").asBoolean()).isTrue();
    }
  }

  @Test
  void a_check_is_for_admins_and_of_providers_that_are_there() throws Exception {
    try (var fake = new Fake();
        var gateway = gateway(fake, "key: k", "")) {
      assertThat(gateway.post("/admin/v1/providers/fake/check", "{}").statusCode()).isEqualTo(401);
      var unknown = gateway.send(request(gateway, "POST", "/admin/v1/providers/nobody/check"));
      assertThat(unknown.statusCode()).isEqualTo(404);
      assertThat(unknown.body()).contains("nobody", "not_found");
      fake.close();
      JsonNode gone = check(gateway, "fake");
      assertThat(gone.path("ok").asBoolean()).isFalse();
      assertThat(gone.path("status").isNull()).isTrue();
      assertThat(gone.path("kind").asString()).isEqualTo("upstream_unavailable");
    }
  }

  @Test
  void a_provider_that_is_probed_is_half_open_as_soon_as_it_answers_for_nothing() throws Exception {
    try (var fake = new Fake();
        var gateway = gateway(fake, "key: k, probe: 100ms", "")) {
      chat(gateway, "m");
      fake.chat = 500;
      fake.list = 500;
      IntStream.range(0, 6).forEach(i -> chat(gateway, "m"));
      long chats = fake.chats();
      eventually(() -> fake.asked.stream().filter(line -> line.startsWith("list")).count() > 2);
      assertThat(state(gateway)).isEqualTo("cooling");

      fake.list = 200;
      eventually(() -> state(gateway).equals("half_open"));
      assertThat(fake.chats()).isEqualTo(chats);
    }
  }

  private static HttpResponse<String> chat(TestGateway gateway, String model) {
    return gateway.post(
        "/v1/chat/completions",
        "{\"model\":\"" + model + "\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}");
  }

  private static JsonNode health(TestGateway gateway) {
    return Json.parse(gateway.get("/health").body());
  }

  private static JsonNode provider(JsonNode health) {
    return health.path("providers").path("fake");
  }

  private static String state(TestGateway gateway) {
    return provider(health(gateway)).path("state").asString();
  }

  private static String keyState(TestGateway gateway) {
    return provider(health(gateway)).path("keys").path(0).path("state").asString();
  }

  private static String metrics(TestGateway gateway) {
    return gateway.get("/metrics").body().replace("1.0", "1");
  }

  private static JsonNode check(TestGateway gateway, String provider) {
    return admin(gateway, "POST", "/admin/v1/providers/" + provider + "/check");
  }

  private static JsonNode admin(TestGateway gateway, String method, String path) {
    var reply = gateway.send(request(gateway, method, path));
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
    return Json.parse(reply.body());
  }

  private static HttpRequest request(TestGateway gateway, String method, String path) {
    return HttpRequest.newBuilder(gateway.url().resolve(path))
        .header("authorization", "Bearer admin-key")
        .method(method, HttpRequest.BodyPublishers.noBody())
        .build();
  }

  private static void eventually(BooleanSupplier holds) {
    Soon.until(holds);
  }
}
