package dev.lintel.ledger;

import dev.lintel.Account;
import dev.lintel.Counters.Charge;
import dev.lintel.Measure;
import dev.lintel.Span;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;

/**
 * Where and how an account is kept in Redis at a moment.
 *
 * @param id of the account
 * @param extent of the window, or the time until what was spent may be forgotten, in milliseconds;
 *     0 where it never may
 * @param period when that began for which it is; the beginning of 1970 where there is none
 * @param end when that ends; {@link Instant#MAX} where it does not
 */
record Place(String id, String key, Kind kind, long extent, Instant period, Instant end) {
  /** The words that the script knows. */
  enum Kind {
    /** Money or tokens of a period. */
    SPENT,
    /** Tokens within a window. */
    WINDOW,
    /** Requests within a window: they count when they are made, whatever becomes of them. */
    ONCE,
    /** Calls that are under way. */
    NOW;

    String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** A call may be settled after its period has ended. */
  private static final Duration LATE = Duration.ofDays(1);

  /** Longer than any period, for what is known of one by its beginning alone. */
  private static final Duration LONG = Duration.ofDays(40);

  static Place of(Redis redis, Account account, Instant now) {
    String id = account.id();
    return switch (account.allowance().span()) {
      case Span.Calendar calendar -> {
        Instant start = calendar.start(now);
        Instant end = calendar.end(now);
        long keep = Duration.between(now, end).plus(LATE).toMillis();
        yield new Place(id, key(redis, id, start), Kind.SPENT, keep, start, end);
      }
      case Span.Total total ->
          new Place(id, key(redis, id, Instant.EPOCH), Kind.SPENT, 0, Instant.EPOCH, Instant.MAX);
      case Span.Rolling rolling ->
          new Place(
              id,
              redis.named("a:" + id),
              account.allowance().measure() == Measure.REQUESTS ? Kind.ONCE : Kind.WINDOW,
              Math.max(1, rolling.length().toMillis()),
              Instant.EPOCH,
              Instant.MAX);
      case Span.Now present ->
          new Place(id, redis.named("a:" + id), Kind.NOW, 0, Instant.EPOCH, Instant.MAX);
    };
  }

  /** Where that is kept of which a charge tells. */
  static Place of(Redis redis, Charge charge) {
    boolean ever = charge.period().equals(Instant.EPOCH);
    return new Place(
        charge.account(),
        key(redis, charge.account(), charge.period()),
        Kind.SPENT,
        ever ? 0 : LONG.toMillis(),
        charge.period(),
        ever ? Instant.MAX : charge.period().plus(LONG));
  }

  private static String key(Redis redis, String id, Instant period) {
    return redis.named("a:" + id + "@" + period.getEpochSecond());
  }

  /** What of it has to outlast all who count. */
  Optional<Charge> charge(long used) {
    return kind == Kind.SPENT && used > 0
        ? Optional.of(new Charge(id, period, used))
        : Optional.empty();
  }

  boolean rolls() {
    return kind == Kind.WINDOW || kind == Kind.ONCE;
  }
}
