package dev.lintel.filter;

import dev.lintel.Attempt;
import dev.lintel.Call;
import dev.lintel.CallThread;
import dev.lintel.Chunk;
import dev.lintel.Failure;
import dev.lintel.Handler;
import dev.lintel.Part;
import dev.lintel.Sink;
import dev.lintel.Target;
import dev.lintel.Trail;
import dev.lintel.Usage;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One call that is made for several who ask the same: on a thread that belongs to none of them,
 * with its reply kept for as long as one of them has not passed it.
 */
final class Flight implements Sink {
  /** Nobody joins a reply of which more than so many bytes have come. */
  private static final int MOST_KEPT = 1 << 20;

  /** A call may have no deadline, and twice that would be none either. */
  private static final long LONGEST_NANOS = TimeUnit.DAYS.toNanos(1);

  /** How long the last who leaves waits to learn how the call ended. */
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** A chunk of a reply, and what came after it: what all have passed is forgotten. */
  private static final class Node {
    private final Chunk chunk;

    /** The reply ends with it, or it comes after its end: it is seen once all of it is there. */
    private final boolean closing;

    private volatile @Nullable Node next;

    Node(Chunk chunk, boolean closing) {
      this.chunk = chunk;
      this.closing = closing;
    }
  }

  /**
   * What is known of a call while it is under way, since the target was asked or had answered:
   * nobody writes to it any more.
   */
  private record Seen(Trail trail, long since) {}

  /** One of those who follow. */
  static final class Seat {
    private final Call call;
    private final CallThread thread;
    private @Nullable Node at;
    private @Nullable Seen seen;
    private volatile boolean left;

    Seat(Call call, CallThread thread) {
      this.call = call;
      this.thread = thread;
    }
  }

  private final Likeness likeness;
  private final Map<Likeness, Flight> flights;
  private final Handler next;
  private final Call call;
  private final List<Seat> seats = new CopyOnWriteArrayList<>();
  private volatile @Nullable CallThread thread;
  private volatile Seen seen;
  private volatile boolean over;
  private @Nullable RuntimeException failed;

  /** Where those begin who join; {@code null} once nobody may. */
  private volatile @Nullable Node begin = new Node(Chunk.EMPTY, false);

  // Only while the table is held for the likeness.
  private boolean closed;
  private @Nullable Seat payer;

  // The call's own thread's.
  private Node last = Objects.requireNonNull(begin);
  private int kept;
  private boolean answered;
  private boolean closing;

  /**
   * @param flights of all who have something in common, in which this one stands while it may be
   *     joined
   */
  Flight(Likeness likeness, Map<Likeness, Flight> flights, Seat first, Handler next) {
    this.likeness = likeness;
    this.flights = flights;
    this.next = next;
    Call like = first.call;
    Trail trail = like.trail().aside();
    trail.follow(like.trail());
    // Those who join later may wait for it later, too: each ends by its own deadline.
    long now = CallThread.nanoTime();
    long left = Math.clamp(like.deadline() - now, 0, LONGEST_NANOS);
    this.call =
        new Call(
            trail,
            like.credential(),
            like.caller(),
            like.terms(),
            like.request(),
            like.ownKey(),
            like.model(),
            like.target(),
            now + 2 * left);
    this.seen = new Seen(like.trail(), now);
    trail.tell(this::publish);
    publish();
    take(first);
  }

  /** False where it is too late. Only while the table is held for the likeness. */
  boolean take(Seat seat) {
    Node first = begin;
    if (closed || first == null) {
      return false;
    }
    seat.at = first;
    seats.add(seat);
    return true;
  }

  void start() {
    thread = CallThread.start(seats.getFirst().thread.loop(), this::run);
  }

  // On the thread of the call that is made:

  private void run() {
    RuntimeException why = Failure.internal();
    try {
      next.handle(call, this);
      why = null;
    } catch (RuntimeException broken) {
      why = broken;
    } finally {
      failed = why;
      finish();
    }
  }

  @Override
  public void emit(Chunk chunk) {
    for (Part part : chunk.parts()) {
      if (part instanceof Usage usage) {
        call.trail().used(usage);
      }
      closing |= part instanceof Part.Stop;
    }
    if (!answered && chunk.content()) {
      answered = true;
      call.trail().answering(CallThread.nanoTime());
      publish();
    }
    var node = new Node(chunk, closing);
    last.next = node;
    last = node;
    kept += size(chunk);
    if (kept > MOST_KEPT) {
      begin = null;
    }
  }

