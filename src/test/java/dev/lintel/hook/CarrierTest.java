package dev.lintel.hook;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.lintel.Json;
import dev.lintel.Notice;
import dev.lintel.SelfSigned;
import dev.lintel.Webhook;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Base64;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** What reaches chats and mail servers, in the forms that they document. */
class CarrierTest {
  private static final Notice ALERT =
      Notice.own(
          Notice.Kind.ALERT,
          Instant.parse("2026-11-22T07:00:00Z"),
          Json.object()
              .put("alert", "errors")
              .put("state", "firing")
              .put("summary", "errors: error rate 12 %, above 5 % (model=<b>&\nx)"));

  @TempDir private Path folder;
  private HttpServer receiver;
  private volatile String answer = "{\"errcode\":0,\"code\":0}";
  private volatile URI asked = URI.create("/");
  private volatile byte[] body = {};

  @BeforeEach
  void begin() throws IOException {
    receiver = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    receiver.createContext(
        "/",
        exchange -> {
          asked = exchange.getRequestURI();
          body = exchange.getRequestBody().readAllBytes();
          byte[] reply = answer.getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(200, reply.length);
          exchange.getResponseBody().write(reply);
          exchange.close();
        });
    receiver.start();
  }

  @AfterEach
  void end() {
    receiver.stop(0);
  }

  private Carrier.Tried bring(Webhook.Form form, Optional<String> secret) throws Exception {
    var url =
        URI.create(
            "http://127.0.0.1:" + receiver.getAddress().getPort() + "/robot?access_token=geheim");
    try (HttpClient http = HttpClient.newHttpClient()) {
      return new Posted(
              new Webhook(
                  Optional.empty(),
                  form,
                  url,
                  EnumSet.allOf(Notice.Kind.class),
                  secret,
                  Optional.empty()),
              http)
          .bring(ALERT);
    }
  }

  private JsonNode json() {
    return Json.parse(body);
  }

