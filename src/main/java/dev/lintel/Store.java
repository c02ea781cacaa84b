package dev.lintel;

import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.function.UnaryOperator;

/**
 * What outlasts the process, in small roles. Its methods may be called on any thread: on a call's
 * they wait without holding the carrier. Where the store cannot be had they throw {@link Failure}
 * {@code UNAVAILABLE}.
 */
public interface Store extends AutoCloseable {
  /** Whether the store can be had. */
  enum Presence {
    /** Nobody knows yet. */
    OPENING,
    OPEN,
    /** It is looked for, and opens by itself when it comes. */
    AWAY,
    /** It is there, but not for this version of the gateway. */
    REFUSED;

    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * @param why in a sentence; empty where it is open
   */
  record State(Presence presence, Instant since, String why) {}

  Replays replays();

  StoredFiles files();

  Batches batches();

  Records records();

  Findings findings();

  Costs costs();

  Opinions opinions();

  Forgetting forgetting();

  Payloads payloads();

  Spending spending();

  Feed feed();

  /** Does not wait. */
  State state();

  CallerKeys callerKeys();

  /**
   * What all nodes of this store have agreed upon under that name: what the first of them proposed.
   * Durable when it returns.
   */
  byte[] agreed(String name, byte[] proposal);

  /**
   * Whether nobody has said so of that name within that time; from now on somebody has. Durable
   * when it returns.
   */
  boolean first(String name, Instant now, Duration within);

  Changes changes();

  Acts acts();

  AuditTrail audit();

  Approvals approvals();

  KeptSecrets secrets();

  /**
   * Puts all sealed text that is kept anywhere here under another key.
   *
   * @param renewed of one text; itself where nothing is to be done
   * @return how many were changed
   */
  long renew(UnaryOperator<String> renewed);

  /** Returns once the store has been opened and answers; throws {@link Failure} where it is not. */
  void check();

  /** What was accepted is written before it closes. */
  @Override
  void close();
}