  /** About as much memory as it keeps. */
  private static int size(Chunk chunk) {
    int size = Math.max(chunk.frame().dataLength(), chunk.frame().rawLength());
    for (Part part : chunk.parts()) {
      size += part instanceof Part.Data data ? data.bytes().length : 0;
    }
    return size;
  }

  @Override
  public void flush() {
    seats.forEach(seat -> seat.thread.wake());
  }

  private void publish() {
    Trail copy = call.trail().aside();
    copy.follow(call.trail());
    seen = new Seen(copy, CallThread.nanoTime());
  }

  private void finish() {
    publish();
    flights.compute(
        likeness,
        (same, known) -> {
          closed = true;
          payer = seats.stream().filter(seat -> !seat.left).findFirst().orElse(null);
          begin = null;
          over = true;
          return known == this ? null : known;
        });
    flush();
  }

  // On the threads of those who follow:

  void follow(Seat seat, Sink sink) {
    try {
      while (true) {
        if (!ready(seat)) {
          sink.flush();
          if (!seat.thread.await(() -> ready(seat), seat.call.deadline())) {
            throw Errand.late();
          }
        }
        boolean all = over;
        look(seat, all);
        Node node = at(seat).next;
        if (node != null && (all || !node.closing)) {
          seat.at = node;
          sink.emit(node.chunk);
        } else if (all) {
          break;
        }
      }
    } catch (RuntimeException left) {
      leave(seat, left);
      throw left;
    }
    if (failed != null) {
      throw failed;
    }
  }

  private static Node at(Seat seat) {
    return Objects.requireNonNull(seat.at);
  }

  private boolean ready(Seat seat) {
    if (over) {
      return true;
    }
    Node node = at(seat).next;
    return node != null && !node.closing;
  }

  /** Notes what has happened so far for one of those who follow. */
  private void look(Seat seat, boolean all) {
    Seen now = seen;
    if (now != seat.seen) {
      seat.seen = now;
      seat.call.trail().follow(now.trail);
    }
    if (all && payer != seat) {
      seat.call.trail().paidByAnother();
    }
  }

  private void leave(Seat seat, RuntimeException why) {
    Seen before = seen;
    var last = new boolean[1];
    flights.compute(
        likeness,
        (same, known) -> {
          seat.left = true;
          if (closed || !seats.stream().allMatch(other -> other.left)) {
            return known;
          }
          closed = true;
          last[0] = true;
          return known == this ? null : known;
        });
    if (over) {
      look(seat, true);
      return;
    }
    Usage noted = seat.call.trail().usage();
    boolean cancelled = why instanceof Failure known && known.kind() == Failure.Kind.CANCELLED;
    if (last[0]) {
      end();
    }
    seat.call.trail().follow(last[0] && cancelled ? seen.trail : before.trail);
    if (!(last[0] && cancelled)) {
      cut(seat.call.trail(), before, why);
    }
    if (last[0] && seen.trail.usage().source() != Usage.Source.NONE) {
      seat.call.trail().used(seen.trail.usage());
    } else if (noted.source() != Usage.Source.NONE) {
      seat.call.trail().used(noted);
    }
    if (!last[0]) {
      seat.call.trail().paidByAnother();
    }
  }

  /** Nobody waits any more; what has been used by now is known once the call has ended. */
  private void end() {
    CallThread running = thread;
    if (running == null) {
      return;
    }
    running.cancel();
    boolean left = Thread.interrupted();
    try {
      CallThread.current().await(() -> over, CallThread.nanoTime() + PATIENCE_NANOS);
    } catch (Failure leftAgain) {
      // Its record tells what is known now.
    } finally {
      if (left) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** The tries that are under way go on for others, or end for another reason than this one. */
  private void cut(Trail trail, Seen before, RuntimeException why) {
    Optional<Failure> known =
        why instanceof Failure failure ? Optional.of(failure) : Optional.empty();
    for (Target target : trail.underWay()) {
      trail.attempted(
          new Attempt(
              target.name(),
              0,
              Optional.of(known.map(Failure::kind).orElse(Failure.Kind.INTERNAL)),
              known.map(Failure::message).orElse(""),
              (CallThread.nanoTime() - before.since) / 1_000_000));
    }
  }
}
