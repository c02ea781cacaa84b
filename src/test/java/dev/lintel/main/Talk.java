package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Json;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import tools.jackson.databind.JsonNode;

/** A client's side of a WebSocket. */
final class Talk implements WebSocket.Listener {
  private final BlockingQueue<String> heard = new LinkedBlockingQueue<>();
  private final CompletableFuture<Integer> closed = new CompletableFuture<>();
  private final StringBuilder message = new StringBuilder();
  private final WebSocket socket;

  /** Throws {@link java.util.concurrent.CompletionException} where the upgrade is refused. */
  Talk(URI gateway, String path, String key, String... protocols) {
    this(gateway, path, key, Map.of(), protocols);
  }

  Talk(URI gateway, String path, String key, Map<String, String> headers, String... protocols) {
    var builder = HttpClient.newHttpClient().newWebSocketBuilder();
    headers.forEach(builder::header);
    if (!key.isEmpty()) {
      builder.header("authorization", "Bearer " + key);
    }
    if (protocols.length > 0) {
      builder.subprotocols(protocols[0], protocols[1]);
    }
    String url = gateway.toString().replace("http://", "ws://") + path;
    socket = builder.buildAsync(URI.create(url), this).join();
  }

  @Override
  public CompletionStage<?> onText(WebSocket from, CharSequence data, boolean last) {
    message.append(data);
    if (last) {
      heard.add(message.toString());
      message.setLength(0);
    }
    from.request(1);
    return null;
  }

  @Override
  public CompletionStage<?> onClose(WebSocket from, int code, String reason) {
    closed.complete(code);
    return null;
  }

  JsonNode next() throws InterruptedException {
    String text = heard.poll(10, TimeUnit.SECONDS);
    assertThat(text).as("a message within ten seconds").isNotNull();
    return Json.parse(text);
  }

  void say(String text) {
    socket.sendText(text, true).join();
  }

  /** The code with which the other side has closed, or will within ten seconds. */
  int closed() throws Exception {
    return closed.get(10, TimeUnit.SECONDS);
  }

  void vanish() {
    socket.abort();
  }

  void leave() throws Exception {
    socket.sendClose(WebSocket.NORMAL_CLOSURE, "").join();
    assertThat(closed()).isEqualTo(1000);
  }
}
