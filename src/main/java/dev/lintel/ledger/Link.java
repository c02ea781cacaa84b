package dev.lintel.ledger;

import io.lettuce.core.RedisChannelHandler;
import io.lettuce.core.RedisConnectionStateListener;
import io.lettuce.core.RedisNoScriptException;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.api.StatefulRedisConnection;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * One connection to a Redis on which the script of the counters is run. What is asked is done in
 * the order in which it was asked; once the connection is lost, so is what was not answered.
 */
final class Link implements AutoCloseable {
  private static final String SCRIPT = script();

  private final StatefulRedisConnection<String, String> connection;
  private final AtomicBoolean closed = new AtomicBoolean();
  private volatile String digest = "";

  Link(StatefulRedisConnection<String, String> connection) {
    this.connection = connection;
  }

  private static String script() {
    try (InputStream in = Link.class.getResourceAsStream("counters.lua")) {
      return new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException broken) {
      throw new UncheckedIOException(broken);
    }
  }

  /** To be called once before anything is run, and again where Redis has forgotten the script. */
  CompletableFuture<String> load() {
    return connection
        .async()
        .scriptLoad(SCRIPT)
        .toCompletableFuture()
        .thenApply(made -> digest = made);
  }

  /** Runs the script; does not wait. */
  CompletableFuture<List<String>> run(Words words) {
    return once(words)
        .exceptionallyCompose(failed ->
            failed instanceof RedisNoScriptException
                ? load().thenCompose(loaded -> once(words))
                : CompletableFuture.failedFuture(failed));
  }

  /**
   * The same, but fails with {@link RedisNoScriptException} where nothing was done because Redis
   * has forgotten the script: somebody may have been asked for something else meanwhile.
   */
  CompletableFuture<List<String>> once(Words words) {
    return connection
        .async()
        .<List<String>>evalsha(digest, ScriptOutputType.MULTI, words.keys(), words.arguments())
        .toCompletableFuture();
  }

  /** Tells whoever hears; does not wait, and may reach nobody. */
  void publish(String channel, String text) {
    var _ = connection.async().publish(channel, text);
  }

  boolean isOpen() {
    return connection.isOpen();
  }

  void onLoss(Runnable told) {
    connection.addListener(
        new RedisConnectionStateListener() {
          @Override
          public void onRedisConnected(RedisChannelHandler<?, ?> to, SocketAddress at) {}

          @Override
          public void onRedisDisconnected(RedisChannelHandler<?, ?> from) {
            told.run();
          }

          @Override
          public void onRedisExceptionCaught(RedisChannelHandler<?, ?> at, Throwable cause) {}
        });
    if (!connection.isOpen()) {
      told.run();
    }
  }

  /** Does not wait. */
  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      var _ = connection.closeAsync();
    }
  }
}