  private static String hmac(String key, String text) throws Exception {
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(key.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
    return Base64.getEncoder().encodeToString(mac.doFinal(text.getBytes(StandardCharsets.UTF_8)));
  }

  @Test
  void slack_gets_text_in_which_nothing_is_markup() throws Exception {
    assertThat(bring(Webhook.Form.SLACK, Optional.empty()).good()).isTrue();
    assertThat(json().path("text").asString())
        .startsWith("Lintel [firing] errors: error rate 12 %, above 5 % (model=&lt;b&gt;&amp; x)\n")
        .contains("alert: errors");
  }

  @Test
  void dingtalk_gets_its_sign_in_the_address() throws Exception {
    assertThat(bring(Webhook.Form.DINGTALK, Optional.of("SECabc")).good()).isTrue();
    assertThat(json().path("msgtype").asString()).isEqualTo("text");
    assertThat(json().at("/text/content").asString()).contains("(model=<b>& x)");
    var query = new java.util.HashMap<String, String>();
    for (String pair : asked.getRawQuery().split("&")) {
      int at = pair.indexOf('=');
      query.put(
          pair.substring(0, at), URLDecoder.decode(pair.substring(at + 1), StandardCharsets.UTF_8));
    }
    assertThat(query.get("access_token")).isEqualTo("geheim");
    assertThat(query.get("sign")).isEqualTo(hmac("SECabc", query.get("timestamp") + "\nSECabc"));
    assertThat(query.get("timestamp")).hasSize(13);
  }

  @Test
  void feishu_gets_its_sign_in_the_body() throws Exception {
    assertThat(bring(Webhook.Form.FEISHU, Optional.of("abc")).good()).isTrue();
    assertThat(json().path("msg_type").asString()).isEqualTo("text");
    assertThat(json().at("/content/text").asString()).contains("error rate 12 %");
    assertThat(json().path("timestamp").asString()).hasSize(10);
    assertThat(json().path("sign").asString())
        .isEqualTo(hmac(json().path("timestamp").asString() + "\nabc", ""));
  }

  @Test
  void wecom_gets_text_that_is_no_longer_than_it_takes() throws Exception {
    assertThat(bring(Webhook.Form.WECOM, Optional.empty()).good()).isTrue();
    assertThat(json().path("msgtype").asString()).isEqualTo("text");
    var data = Json.object();
    for (int i = 0; i < 99; i++) {
      data.put("k" + i, "名".repeat(999));
    }
    String whole = Told.of(Notice.own(Notice.Kind.BUDGET, Instant.EPOCH, data)).whole();
    assertThat(whole.getBytes(StandardCharsets.UTF_8).length).isLessThan(2048);
  }

  @Test
  void what_a_chat_refuses_in_a_200_is_not_delivered() throws Exception {
    answer = "{\"errcode\":310000,\"errmsg\":\"sign not match\"}";
    Carrier.Tried refused = bring(Webhook.Form.DINGTALK, Optional.empty());
    assertThat(refused.good()).isFalse();
    assertThat(refused.again()).isFalse();
    assertThat(refused.why()).isEqualTo("code 310000");
    answer = "{\"errcode\":45009,\"errmsg\":\"api freq out of limit\"}";
    assertThat(bring(Webhook.Form.WECOM, Optional.empty()).again()).isTrue();
    answer = "{\"code\":19021,\"msg\":\"sign match fail\"}";
    assertThat(bring(Webhook.Form.FEISHU, Optional.empty()).good()).isFalse();
    answer = "<html>";
    assertThat(bring(Webhook.Form.FEISHU, Optional.empty()).good()).isFalse();
  }

  private static Carrier.Tried letter(int port, Optional<String> user) {
    return new Letters(
            new Webhook(
                Optional.empty(),
                Webhook.Form.EMAIL,
                URI.create("smtp://127.0.0.1:" + port),
                EnumSet.allOf(Notice.Kind.class),
                Optional.of("pass-geheim"),
                Optional.of(
                    new Webhook.Mail(
                        user, "lintel@example.com", List.of("a@example.com", "b@example.com")))),
            new Webhook.Mail(user, "lintel@example.com", List.of("a@example.com", "b@example.com")))
        .bring(ALERT);
  }

  @Test
  void a_letter_is_taken_by_a_mail_server() throws Exception {
    try (var server = new FakeMail(null)) {
      assertThat(letter(server.port(), Optional.empty()).good()).isTrue();
      assertThat(server.lines)
          .contains("plain RCPT TO:<a@example.com>", "plain RCPT TO:<b@example.com>");
      assertThat(server.letters.getFirst())
          .contains("Auto-Submitted: auto-generated")
          .contains("From: lintel@example.com")
          .contains("[firing] errors: error rate 12 %, above 5 % (model=<b>& x)");
      server.answer = "452 full";
      assertThat(letter(server.port(), Optional.empty()).again()).isTrue();
      server.answer = "554 no";
      Carrier.Tried refused = letter(server.port(), Optional.empty());
      assertThat(refused.again()).isFalse();
      assertThat(refused.why()).isEqualTo("SMTP code 554");
    }
  }

  @Test
  void a_password_is_not_sent_in_the_clear() throws Exception {
    try (var server = new FakeMail(null)) {
      assertThat(letter(server.port(), Optional.of("me")).good()).isFalse();
      assertThat(server.lines).noneMatch(line -> line.contains("AUTH"));
    }
  }

  @Test
  void a_password_is_sent_once_the_server_has_proved_itself() throws Exception {
    var known = SelfSigned.made(folder.resolve("keys.p12"), "CN=127.0.0.1");
    SSLContext tls = known.trusted(known);
    try (var server = new FakeMail(tls)) {
      // This machine does not trust it.
      assertThat(letter(server.port(), Optional.of("me")).good()).isFalse();
      assertThat(server.lines).contains("plain STARTTLS").noneMatch(l -> l.contains("AUTH"));

      Webhook.Mail mail =
          new Webhook.Mail(Optional.of("me"), "lintel@example.com", List.of("a@example.com"));
      var hook =
          new Webhook(
              Optional.empty(),
              Webhook.Form.EMAIL,
              URI.create("smtp://127.0.0.1:" + server.port()),
              EnumSet.allOf(Notice.Kind.class),
              Optional.of("pass-geheim"),
              Optional.of(mail));
      Carrier.Tried tried =
          new Letters(hook, mail, Optional.of(tls.getSocketFactory())).bring(ALERT);
      assertThat(tried.good()).as(tried.why()).isTrue();
      assertThat(server.lines)
          .anyMatch(line -> line.startsWith("safe AUTH"))
          .noneMatch(line -> line.startsWith("plain AUTH"));
      assertThat(server.letters).hasSize(1);
    }
  }
}
