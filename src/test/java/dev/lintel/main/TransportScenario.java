package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.OutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.util.Base64;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** HTTP/1.1 and HTTP/2, in the clear and over TLS, on both sides. */
@Tag("threads")
class TransportScenario {
  private static final String PASSWORD = "changeit";

  @TempDir static Path folder;

  private static Certificate certificate;

  @BeforeAll
  static void certify() throws Exception {
    Path store = folder.resolve("store.p12");
    var keytool =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-alias",
                "x",
                "-keyalg",
                "EC",
                "-dname",
                "CN=localhost",
                "-validity",
                "2",
                "-ext",
                "san=dns:localhost,ip:127.0.0.1",
                "-keystore",
                store.toString(),
                "-storepass",
                PASSWORD)
            .redirectErrorStream(true)
            .start();
    String said = new String(keytool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(keytool.waitFor()).as(said).isZero();
    KeyStore keys = KeyStore.getInstance(store.toFile(), PASSWORD.toCharArray());
    certificate = keys.getCertificate("x");
    Files.writeString(folder.resolve("cert.pem"), pem("CERTIFICATE", certificate.getEncoded()));
    Files.writeString(
        folder.resolve("key.pem"),
        pem("PRIVATE KEY", keys.getKey("x", PASSWORD.toCharArray()).getEncoded()));
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
          HttpClient.newBuilder().version(version).sslContext(trusting()).build()) {
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
        HttpClient client = HttpClient.newBuilder().sslContext(trusting()).build()) {
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

  private static SSLContext trusting() throws Exception {
    KeyStore trust = KeyStore.getInstance(KeyStore.getDefaultType());
    trust.load(null, null);
    trust.setCertificateEntry("x", certificate);
    var factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init(trust);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, factory.getTrustManagers(), null);
    return context;
  }

  private static String pem(String kind, byte[] der) {
    return "-----BEGIN "
        + kind
        + "-----\n"
        + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der)
        + "\n-----END "
        + kind
        + "-----\n";
  }
}
