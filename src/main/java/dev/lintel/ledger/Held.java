package dev.lintel.ledger;

import dev.lintel.Counters.Charge;
import dev.lintel.Counters.Claim;
import dev.lintel.Counters.Grant;
import dev.lintel.Span;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a call holds: in Redis, and where that is away in this node's memory. */
final class Held implements Grant {
  private final Holdings among;
  final List<Claim> claims;
  final Place[] places;
  final long[] reserved;
  private final long[] left;
  private final Instant began;
  private final String taken;
  final @Nullable Grant local;

  /** The same in a share that began while it was under way, by its claims; of the outbox, too. */
  final @Nullable Grant[] adopted;

  /** The node's name under which it is reserved; of the outbox, as the next. */
  String holder = "";

  private boolean over;

  private Held(
      Holdings among,
      List<Claim> claims,
      Place[] places,
      long[] reserved,
      long[] left,
      Instant began,
      String taken,
      @Nullable Grant local) {
    this.among = among;
    this.claims = claims;
    this.places = places;
    this.reserved = reserved;
    this.left = left;
    this.began = began;
    this.taken = taken;
    this.local = local;
    this.adopted = new Grant[places.length];
  }

  /**
   * @param left after it
   * @param taken when, by Redis's clock
   */
  static Held there(
      Holdings among,
      List<Claim> claims,
      Place[] places,
      long[] reserved,
      long[] left,
      Instant began,
      String taken) {
    return new Held(among, claims, places, reserved, left, began, taken, null);
  }

  /** What Redis has not heard of. */
  static Held here(Holdings among, List<Claim> claims, Place[] places, Instant began, Grant local) {
    long[] reserved = claims.stream().mapToLong(Claim::bound).toArray();
    return new Held(among, claims, places, reserved, new long[0], began, "", local);
  }

  @Override
  public long left(int claim) {
    return local != null ? local.left(claim) : left[claim];
  }

  @Override
  public long held(int claim) {
    return local != null ? local.held(claim) : reserved[claim];
  }

  @Override
  public Duration reset(int claim) {
    if (local != null) {
      return local.reset(claim);
    }
    return switch (claims.get(claim).account().allowance().span()) {
      case Span.Calendar calendar -> Duration.between(began, places[claim].end());
      case Span.Total total -> Duration.ofSeconds(Long.MAX_VALUE);
      case Span.Now present -> Duration.ZERO;
      case Span.Rolling rolling -> rolling.length();
    };
  }

  @Override
  public List<Charge> settle(long[] used) {
    among.settle(this, used);
    var charges = new ArrayList<Charge>(2);
    for (int i = 0; i < places.length; i++) {
      places[i].charge(used[i]).ifPresent(charges::add);
    }
    return charges;
  }

  /** Within the outbox. */
  void end() {
    if (over) {
      throw new IllegalStateException("was settled before");
    }
    over = true;
  }

  /** What Redis is told of it in the end. */
  List<Outbox.Line> lines(long[] used) {
    var lines = new ArrayList<Outbox.Line>(places.length);
    for (int i = 0; i < places.length; i++) {
      long counted = places[i].kind() == Place.Kind.NOW ? 0 : used[i];
      // Requests are counted where they are held, so that most say nothing when they end.
      boolean known = places[i].kind() == Place.Kind.ONCE && counted == reserved[i];
      if (!known && (counted > 0 || reserved[i] > 0)) {
        lines.add(
            new Outbox.Line(
                claims.get(i).account(), places[i], holder, reserved[i], counted, taken));
      }
    }
    return lines;
  }
}
