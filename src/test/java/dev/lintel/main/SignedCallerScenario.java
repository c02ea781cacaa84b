package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.AwsSigner;
import dev.lintel.Json;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpVersion;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Callers who sign as AWS's SDKs do, with pairs that Lintel gave them. */
class SignedCallerScenario {
  private static final String BODY =
      "{\"model\":\"demo/small\",\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]}";
  private static final String PATH = "/v1/chat/completions";

  private static TestGateway gateway;

  @BeforeAll
  static void start() {
    gateway =
        TestGateway.of(
            "providers: { demo: { kind: sim } }\n"
                + "tenants: { t: { apps: { a: { aws_keys: [ { id: AKIDONE, secret: s/1+x }, { id: AKIDTWO, secret: s2 } ] }, b: { keys: [ sk-test-0001 ], models: [] } } } }\n");
  }

  @AfterAll
  static void stop() {
    gateway.close();
  }

  private static AwsSigner signer(String id, String secret) {
    return new AwsSigner(id, secret, "", "ap-southeast-2", "bedrock", Instant.now());
  }

  private static Map<String, String> signed(AwsSigner signer, String path, String body) {
    return signer.headers(
        "POST",
        "http",
        gateway.url().getHost(),
        gateway.url().getPort(),
        path,
        Map.of("content-type", "application/json"),
        body.getBytes(StandardCharsets.UTF_8));
  }

  private static HttpResponse<String> send(Map<String, String> headers, String path, String body) {
    var request =
        HttpRequest.newBuilder(URI.create(gateway.url() + path)).timeout(Duration.ofSeconds(20));
    headers.forEach((name, value) -> {
      if (!Set.of("host", "content-length").contains(name.toLowerCase(java.util.Locale.ROOT))) {
        request.header(name, value);
      }
    });
    return gateway.send(request.POST(BodyPublishers.ofString(body)).build());
  }

  private static void refused(HttpResponse<String> answer, String why) {
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(403);
    var error = Json.parse(answer.body()).path("error");
    assertThat(error.path("lintel").path("kind").asString()).isEqualTo("authentication");
    assertThat(error.path("message").asString()).contains(why);
  }

  @Test
  void a_right_signature_is_a_key() {
    assertThat(send(signed(signer("AKIDONE", "s/1+x"), PATH, BODY), PATH, BODY).statusCode())
        .isEqualTo(200);
    assertThat(send(signed(signer("AKIDTWO", "s2"), PATH, BODY), PATH, BODY).statusCode())
        .isEqualTo(200);
  }

  @Test
  void odd_paths_and_queries_are_verified_as_they_were_sent() {
    for (String path :
        new String[] {
          "/openai/deployments/demo%2Fsmall/chat/completions?api-version=2024-10-21",
          "/openai/deployments/demo%2Fa%20b%3Ac(d)~e/chat/completions?b=2&a=%2F1&a=0&empty="
        }) {
      assertThat(send(signed(signer("AKIDONE", "s/1+x"), path, BODY), path, BODY).statusCode())
          .as(path)
          .isEqualTo(200);
    }
  }

  @Test
  void a_converse_call_is_signed_over_its_encoded_model_and_refused_in_bedrock_s_words() {
    String path = "/model/demo%2Fsmall%3A0/converse";
    String body = "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"Hello\"}]}]}";

    var answer = send(signed(signer("AKIDONE", "s/1+x"), path, body), path, body);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    assertThat(Json.parse(answer.body()).path("stopReason").asString()).isEqualTo("end_turn");

    var wrong = send(signed(signer("AKIDONE", "wrong"), path, body), path, body);
    assertThat(wrong.statusCode()).isEqualTo(403);
    assertThat(wrong.headers().firstValue("x-amzn-errortype")).contains("AccessDeniedException");
    assertThat(Json.parse(wrong.body()).path("message").asString()).contains("does not match");
  }

  @Test
  void a_session_token_and_more_signed_headers_do_not_matter() {
    var session =
        new AwsSigner("AKIDONE", "s/1+x", "any-token", "us-east-1", "bedrock", Instant.now());

    assertThat(send(signed(session, PATH, BODY), PATH, BODY).statusCode()).isEqualTo(200);
  }

  @Test
  void an_unsigned_payload_is_taken_where_it_says_so() {
    String uri = PATH;
    String time = dev.lintel.SigV4.time(Instant.now());
    var scope = new dev.lintel.SigV4.Scope(time.substring(0, 8), "us-east-1", "bedrock");
    var headers = new java.util.TreeMap<String, String>();
    headers.put("host", gateway.url().getAuthority());
    headers.put("x-amz-content-sha256", "UNSIGNED-PAYLOAD");
    headers.put("x-amz-date", time);
    var message = new dev.lintel.SigV4.Message("POST", uri, headers, "UNSIGNED-PAYLOAD");
    String signature =
        dev.lintel.SigV4.signature(dev.lintel.SigV4.key("s2", scope), scope, time, message);
    var all = new HashMap<>(headers);
    all.put("authorization", dev.lintel.SigV4.authorization("AKIDTWO", scope, message, signature));

    assertThat(send(all, PATH, BODY).statusCode()).isEqualTo(200);
  }

