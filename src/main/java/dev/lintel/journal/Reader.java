package dev.lintel.journal;

import dev.lintel.Records;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Reads the entries of a journal in their order, while others are written. For one thread; a place
 * that was torn is passed over once something whole stands behind it.
 */
final class Reader {
  /** Is told of places where something was and nothing whole is. */
  @FunctionalInterface
  interface Torn {
    void at(long position);
  }

  /**
   * So often the reader comes back to a place that was taken and never filled before it gives it
   * up; counted in visits some time apart, which a process that stands still does not make.
   */
  private static final int PATIENCE = 100;

  private static final long VISIT_NANOS = 50_000_000;

  private final Folder folder;
  private final long written;
  private final Torn torn;
  private final Segment.Lens lens = new Segment.Lens();
  private volatile @Nullable Segment segment;
  private int place = Segment.HEAD;
  private int visits;
  private long visited;

  /**
   * @param after from the entry behind that position on
   * @param written where this process began to write: nothing is added to what comes before it
   */
  Reader(Folder folder, long after, long written, Torn torn) {
    this.folder = folder;
    this.written = written;
    this.torn = torn;
    Map.Entry<Long, Segment> holding = folder.segments().floorEntry(after);
    if (holding != null) {
      segment = holding.getValue();
      long behind = after - holding.getKey();
      if (behind >= Segment.HEAD) {
        place = behind < segment.size() ? behind(segment, (int) behind) : segment.size();
      }
    }
  }

  private static int behind(Segment segment, int at) {
    return switch (segment.state(at, new Segment.Lens())) {
      case WHOLE, VOID -> segment.after(at);
      case OPEN, END, TORN -> at;
    };
  }

  /** The position of the segment that is read; nothing before it is looked at any more. */
  long base() {
    Segment now = segment;
    return now == null ? 0 : now.base();
  }

  /** Up to which position everything has been read. */
  long position() {
    Segment now = segment;
    if (now == null) {
      return 0;
    }
    try {
      boolean over = now.state(place, lens) == Segment.State.END;
      return now.base() + (over ? now.size() : place);
    } catch (IllegalStateException dropped) {
      return now.base() + now.size();
    }
  }

  /** Empty where there is none now. */
  Optional<Records.Entry> next() {
    while (true) {
      Segment now = segment;
      if (now == null) {
        if (!go(folder.segments().firstEntry())) {
          return Optional.empty();
        }
        continue;
      }
      try {
        switch (now.state(place, lens)) {
          case WHOLE -> {
            int at = place;
            place = now.after(at);
            visits = 0;
            return Optional.of(Pen.read(now.base() + at, lens.payload()));
          }
          case VOID -> place = now.after(place);
          case END -> {
            if (!go(folder.segments().higherEntry(now.base()))) {
              return Optional.empty();
            }
          }
          case OPEN -> {
            if (!passed(now)) {
              return Optional.empty();
            }
          }
          case TORN -> pass(now, true);
        }
      } catch (IllegalStateException dropped) {
        // It was too far behind for the others to wait.
        if (!go(folder.segments().higherEntry(now.base()))) {
          return Optional.empty();
        }
      }
    }
  }

  private boolean go(Map.@Nullable Entry<Long, Segment> to) {
    if (to == null) {
      return false;
    }
    segment = to.getValue();
    place = Segment.HEAD;
    visits = 0;
    return true;
  }

  /** Whether there is something behind a place that nobody will fill any more. */
  private boolean passed(Segment now) {
    if (now.base() < written) {
      pass(now, !now.empty(place));
      return true;
    }
    if (place >= now.used()) {
      return false;
    }
    long time = System.nanoTime();
    if (visits == 0 || time - visited > VISIT_NANOS) {
      visited = time;
      visits++;
    }
    if (visits < PATIENCE) {
      return false;
    }
    visits = 0;
    pass(now, true);
    return true;
  }

  private void pass(Segment now, boolean lost) {
    if (lost) {
      torn.at(now.base() + place);
    }
    int next = now.search(place + 8);
    // Of a segment that is still written, nothing beyond what is taken is passed over.
    place = now.base() < written ? next : Math.min(next, now.used());
  }
}
