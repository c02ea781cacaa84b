package dev.lintel.ledger;

import dev.lintel.Counters;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;

class RedisCountersTest implements CountersContract {
  private static final Instant BEGIN = Instant.parse("2026-11-21T12:00:00Z");

  private final List<Nodes> all = new ArrayList<>();
  private volatile Duration passed = Duration.ZERO;

  @Override
  public Counters counters(Counters.Watcher watcher) {
    var nodes = new Nodes(RealRedis.shared().url(), () -> passed, watcher);
    all.add(nodes);
    return nodes.start();
  }

  @Override
  public void pass(Duration time) {
    passed = passed.plus(time);
  }

  @Override
  public Instant now() {
    return BEGIN.plus(passed);
  }

  @Override
  public void settled() {
    all.forEach(Nodes::settled);
  }

  @AfterEach
  void close() {
    all.forEach(Nodes::close);
  }
}
