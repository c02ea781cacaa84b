package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.SelfSigned;
import java.io.OutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** HTTP/1.1 and HTTP/2, in the clear and over TLS, on both sides. */
@Tag("threads")
class TransportScenario {
  @TempDir static Path folder;

  private static SelfSigned own;

  @BeforeAll
  static void certify() throws Exception {
    own = SelfSigned.made(folder.resolve("store.p12"), "CN=localhost");
    Files.writeString(folder.resolve("cert.pem"), own.certificate());
    Files.writeString(folder.resolve("key.pem"), own.key());
  }

  @ParameterizedTest(name = "client {0}, HTTP/2 to the provider {1}, streamed {2}")
  @CsvSource({
    "HTTP_1_1, false, false",
    "HTTP_2, true, false",
    "HTTP_2, true, true",
    "HTTP_1_1, true, true",
    "HTTP_2, false, true"
  })
  void calls_pass_over_tls(HttpClient.Version version, boolean http2, boolean stream)
      throws Exception {
    // The gateway that listens with TLS is itself the provider of the one in front of it.
    try (var inner =
            gateway(tls() + "providers:\n  demo: { kind: sim }\nmodels:\n  m: demo/small\n");
        var outer =
            gateway(
                tls()
                    + """
                    providers:
                      inner: { kind: openai, url: "https://localhost:%d/v1", key: %s, http2: %s, tls: { ca: %s } }
                    models:
                      m: inner/m
                    """
                        .formatted(
                            inner.url().getPort(),
                            TestGateway.KEY,
                            http2,
                            folder.resolve("cert.pem")))) {
      try (HttpClient client =
          HttpClient.newBuilder().version(version).sslContext(own.trusted(null)).build()) {
        HttpResponse<String> reply =
            client.send(
                ask(URI.create("https://localhost:" + outer.url().getPort()), stream),
                HttpResponse.BodyHandlers.ofString());
        assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
        assertThat(reply.version()).isEqualTo(version);
        assertThat(reply.body()).contains("gates");
        if (stream) {
          assertThat(reply.body()).endsWith("data: [DONE]\n\n");
        }
      }
    }
  }

  @Test
  void a_provider_whose_certificate_is_not_trusted_is_not_asked() throws Exception {
    try (var inner =
            gateway(tls() + "providers:\n  demo: { kind: sim }\nmodels:\n  m: demo/small\n");
        var outer =
            gateway(
                "providers:\n  inner: { kind: openai, url: 'https://localhost:"
                    + inner.url().getPort()
                    + "/v1', key: k }\n"
                    + "models:\n  m: { targets: [ inner/m ], retry: { attempts: 1 } }\n")) {
      try (HttpClient client = HttpClient.newHttpClient()) {
        var reply = client.send(ask(outer.url(), false), HttpResponse.BodyHandlers.ofString());
        assertThat(reply.statusCode()).isEqualTo(502);
        assertThat(reply.body()).contains("upstream_unavailable");
      }
    }
  }

  @Test
  void a_stream_that_breaks_over_http_2_is_reset() throws Exception {
    try (var gateway =
            gateway(
                tls()
                    + "providers:\n  demo: { kind: sim, fault: reset_mid_stream }\nmodels:\n  m: demo/small\n");
        HttpClient client = HttpClient.newBuilder().sslContext(own.trusted(null)).build()) {
      HttpRequest ask = ask(URI.create("https://localhost:" + gateway.url().getPort()), true);
      org.assertj.core.api.Assertions.assertThatThrownBy(
              () -> client.send(ask, HttpResponse.BodyHandlers.ofString()))
          .isInstanceOf(java.io.IOException.class);
    }
  }

  private static Lintel gateway(String yaml) {
    return new Lintel(
        TestGateway.source(yaml, java.util.Map.of()),
        key -> Optional.empty(),
        key -> false,
        OutputStream.nullOutputStream());
  }

  private static String tls() {
    return "tls: { certificate: "
        + folder.resolve("cert.pem")
        + ", key: "
        + folder.resolve("key.pem")
        + " }\n";
  }

  private static HttpRequest ask(URI url, boolean stream) {
    return HttpRequest.newBuilder(url.resolve("/v1/chat/completions"))
        .header("authorization", "Bearer " + TestGateway.KEY)
        .POST(
            HttpRequest.BodyPublishers.ofString(
                "{\"model\":\"m\",\"stream\":"
                    + stream
                    + ",\"messages\":[{\"role\":\"user\",\"content\":\"Tell me of gates\"}]}"))
        .build();
  }
}
