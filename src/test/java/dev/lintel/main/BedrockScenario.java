package dev.lintel.main;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.AwsEvent;
import dev.lintel.Bytes;
import dev.lintel.Frame;
import dev.lintel.Json;
import dev.lintel.upstream.AwsFraming;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.http.RequestOptions;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * AWS's SDKs move by their endpoint: Converse in front of every provider, and behind every client.
 */
class BedrockScenario {
  private static final String ASK =
      "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"What is a lintel?\"}]}]}";

  private static final String SIMS =
      """
      providers:
        aws: { kind: sim, dialect: bedrock }
        openai: { kind: sim, dialect: openai }
        claude: { kind: sim, dialect: anthropic }
        gemini: { kind: sim, dialect: gemini }
      models:
        m: aws/small
      """;

  private static HttpResponse<byte[]> ask(TestGateway gateway, String path, String body) {
    try (var http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()) {
      return http.send(
          gateway.request(path).POST(HttpRequest.BodyPublishers.ofString(body)).build(),
          HttpResponse.BodyHandlers.ofByteArray());
    } catch (Exception failed) {
      throw new AssertionError(failed);
    }
  }

  private static List<Frame> frames(byte[] bytes) {
    var framing = new AwsFraming("bedrock");
    var frames = new ArrayList<Frame>();
    framing.put(bytes);
    framing.end();
    for (Frame frame = framing.next(); frame != null; frame = framing.next()) {
      frames.add(frame);
    }
    return frames;
  }

  private static String text(List<Frame> frames) {
    var text = new StringBuilder();
    for (Frame frame : frames) {
      text.append(Json.parse(frame.text()).path("delta").path("text").asString(""));
    }
    return text.toString();
  }

  @ParameterizedTest
  @ValueSource(strings = {"aws", "openai", "claude", "gemini"})
  void a_client_gets_one_answer_whole_and_streamed_whoever_provides_it(String provider) {
    try (var gateway = TestGateway.of(SIMS)) {
      String path = "/model/" + provider + "%2Fsmall%2Btokens=20/";
      var whole = ask(gateway, path + "converse", ASK);
      assertThat(whole.statusCode()).as(new String(whole.body(), UTF_8)).isEqualTo(200);
      JsonNode reply = Json.parse(new String(whole.body(), UTF_8));
      String said = reply.at("/output/message/content/0/text").asString();
      assertThat(said).contains("What is a lintel?");
      assertThat(reply.path("stopReason").asString()).isEqualTo("end_turn");
      assertThat(reply.at("/usage/outputTokens").asLong()).isEqualTo(20);

      var stream = ask(gateway, path + "converse-stream", ASK);
      assertThat(stream.statusCode()).isEqualTo(200);
      assertThat(stream.headers().firstValue("content-type")).contains(AwsEvent.STREAM);
      List<Frame> frames = frames(stream.body());
      assertThat(text(frames)).isEqualTo(said);
      assertThat(frames).extracting(Frame::event).startsWith("messageStart");
      assertThat(frames).extracting(Frame::event).endsWith("messageStop", "metadata");
      assertThat(Json.parse(frames.getLast().text()).at("/usage/outputTokens").asLong())
          .isEqualTo(20);
    }
  }

  @Test
  void other_clients_get_what_bedrock_says() {
    try (var gateway = TestGateway.of(SIMS)) {
      var whole =
          gateway.post(
              "/v1/chat/completions",
              "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}");
      assertThat(whole.statusCode()).as(whole.body()).isEqualTo(200);
      assertThat(whole.headers().firstValue("x-lintel-target")).contains("aws/small");
      var stream =
          gateway.post(
              "/v1/messages",
              "{\"model\":\"m\",\"max_tokens\":99,\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}");
      assertThat(stream.body()).contains("event: message_stop", "input_tokens");
    }
  }

  /** A tool loop in which the simulated vendor checks what it signed. */
  @ParameterizedTest
  @ValueSource(strings = {"aws", "claude", "gemini"})
  void signatures_survive_a_tool_loop(String provider) {
    try (var gateway = TestGateway.of(SIMS)) {
      String path = "/model/" + provider + "%2Fsmall/converse";
      var ask = (ObjectNode) Json.parse(ASK);
      ask.set(
          "toolConfig",
          Json.parse(
              "{\"tools\":[{\"toolSpec\":{\"name\":\"get_lintel\",\"inputSchema\":{\"json\":{\"type\":\"object\"}}}}]}"));
      ask.set(
          "additionalModelRequestFields",
          Json.parse("{\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":2000}}"));
      ask.putObject("inferenceConfig").put("maxTokens", 4000);
      var first = ask(gateway, path, Json.text(ask));
      JsonNode message = Json.parse(new String(first.body(), UTF_8)).path("output").path("message");
      int signed = provider.equals("gemini") ? 1 : 0;
      assertThat(Json.text(message.path("content").path(signed))).hasSizeGreaterThan(600);
      String id = message.path("content").path(signed + 1).at("/toolUse/toolUseId").asString();
      assertThat(id).matches("[a-zA-Z0-9_-]{1,64}");
      ask.withArray("messages").add(message);
      ask.withArray("messages")
          .addObject()
          .put("role", "user")
          .putArray("content")
          .addObject()
          .putObject("toolResult")
          .put("toolUseId", id)
          .putArray("content")
          .addObject()
          .put("text", "a beam");
      var second = ask(gateway, path, Json.text(ask));
      assertThat(new String(second.body(), UTF_8)).contains("a beam");
    }
  }

