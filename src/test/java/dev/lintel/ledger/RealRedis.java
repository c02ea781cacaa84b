package dev.lintel.ledger;

import dev.lintel.HeldPort;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.concurrent.atomic.AtomicInteger;
import redis.embedded.RedisServer;

/**
 * A real Redis of this machine: one for all tests of this process, or one of a test's own that can
 * be stopped and started again on its port, empty.
 */
public final class RealRedis implements AutoCloseable {
  private static final AtomicInteger TAGS = new AtomicInteger();

  private final HeldPort port = new HeldPort();
  private RedisServer server;

  private RealRedis() {
    start();
  }

  private static final class Shared {
    private static final RealRedis REDIS = new RealRedis();

    static {
      Runtime.getRuntime().addShutdownHook(new Thread(REDIS::close));
    }
  }

  /** For every test that does not stop it. */
  public static RealRedis shared() {
    return Shared.REDIS;
  }

  /** For a test that does; to be closed. */
  public static RealRedis own() {
    return new RealRedis();
  }

  /** What nobody else has used before their keys. */
  public static String tag() {
    return "test-" + TAGS.incrementAndGet();
  }

  public int port() {
    return port.number();
  }

  public String url() {
    return "redis://127.0.0.1:" + port();
  }

  /** On the same port as ever, with nothing in it. */
  public void start() {
    try {
      server =
          RedisServer.newRedisServer()
              .port(port())
              .setting("save \"\"")
              .setting("appendonly no")
              .build();
      server.start();
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  public void stop() {
    try {
      server.stop();
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  @Override
  public void close() {
    if (server.isActive()) {
      stop();
    }
    port.close();
  }
}
