package dev.lintel;

import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Changes that wait for a second admin, and what became of those that did; for all nodes. */
public interface Approvals {
  /** How one stands. */
  enum State {
    PENDING,
    APPROVED,
    REJECTED,
    EXPIRED;

    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * A change that somebody wants.
   *
   * @param id those of later ones are greater
   * @param by who wants it
   * @param why in a few words, such as {@code PATCH /admin/v1/policies/strict}
   * @param until nobody can agree to it then or later
   * @param order what is to be done, as text; may hold secrets, and is empty once nobody needs it
   * @param shown what would be different, as JSON without secrets
   */
  record Request(
      String id, Instant at, String by, String why, Instant until, String order, String shown) {
    @Override
    public String toString() {
      return "Request[" + id + " by " + by + "]";
    }
  }

  /**
   * What was said to it.
   *
   * @param by empty while nobody has
   * @param revision that it came to; 0 for none
   */
  record Decision(State state, Optional<String> by, Optional<Instant> at, long revision) {}

  /** One with what became of it. */
  record Known(Request request, Decision decision) {}

  /** Durable when it returns. Those whose time is over by then have expired. */
  void add(Request request);

  /**
   * @param now whether it has expired is told by that
   */
  Optional<Known> find(String id, Instant now);

  /** The newest first, before that id. */
  List<Known> list(String before, int limit, Optional<State> state, Instant now);

  /**
   * Somebody has decided. Durable when it returns.
   *
   * @param to approved or rejected
   * @return false where it does not wait for that any more
   */
  boolean decide(String id, State to, String by, Instant at);

  /** It waits again: what was approved could not be done. */
  void undecide(String id);

  /** What was approved is that revision; its order is forgotten. */
  void done(String id, long revision);
}
