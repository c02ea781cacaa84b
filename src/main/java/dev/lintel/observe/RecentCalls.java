package dev.lintel.observe;

import dev.lintel.CallRecords;
import dev.lintel.Erasure;
import dev.lintel.Ids;
import dev.lintel.Json;
import dev.lintel.Whose;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.function.Predicate;
import tools.jackson.databind.JsonNode;

/**
 * The records of the most recent calls. They lie as bytes in blocks that are filled again and
 * again, so that keeping them costs the collector nothing however many calls there are.
 */
public final class RecentCalls implements CallRecords {
  private static final int BLOCK = 1 << 16;
  private static final int BEFORE_ID = "{\"request_id\":\"".length();

  private record Entry(String id, Block block, int from, int to) {
    byte[] json() {
      return Arrays.copyOfRange(block.bytes, from, to);
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

  /**
   * @param most how many are kept at least, where they find room
   * @param room the most bytes of all of them together
   */
  public RecentCalls(int most, long room) {
    this.most = most;
    this.room = room;
  }

  /**
   * @param json as {@link dev.lintel.CallRecord} writes it
   */
  public synchronized void add(byte[] json) {
    Block block = blocks.peekLast();
    if (block == null || block.bytes.length - block.used < json.length) {
      block = next(Math.max(BLOCK, json.length));
      blocks.addLast(block);
    }
    System.arraycopy(json, 0, block.bytes, block.used, json.length);
    int end = block.used + json.length;
    block.entries.add(new Entry(id(json), block, block.used, end));
    block.used = end;
    count++;
  }

  /** It is the first that a record says. */
  static String id(byte[] json) {
    int end = BEFORE_ID;
    while (end < json.length && json[end] != '"') {
      end++;
    }
    return new String(json, BEFORE_ID, end - BEFORE_ID, StandardCharsets.UTF_8);
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

  /** Forgets those calls that came before that time; what they took of memory is overwritten. */
  public void forget(Map<Whose, Instant> before) {
    Instant latest = before.values().stream().max(Comparator.naturalOrder()).orElse(Instant.MIN);
    forget(latest, entry -> isDue(entry, before));
  }

  /** The same for what is to be erased. */
  public void erase(List<Erasure> erasures) {
    Instant latest =
        erasures.stream().map(Erasure::before).max(Instant::compareTo).orElse(Instant.MIN);
    forget(
        latest,
        entry -> {
          JsonNode record = record(entry);
          String tenant = record.path("tenant").asString("");
          String user = record.path("user").asString("");
          return erasures.stream().anyMatch(one -> one.covers(entry.id, tenant, user));
        });
  }

  private synchronized void forget(Instant latest, Predicate<Entry> due) {
    String last = Ids.before(latest);
    for (Block block : blocks) {
      for (Iterator<Entry> entries = block.entries.iterator(); entries.hasNext(); ) {
        Entry entry = entries.next();
        if (entry.id.compareTo(last) < 0 && due.test(entry)) {
          Arrays.fill(block.bytes, entry.from, entry.to, (byte) 0);
          entries.remove();
          count--;
        }
      }
    }
  }

  private static JsonNode record(Entry entry) {
    return Json.parse(entry.block.bytes, entry.from, entry.to - entry.from);
  }

  private static boolean isDue(Entry entry, Map<Whose, Instant> before) {
    JsonNode record = record(entry);
    String tenant = record.path("tenant").asString("");
    String app = record.path("app").asString("");
    String useCase = record.path("use_case").asString("");
    return before.entrySet().stream()
        .anyMatch(one ->
            entry.id.compareTo(Ids.before(one.getValue())) < 0
                && one.getKey().are(tenant, app, useCase));
  }

  @Override
  public synchronized Optional<byte[]> find(String id) {
    for (Iterator<Block> latest = blocks.descendingIterator(); latest.hasNext(); ) {
      for (Entry entry : latest.next().entries.reversed()) {
        if (entry.id.equals(id)) {
          return Optional.of(entry.json());
        }
      }
    }
    return Optional.empty();
  }

  @Override
  public synchronized Page list(Question asked) {
    String from = Ids.before(asked.from());
    Optional<String> before = asked.before();
    var newest = new PriorityQueue<Entry>(Comparator.comparing(Entry::id));
    for (Block block : blocks) {
      for (Entry entry : block.entries) {
        boolean late = newest.size() > asked.limit() && entry.id.compareTo(first(newest)) < 0;
        if (!late
            && entry.id.compareTo(from) >= 0
            && before.map(last -> entry.id.compareTo(last) < 0).orElse(true)
            && fits(entry, asked)) {
          newest.add(entry);
          if (newest.size() > asked.limit() + 1) {
            newest.poll();
          }
        }
      }
    }
    List<Entry> found = new ArrayList<>(newest);
    found.sort(Comparator.comparing(Entry::id).reversed());
    boolean more = found.size() > asked.limit();
    List<Entry> page = more ? found.subList(0, asked.limit()) : found;
    return new Page(
        page.stream().map(Entry::json).toList(),
        more ? Optional.of(page.getLast().id) : Optional.empty());
  }

  private static String first(PriorityQueue<Entry> some) {
    Entry first = some.peek();
    return first == null ? "" : first.id;
  }

  private static boolean fits(Entry entry, Question asked) {
    if (asked.tenant().isEmpty()
        && asked.app().isEmpty()
        && asked.model().isEmpty()
        && asked.kind().isEmpty()) {
      return true;
    }
    JsonNode record = record(entry);
    return is(record, "tenant", asked.tenant())
        && is(record, "app", asked.app())
        && is(record, "model", asked.model())
        && is(record, "kind", asked.kind());
  }

  private static boolean is(JsonNode record, String name, Optional<String> wanted) {
    return wanted.map(record.path(name).asString("")::equals).orElse(true);
  }
}
