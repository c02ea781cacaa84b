package dev.lintel.admin;

import java.nio.charset.StandardCharsets;
import java.security.InvalidKeyException;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Who has lately failed to log in, so that nobody can try keys one after the other. Counted by
 * address, and of all addresses together. A key that was good from an address stays good from
 * there: a stranger at the same address, or many at others, lock nobody out.
 */
public final class Attempts {
  static final int MOST_OF_ONE = 20;
  static final int MOST_OF_ALL = 500;

  private static final Duration WINDOW = Duration.ofMinutes(1);
  private static final int ADDRESSES = 10_000;
  private static final int PROVED = 1_000;

  /** The failures of one address within the window. */
  private static final class Failed {
    final ArrayDeque<Long> when = new ArrayDeque<>();
  }

  private final LongSupplier clock;
  private final SecretKeySpec secret;
  private final Map<String, Failed> byAddress = bounded(ADDRESSES);
  private final Map<String, Boolean> proved = bounded(PROVED);
  private final Failed all = new Failed();

  /**
   * @param clock counts nanoseconds
   */
  public Attempts(LongSupplier clock) {
    this.clock = clock;
    var random = new byte[32];
    new SecureRandom().nextBytes(random);
    this.secret = new SecretKeySpec(random, "HmacSHA256");
  }

  /** How long that key must wait before it is looked at; empty where it need not. */
  public Optional<Duration> wait(String address, String key) {
    String mark = mark(address, key);
    synchronized (this) {
      if (proved.containsKey(mark)) {
        return Optional.empty();
      }
      Failed own = byAddress.get(address);
      long now = clock.getAsLong();
      long ofOne = own == null ? 0 : wait(own, MOST_OF_ONE, now);
      long longest = Math.max(ofOne, wait(all, MOST_OF_ALL, now));
      return longest > 0 ? Optional.of(Duration.ofNanos(longest)) : Optional.empty();
    }
  }

  private static long wait(Failed failed, int most, long now) {
    sweep(failed, now);
    return failed.when.size() < most ? 0 : WINDOW.toNanos() - (now - failed.when.getFirst());
  }

  private static void sweep(Failed failed, long now) {
    while (!failed.when.isEmpty() && now - failed.when.getFirst() >= WINDOW.toNanos()) {
      failed.when.removeFirst();
    }
  }

  /**
   * That key was wrong.
   *
   * @return how often that address has failed within the last minute; at most as often as it may
   */
  public synchronized int failed(String address) {
    long now = clock.getAsLong();
    Failed own = byAddress.computeIfAbsent(address, unknown -> new Failed());
    note(all, MOST_OF_ALL, now);
    note(own, MOST_OF_ONE, now);
    return own.when.size();
  }

  private static void note(Failed failed, int most, long now) {
    sweep(failed, now);
    if (failed.when.size() == most) {
      failed.when.removeFirst();
    }
    failed.when.addLast(now);
  }

  /** That key was good. */
  public void good(String address, String key) {
    String mark = mark(address, key);
    synchronized (this) {
      proved.put(mark, true);
    }
  }

  /** Stands for a key at an address, of use to nobody else. */
  private String mark(String address, String key) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(secret);
      return HexFormat.of()
          .formatHex(mac.doFinal((address + '\0' + key).getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException | InvalidKeyException everyJdkHasIt) {
      throw new IllegalStateException(everyJdkHasIt);
    }
  }

  private static <V> Map<String, V> bounded(int most) {
    return new LinkedHashMap<>(16, 0.75f, true) {
      @Override
      protected boolean removeEldestEntry(Map.Entry<String, V> eldest) {
        return size() > most;
      }
    };
  }
}
