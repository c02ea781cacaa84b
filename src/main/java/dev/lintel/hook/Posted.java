package dev.lintel.hook;

import dev.lintel.Json;
import dev.lintel.Notice;
import dev.lintel.Webhook;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** By HTTP, in our own form or in that of a chat. */
record Posted(Webhook hook, HttpClient http) implements Carrier {
  private static final long LONGEST_REPLY = 64 << 10;

  /** Chats say in the body of a 200 that there were too many, or that they are busy. */
  private static final Set<Integer> LATER = Set.of(-1, 130101, 130102, 45009, 45033, 11232, 11233);

  @Override
  public Tried bring(Notice notice) throws InterruptedException {
    CompletableFuture<HttpResponse<byte[]>> reply =
        http.sendAsync(
            request(notice, Instant.now()),
            HttpResponse.BodyHandlers.limiting(
                HttpResponse.BodyHandlers.ofByteArray(), LONGEST_REPLY));
    try {
      HttpResponse<byte[]> response = reply.get(Hook.PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
      int status = response.statusCode();
      boolean good = status / 100 == 2;
      boolean again = status >= 500 || status == 408 || status == 425 || status == 429;
      return good ? said(response.body()) : new Tried(false, again, "status " + status);
    } catch (ExecutionException failed) {
      return Tried.failed(failed.getCause() == null ? failed : failed.getCause());
    } catch (TimeoutException late) {
      return Tried.failed(late);
    } finally {
      reply.cancel(true);
    }
  }

  /** What a 2xx says in its body, where that counts. */
  private Tried said(byte[] body) {
    return switch (hook.form()) {
      case GENERIC, SLACK, EMAIL -> Tried.GOOD;
      case DINGTALK, WECOM -> code(body, "errcode");
      case FEISHU -> code(body, "code");
    };
  }

  private static Tried code(byte[] body, String member) {
    try {
      JsonNode said = Json.parse(body);
      int code = said.path(member).asInt(said.path("StatusCode").asInt(-1));
      return code == 0 ? Tried.GOOD : new Tried(false, LATER.contains(code), "code " + code);
    } catch (JacksonException other) {
      return new Tried(false, false, "an answer of another form");
    }
  }

  private HttpRequest request(Notice notice, Instant now) {
    byte[] body = Json.bytes(body(notice, now));
    var request =
        HttpRequest.newBuilder(address(now))
            .header("content-type", "application/json; charset=utf-8")
            .header("user-agent", "lintel")
            .POST(HttpRequest.BodyPublishers.ofByteArray(body));
    if (hook.form() == Webhook.Form.GENERIC) {
      request.header("x-lintel-event", notice.kind().word());
      request.header("x-lintel-delivery", notice.id());
      hook.secret()
          .ifPresent(
              secret -> request.header("x-lintel-signature", Signed.generic(secret, now, body)));
    }
    return request.build();
  }

  private URI address(Instant now) {
    if (hook.form() != Webhook.Form.DINGTALK || hook.secret().isEmpty()) {
      return hook.url();
    }
    String sign =
        URLEncoder.encode(Signed.dingTalk(hook.secret().get(), now), StandardCharsets.UTF_8);
    String url = hook.url().toString();
    return URI.create(
        url
            + (url.indexOf('?') < 0 ? "?" : "&")
            + "timestamp="
            + now.toEpochMilli()
            + "&sign="
            + sign);
  }

  private ObjectNode body(Notice notice, Instant now) {
    return switch (hook.form()) {
      case GENERIC, EMAIL ->
          Json.object()
              .put("id", notice.id())
              .put("event", notice.kind().word())
              .put("time", notice.at().toString())
              .set("data", notice.data());
      case SLACK -> Json.object().put("text", escaped(Told.of(notice).whole()));
      case DINGTALK, WECOM -> {
        ObjectNode body = Json.object().put("msgtype", "text");
        body.putObject("text").put("content", Told.of(notice).whole());
        yield body;
      }
      case FEISHU -> {
        ObjectNode body = Json.object();
        hook.secret()
            .ifPresent(secret ->
                body.put("timestamp", Long.toString(now.getEpochSecond()))
                    .put("sign", Signed.feishu(secret, now)));
        body.put("msg_type", "text");
        body.putObject("content").put("text", Told.of(notice).whole());
        yield body;
      }
    };
  }

  /** The three signs that Slack gives a meaning. */
  private static String escaped(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }
}
