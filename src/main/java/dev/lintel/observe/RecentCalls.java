package dev.lintel.observe;

import dev.lintel.CallRecord;
import dev.lintel.CallRecords;
import dev.lintel.Failure;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The records of the most recent calls. They lie as bytes in blocks that are filled again and
 * again, so that keeping them costs the collector nothing however many calls there are.
 */
public final class RecentCalls implements CallRecords {
  private static final int BLOCK = 1 << 16;
  private static final String BEFORE_ID = "{\"request_id\":\"";
  private static final Pattern CURSOR = Pattern.compile("(-?[0-9]{1,19})-([0-9]{1,18})");

  /** Calls begin in another order than they end in; the number tells those of one moment apart. */
  private record Place(long nanos, long number) implements Comparable<Place> {
    @Override
    public int compareTo(Place other) {
      int by = Long.compare(nanos, other.nanos);
      return by == 0 ? Long.compare(number, other.number) : by;
    }
  }

  private record Entry(Place place, String tenant, Block block, int from, int to) {
    byte[] json() {
      return Arrays.copyOfRange(block.bytes, from, to);
    }

    boolean beginsWith(byte[] text) {
      return to - from >= text.length
          && Arrays.equals(block.bytes, from, from + text.length, text, 0, text.length);
    }
  }

  private static final class Block {
    private final byte[] bytes;
    private final List<Entry> entries = new ArrayList<>();
    private int used;

    Block(int size) {
      bytes = new byte[size];
    }
  }

  private final int most;
  private final long room;
  private final Deque<Block> blocks = new ArrayDeque<>();
  private long held;
  private int count;
  private long number;

  /**
   * @param most how many are kept at least, where they find room
   * @param room the most bytes of all of them together
   */
  public RecentCalls(int most, long room) {
    this.most = most;
    this.room = room;
  }

  /**
   * @param json what the record writes; the first {@code length} bytes of it
   */
  synchronized void add(CallRecord record, byte[] json, int length) {
    Block block = blocks.peekLast();
    if (block == null || block.bytes.length - block.used < length) {
      block = next(Math.max(BLOCK, length));
      blocks.addLast(block);
    }
    System.arraycopy(json, 0, block.bytes, block.used, length);
    int end = block.used + length;
    var place = new Place(nanos(record.time()), number++);
    block.entries.add(new Entry(place, record.caller().tenant(), block, block.used, end));
    block.used = end;
    count++;
  }

  /** An empty block; those that are dropped for it are the oldest. */
  private Block next(int size) {
    Block freed = null;
    while (!blocks.isEmpty()
        && (held + size > room || count - blocks.getFirst().entries.size() >= most)) {
      freed = blocks.removeFirst();
      count -= freed.entries.size();
      held -= freed.bytes.length;
    }
    held += size;
    if (freed == null || freed.bytes.length != size) {
      return new Block(size);
    }
    freed.entries.clear();
    freed.used = 0;
    return freed;
  }

  @Override
  public synchronized Optional<byte[]> find(String id) {
    byte[] beginning = (BEFORE_ID + id + '"').getBytes(StandardCharsets.UTF_8);
    for (Iterator<Block> latest = blocks.descendingIterator(); latest.hasNext(); ) {
      for (Entry entry : latest.next().entries.reversed()) {
        if (entry.beginsWith(beginning)) {
          return Optional.of(entry.json());
        }
      }
    }
    return Optional.empty();
  }

  @Override
  public synchronized Page list(Question asked) {
    long from = nanos(asked.from());
    Optional<Place> before = asked.cursor().map(RecentCalls::place);
    var newest = new PriorityQueue<Entry>(Comparator.comparing(Entry::place));
    for (Block block : blocks) {
      for (Entry entry : block.entries) {
        if (entry.place.nanos >= from
            && asked.tenant().map(entry.tenant::equals).orElse(true)
            && before.map(last -> entry.place.compareTo(last) < 0).orElse(true)) {
          newest.add(entry);
          if (newest.size() > asked.limit() + 1) {
            newest.poll();
          }
        }
      }
    }
    List<Entry> found = new ArrayList<>(newest);
    found.sort(Comparator.comparing(Entry::place).reversed());
    boolean more = found.size() > asked.limit();
    List<Entry> page = more ? found.subList(0, asked.limit()) : found;
    return new Page(
        page.stream().map(Entry::json).toList(),
        more
            ? Optional.of(page.getLast().place.nanos + "-" + page.getLast().place.number)
            : Optional.empty());
  }

  private static Place place(String cursor) {
    Matcher matcher = CURSOR.matcher(cursor);
    try {
      if (matcher.matches()) {
        return new Place(Long.parseLong(matcher.group(1)), Long.parseLong(matcher.group(2)));
      }
    } catch (NumberFormatException tooLarge) {
      // Told below: nineteen digits can be more than there is room for.
    }
    throw Failure.invalid("'cursor' must be the 'next' of a list of calls.").at("cursor");
  }

  /** Of the years in which nobody calls, the nearest in which somebody might. */
  private static long nanos(Instant time) {
    long seconds = Math.clamp(time.getEpochSecond(), 0L, Long.MAX_VALUE / 1_000_000_000 - 1);
    return seconds * 1_000_000_000 + time.getNano();
  }
}