  @Test
  void what_is_not_right_is_refused_with_403() {
    refused(
        send(signed(signer("AKIDONE", "wrong"), PATH, BODY), PATH, BODY),
        "signature does not match");
    refused(
        send(signed(signer("AKIDNONE", "s2"), PATH, BODY), PATH, BODY), "access key is not known");
    refused(
        send(signed(signer("AKIDONE", "s/1+x"), PATH, BODY), PATH, BODY.replace("Hello", "Other")),
        "body is not the one");
    refused(
        send(signed(signer("AKIDONE", "s/1+x"), PATH, BODY), "/chat/completions", BODY),
        "signature does not match");
    for (long seconds : new long[] {-960, 960}) {
      var late =
          new AwsSigner(
              "AKIDONE", "s/1+x", "", "us-east-1", "bedrock", Instant.now().plusSeconds(seconds));
      refused(send(signed(late, PATH, BODY), PATH, BODY), "15 minutes");
    }
    var other = new AwsSigner("AKIDONE", "s/1+x", "", "us-east-1", "s3", Instant.now());
    refused(send(signed(other, PATH, BODY), PATH, BODY), "service 'bedrock'");
  }

  @Test
  void a_broken_authorization_is_refused_with_its_reason() {
    Map<String, String> right = signed(signer("AKIDONE", "s/1+x"), PATH, BODY);
    var undated = new HashMap<>(right);
    undated.keySet().removeIf("x-amz-date"::equalsIgnoreCase);
    refused(send(undated, PATH, BODY), "x-amz-date is missing");
    var streaming = new HashMap<>(right);
    streaming.keySet().removeIf("x-amz-content-sha256"::equalsIgnoreCase);
    streaming.put("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD");
    refused(send(streaming, PATH, BODY), "piece by piece");
    for (String text :
        new String[] {
          "AWS4-HMAC-SHA256 ",
          "AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=x",
          "AWS4-ECDSA-P256-SHA256 Credential=AKIDONE/20261121/bedrock/aws4_request, SignedHeaders=host, Signature=x"
        }) {
      var broken = new HashMap<>(right);
      broken.keySet().removeIf("authorization"::equalsIgnoreCase);
      broken.put("authorization", text);
      assertThat(send(broken, PATH, BODY).statusCode()).as(text).isEqualTo(403);
    }
  }

  @Test
  void over_http_2_the_authority_is_signed_as_the_javascript_sdk_signs_it() throws Exception {
    for (String host : new String[] {"host", ":authority"}) {
      String time = dev.lintel.SigV4.time(Instant.now());
      var scope = new dev.lintel.SigV4.Scope(time.substring(0, 8), "us-east-1", "bedrock");
      String hash = dev.lintel.SigV4.hash(BODY.getBytes(StandardCharsets.UTF_8));
      var headers = new java.util.TreeMap<String, String>();
      headers.put(host, gateway.url().getAuthority());
      headers.put("x-amz-content-sha256", hash);
      headers.put("x-amz-date", time);
      var message = new dev.lintel.SigV4.Message("POST", PATH, headers, hash);
      String authorization =
          dev.lintel.SigV4.authorization(
              "AKIDONE",
              scope,
              message,
              dev.lintel.SigV4.signature(
                  dev.lintel.SigV4.key("s/1+x", scope), scope, time, message));
      var vertx = Vertx.vertx();
      try {
        var client =
            vertx.createHttpClient(
                new HttpClientOptions()
                    .setProtocolVersion(HttpVersion.HTTP_2)
                    .setHttp2ClearTextUpgrade(false));
        int status =
            client
                .request(HttpMethod.POST, gateway.url().getPort(), gateway.url().getHost(), PATH)
                .compose(request -> {
                  request.putHeader("content-type", "application/json");
                  request.putHeader("x-amz-date", time);
                  request.putHeader("x-amz-content-sha256", hash);
                  request.putHeader("authorization", authorization);
                  return request.send(Buffer.buffer(BODY));
                })
                .map(response -> response.statusCode())
                .toCompletionStage()
                .toCompletableFuture()
                .get(20, TimeUnit.SECONDS);
        assertThat(status).as(host).isEqualTo(200);
      } finally {
        vertx.close().toCompletionStage().toCompletableFuture().get(20, TimeUnit.SECONDS);
      }
    }
  }
}
