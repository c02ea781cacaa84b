package dev.lintel.store;

import dev.lintel.Store.Presence;
import dev.lintel.Store.State;
import java.time.Duration;
import java.time.Instant;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Whether a database can be had; says so in the log at each change. */
final class Watch {
  private static final Logger LOG = LoggerFactory.getLogger(Watch.class);

  private final String name;
  private State state = new State(Presence.OPENING, Instant.now(), "");

  /**
   * @param name of the database
   */
  Watch(String name) {
    this.name = name;
  }

  synchronized State state() {
    return state;
  }

  synchronized void opened() {
    State before = state;
    if (change(Presence.OPEN, "")) {
      if (before.presence() == Presence.OPENING) {
        LOG.info("the store {} is open", name);
      } else {
        LOG.warn(
            "the store {} is open, after {} s",
            name,
            Duration.between(before.since(), state.since()).toSeconds());
      }
    }
  }

  synchronized void away(Throwable failed) {
    if (change(Presence.AWAY, String.valueOf(failed.getMessage()))) {
      LOG.error("the store {} cannot be used: {}", name, failed.getMessage());
    }
  }

  synchronized void refused(IllegalStateException why) {
    if (change(Presence.REFUSED, String.valueOf(why.getMessage()))) {
      LOG.error("the store {} is refused: {}", name, why.getMessage());
    }
  }

  private boolean change(Presence to, String why) {
    if (state.presence() == to) {
      return false;
    }
    state = new State(to, Instant.now(), why);
    notifyAll();
    return true;
  }

  /** How things are, once somebody knows. */
  synchronized State decided() throws InterruptedException {
    while (state.presence() == Presence.OPENING) {
      wait();
    }
    return state;
  }

  /** Returns after that time, at a change, or when somebody calls {@link #wake}. */
  synchronized void rest(Duration most) throws InterruptedException {
    wait(most.toMillis());
  }

  synchronized void wake() {
    notifyAll();
  }
}