  @Test
  void errors_are_exceptions_that_aws_sdks_know() {
    try (var gateway = TestGateway.of(SIMS)) {
      var missing = ask(gateway, "/model/nobody/converse", ASK);
      assertThat(missing.statusCode()).isEqualTo(404);
      assertThat(missing.headers().firstValue("x-amzn-errortype"))
          .contains("ResourceNotFoundException");
      var invalid = ask(gateway, "/model/m/converse", "{\"messages\":7}");
      assertThat(invalid.statusCode()).isEqualTo(400);
      assertThat(invalid.headers().firstValue("x-amzn-errortype")).contains("ValidationException");
      JsonNode body = Json.parse(new String(invalid.body(), UTF_8));
      assertThat(body.path("message").asString()).contains("'messages'");
      assertThat(body.at("/lintel/request_id").asString())
          .isEqualTo(invalid.headers().firstValue("x-lintel-request-id").orElseThrow());
      for (String provider : List.of("aws", "openai")) {
        var limited =
            ask(
                gateway,
                "/model/" + provider + "%2Fsmall+fault=429_ms+retry_after=1ms/converse-stream",
                ASK);
        assertThat(limited.statusCode()).isEqualTo(429);
        assertThat(limited.headers().firstValue("x-amzn-errortype"))
            .contains("ThrottlingException");
      }
      var unknown = ask(gateway, "/model/m/invoke", "{}");
      assertThat(unknown.statusCode()).isEqualTo(404);
      assertThat(unknown.headers().firstValue("x-amzn-errortype")).isPresent();
    }
  }

  @Test
  void a_wrong_key_is_access_denied() throws Exception {
    try (var gateway = TestGateway.of(SIMS);
        var http = HttpClient.newHttpClient()) {
      var refused =
          http.send(
              HttpRequest.newBuilder(URI.create(gateway.url() + "/model/m/converse"))
                  .header("authorization", "Bearer wrong")
                  .POST(HttpRequest.BodyPublishers.ofString(ASK))
                  .build(),
              HttpResponse.BodyHandlers.ofString());
      assertThat(refused.statusCode()).isEqualTo(403);
      assertThat(refused.headers().firstValue("x-amzn-errortype"))
          .contains("AccessDeniedException");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"reset_mid_stream", "no_terminal", "error_mid_stream", "malformed_event"})
  void a_stream_that_breaks_ends_with_an_exception_and_no_stop(String fault) {
    try (var gateway = TestGateway.of(SIMS)) {
      for (String provider : List.of("aws", "claude")) {
        TestGateway.Raw reply =
            gateway.raw("/model/" + provider + "%2Fsmall+fault=" + fault + "/converse-stream", ASK);
        assertThat(reply.status()).as(reply.body()).isEqualTo(200);
        assertThat(reply.complete()).as(provider + " " + fault).isFalse();
        assertThat(reply.body()).contains("exception", "lintel").doesNotContain("messageStop");
      }
    }
  }

  /** As AWS's SDK for JavaScript speaks: HTTP/2 with prior knowledge. */
  @Test
  void a_stream_goes_over_http2_without_an_upgrade() throws Exception {
    Vertx vertx = Vertx.vertx();
    try (var gateway = TestGateway.of(SIMS)) {
      var client =
          vertx.createHttpClient(
              new HttpClientOptions()
                  .setProtocolVersion(HttpVersion.HTTP_2)
                  .setHttp2ClearTextUpgrade(false));
      var options =
          new RequestOptions()
              .setMethod(HttpMethod.POST)
              .setHost(gateway.url().getHost())
              .setPort(gateway.url().getPort())
              .setURI("/model/m/converse-stream")
              .putHeader("authorization", "Bearer " + TestGateway.KEY)
              .putHeader("content-type", "application/json");
      var versions = new ArrayList<HttpVersion>();
      byte[] bytes =
          client
              .request(options)
              .compose(request -> request.send(ASK))
              .compose(response -> {
                versions.add(response.version());
                return response.body();
              })
              .toCompletionStage()
              .toCompletableFuture()
              .get(20, TimeUnit.SECONDS)
              .getBytes();
      assertThat(versions).containsExactly(HttpVersion.HTTP_2);
      assertThat(frames(bytes)).extracting(Frame::event).endsWith("messageStop", "metadata");
    } finally {
      vertx.close().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
    }
  }

  @Test
  void an_exception_before_the_first_content_fails_over() throws Exception {
    var out = new Bytes(256);
    AwsEvent.named("messageStart").write("{\"role\":\"assistant\"}".getBytes(UTF_8), out);
    AwsEvent.exception("throttlingException").write("{\"message\":\"Full.\"}".getBytes(UTF_8), out);
    byte[] body = out.take();
    try (var provider =
            new RawProvider(visit -> {
              while (visit.read()) {
                visit.write(
                    "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.amazon.eventstream\r\nContent-Length: "
                        + body.length
                        + "\r\n\r\n");
                visit.write(body);
              }
            });
        var gateway =
            TestGateway.of(
                """
                providers:
                  raw: { kind: bedrock, url: "http://127.0.0.1:%d", key: none }
                  aws: { kind: sim, dialect: bedrock }
                models:
                  m: { targets: [ raw/x, aws/small ], retry: { attempts: 2 } }
                """
                    .formatted(provider.port()))) {
      var reply = ask(gateway, "/model/m/converse-stream", ASK);
      assertThat(reply.statusCode()).as(new String(reply.body(), UTF_8)).isEqualTo(200);
      assertThat(reply.headers().firstValue("x-lintel-target")).contains("aws/small");
      assertThat(reply.headers().firstValue("x-lintel-attempts")).contains("2");
      assertThat(provider.heads().getFirst()).contains("post /model/x/converse-stream ");
    }
  }
}
