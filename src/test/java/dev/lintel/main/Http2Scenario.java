package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Json;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A provider over HTTP/2 that refuses, resets and goes away. */
@Tag("threads")
class Http2Scenario {
  private static final WireScenario.Speech SPEECH = WireScenario.Speech.OPENAI;

  private final Vertx vertx = Vertx.vertx();
  private final AtomicInteger asked = new AtomicInteger();

  private interface Script {
    void serve(int number, HttpServerRequest request);
  }

  @AfterEach
  void stop() throws Exception {
    vertx.close().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
  }

  private TestGateway gateway(Script script) throws Exception {
    HttpServer server =
        vertx
            .createHttpServer()
            .requestHandler(request ->
                request.body().onSuccess(body -> script.serve(asked.incrementAndGet(), request)))
            .listen(0, "127.0.0.1")
            .toCompletionStage()
            .toCompletableFuture()
            .get(10, TimeUnit.SECONDS);
    return TestGateway.of(yaml(server.actualPort()));
  }

  private static String yaml(int port) {
    return """
    providers:
      raw: { kind: openai, url: "http://127.0.0.1:%d/v1", key: none, http2: true }
    models:
      m: { targets: [ raw/x ], retry: { attempts: 1 } }
    """
        .formatted(port);
  }

  private static void answer(HttpServerRequest request, boolean stream) {
    request
        .response()
        .putHeader("content-type", stream ? "text/event-stream" : "application/json")
        .end(stream ? SPEECH.events() : SPEECH.whole);
  }

  @Test
  void an_upload_passes_over_http2_on_both_sides() throws Exception {
    var length = new AtomicInteger();
    byte[] form =
        new Multiparts()
            .field("model", "m")
            .file("file", "a.mp3", "audio/mpeg", new byte[20 << 20])
            .end();
    HttpServer server =
        vertx
            .createHttpServer()
            .requestHandler(request ->
                request
                    .body()
                    .onSuccess(body -> {
                      length.set(body.length());
                      request
                          .response()
                          .putHeader("content-type", "application/json")
                          .end("{\"text\":\"heard\"}");
                    }))
            .listen(0, "127.0.0.1")
            .toCompletionStage()
            .toCompletableFuture()
            .get(10, TimeUnit.SECONDS);
    try (var gateway = TestGateway.of(yaml(server.actualPort()))) {
      var client =
          vertx.createHttpClient(
              new HttpClientOptions()
                  .setProtocolVersion(HttpVersion.HTTP_2)
                  .setHttp2ClearTextUpgrade(false));
      String reply =
          client
              .request(
                  HttpMethod.POST, gateway.url().getPort(), "127.0.0.1", "/v1/audio/transcriptions")
              .compose(request ->
                  request
                      .putHeader("authorization", "Bearer " + TestGateway.KEY)
                      .putHeader("content-type", Multiparts.TYPE)
                      .send(Buffer.buffer(form)))
              .compose(HttpClientResponse::body)
              .map(Buffer::toString)
              .toCompletionStage()
              .toCompletableFuture()
              .get(20, TimeUnit.SECONDS);
      assertThat(reply).isEqualTo("{\"text\":\"heard\"}");
      assertThat(length).hasValue(form.length);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void a_stream_that_the_provider_refused_is_asked_again_at_no_cost(boolean stream)
      throws Exception {
    try (var gateway =
        gateway((number, request) -> {
          if (number == 1) {
            request.response().reset(0x7);
          } else {
            answer(request, stream);
          }
        })) {
      var reply = gateway.post(SPEECH.path(stream), SPEECH.body(stream));
      assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
      assertThat(reply.headers().firstValue("x-lintel-attempts")).contains("1");
      assertThat(asked).hasValue(2);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void a_stream_that_fails_at_the_provider_is_a_try(boolean stream) throws Exception {
    try (var gateway = gateway((number, request) -> request.response().reset(0x2))) {
      var reply = gateway.post(SPEECH.path(stream), SPEECH.body(stream));
      assertThat(reply.statusCode()).as(reply.body()).isEqualTo(502);
      assertThat(asked).hasValue(1);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void a_reset_or_a_close_in_the_middle_of_a_stream_ends_it_with_an_error(boolean close)
      throws Exception {
    try (var gateway =
        gateway((number, request) -> {
          var response = request.response().putHeader("content-type", "text/event-stream");
          response
              .write(SPEECH.opening + SPEECH.content)
              .onComplete(written ->
                  vertx.setTimer(
                      50,
                      later -> {
                        if (close) {
                          request.connection().close();
                        } else {
                          response.reset(0x8);
                        }
                      }));
        })) {
      TestGateway.Raw reply = gateway.raw(SPEECH.path(true), SPEECH.body(true));
      assertThat(reply.status()).isEqualTo(200);
      assertThat(reply.complete()).isFalse();
      assertThat(reply.body()).contains("gates", "upstream_unavailable").doesNotContain("[DONE]");
    }
  }

  @Test
  void a_whole_reply_that_is_reset_is_not_taken_for_complete() throws Exception {
    try (var gateway =
        gateway((number, request) -> {
          var response = request.response().putHeader("content-type", "application/json");
          response
              .write(SPEECH.whole)
              .onComplete(written -> vertx.setTimer(50, later -> response.reset(0x2)));
        })) {
      var reply = gateway.post(SPEECH.path(false), SPEECH.body(false));
      assertThat(reply.statusCode()).isEqualTo(502);
      assertThat(Json.parse(reply.body()).path("error").path("lintel").path("kind").asString())
          .isEqualTo("upstream_unavailable");
    }
  }

  @Test
  void a_provider_that_goes_away_ends_the_streams_it_has_and_is_asked_on_a_new_connection()
      throws Exception {
    try (var gateway =
        gateway((number, request) -> {
          if (number == 1) {
            var response = request.response().putHeader("content-type", "text/event-stream");
            response
                .write(SPEECH.opening + SPEECH.content)
                .onComplete(written -> {
                  request.connection().goAway(0);
                  vertx.setTimer(100, later -> response.end(SPEECH.ending));
                });
          } else {
            answer(request, true);
          }
        })) {
      for (int i = 0; i < 2; i++) {
        var reply = gateway.post(SPEECH.path(true), SPEECH.body(true));
        assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
        assertThat(reply.body()).contains("gates", "[DONE]");
      }
    }
  }
}
