package dev.lintel.identity;

import dev.lintel.Failure;
import java.net.InetAddress;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;

/**
 * Failed attempts by address, a minute at a time. Who has failed too often is told to wait; what is
 * right is never looked at here, so that good callers behind the same address are not harmed.
 */
public final class Strikes {
  private static final long MINUTE = Duration.ofMinutes(1).toNanos();
  private static final int MOST_ADDRESSES = 10_000;

  /** Counts those that find no room of their own together. */
  private static final Network OTHERS = new Network(0, 0);

  /** An address; of IPv6 the network that one customer has. */
  private record Network(int version, long bits) {
    static Network of(InetAddress address) {
      byte[] bytes = address.getAddress();
      long bits = 0;
      for (byte one : Arrays.copyOf(bytes, bytes.length == 4 ? 4 : 8)) {
        bits = bits << 8 | (one & 0xff);
      }
      return new Network(bytes.length, bits);
    }
  }

  private record Window(long from, Map<Network, AtomicInteger> counts) {}

  private final int most;
  private final LongSupplier clock;
  private volatile Window window;

  /**
   * @param most that an address may fail in a minute
   * @param clock counts nanoseconds
   */
  public Strikes(int most, LongSupplier clock) {
    this.most = most;
    this.clock = clock;
    this.window = new Window(clock.getAsLong(), new ConcurrentHashMap<>());
  }

  /**
   * Counts one more.
   *
   * @return what to answer where there were too many; empty while there were not
   */
  public Optional<Failure> strike(InetAddress address) {
    long now = clock.getAsLong();
    Window current = window;
    if (now - current.from >= MINUTE) {
      current = new Window(now, new ConcurrentHashMap<>());
      window = current;
    }
    Network network = Network.of(address);
    Map<Network, AtomicInteger> counts = current.counts;
    if (counts.size() >= MOST_ADDRESSES && !counts.containsKey(network)) {
      network = OTHERS;
    }
    int count = counts.computeIfAbsent(network, first -> new AtomicInteger()).incrementAndGet();
    if (count <= most) {
      return Optional.empty();
    }
    return Optional.of(
        Failure.of(
                Failure.Kind.RATE_LIMITED,
                "Too many keys that are not known have come from this address; wait before the next.")
            .retryAfter(Optional.of(Duration.ofNanos(current.from + MINUTE - now))));
  }
}
