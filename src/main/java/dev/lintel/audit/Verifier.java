package dev.lintel.audit;

import dev.lintel.AuditEntry;
import dev.lintel.AuditTrail;
import dev.lintel.AuditTrail.Head;
import dev.lintel.AuditTrail.Stand;
import dev.lintel.AuditTrail.Thing;
import dev.lintel.AuditTrail.Untold;
import dev.lintel.Failure;
import dev.lintel.Json;
import dev.lintel.Verification;
import dev.lintel.Verification.Broken;
import dev.lintel.Whose;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.LongSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;

/**
 * Looks through the chains of all nodes, some entries at a time. What the nodes know of the ends of
 * their own and of each other's chains counts, too.
 */
public final class Verifier {
  private static final int PAGE = 2000;

  /** Entries from the end of each chain that a start looks at before anything else. */
  public static final int LATEST = 1000;

  private final AuditTrail trail;
  private final LongSupplier nanoTime;

  /**
   * @param nanoTime by which bounds of time are kept
   */
  public Verifier(AuditTrail trail, LongSupplier nanoTime) {
    this.trail = trail;
    this.nanoTime = nanoTime;
  }

  /** One run through. */
  private final class Run {
    private final boolean records;
    private final long until;
    private final Map<String, Map<Long, String>> marks = new HashMap<>();
    private final List<Head> heads = new ArrayList<>();
    private final Forgotten forgotten = new Forgotten(trail);
    private long entries;
    private long compared;
    private long unproved;

    Run(boolean records, Duration most) {
      this.records = records;
      this.until = nanoTime.getAsLong() + most.toNanos();
    }

    boolean late() {
      return nanoTime.getAsLong() - until >= 0;
    }

    /** Of a day that is about to go as a whole the leaves may have gone before the records. */
    boolean mayGo(Thing thing) {
      return thing.kind().equals(Thing.RECORD) && forgotten.covers(thing.name(), Whose.EVERYBODY);
    }

    Verification of(Optional<Broken> broken, Optional<String> next) {
      return new Verification(entries, compared, unproved, broken, heads, next);
    }
  }

  /**
   * All of the chains from that place on.
   *
   * @param records whether what is kept of calls and acts is compared with what was written
   * @param from {@code next} of what was found before; empty for all. Throws {@link Failure} where
   *     it is something else
   * @param most about how long it may take
   */
  public Verification verify(boolean records, Optional<String> from, Duration most) {
    Optional<Cursor> cursor = from.map(Cursor::of);
    var run = new Run(records, most);
    // Those that hold are behind it where it looks for what is in none.
    for (String node : chains(run)) {
      int order = cursor.map(place -> node.compareTo(place.node)).orElse(1);
      if (order < 0) {
        continue;
      }
      Walk walk =
          order == 0
              ? behind(node, cursor.orElseThrow().sequence).orElseGet(() -> new Walk(node))
              : new Walk(node);
      Optional<Broken> broken = walked(run, walk, node);
      if (broken.isPresent()) {
        return run.of(broken, Optional.empty());
      }
      // A chain that is done is not begun again, however little time there is.
      boolean done = run.heads.stream().anyMatch(head -> head.node().equals(node));
      if (run.late() && !done) {
        return run.of(
            Optional.empty(), Optional.of(new Cursor(node, walk.at(), Optional.empty()).text()));
      }
    }
    return records
        ? untold(run, cursor.flatMap(Cursor::stand).orElse(Stand.FIRST))
        : run.of(Optional.empty(), Optional.empty());
  }

  /** What is there and in no chain, though a chain had begun when it came. */
  private Verification untold(Run run, Stand from) {
    Optional<Instant> began = Optional.empty();
    for (String node : trail.nodes()) {
      for (AuditEntry first : trail.read(node, 0, 1)) {
        began = began.filter(at -> at.isBefore(first.at())).or(() -> Optional.of(first.at()));
      }
    }
    Stand behind = from;
    while (true) {
      Optional<Untold> some = trail.untold(behind);
      if (some.isEmpty()) {
        return run.of(Optional.empty(), Optional.empty());
      }
      for (Thing thing : some.get().things()) {
        if (before(thing, began)) {
          run.unproved++;
        } else if (!run.mayGo(thing)) {
          return run.of(Optional.of(inserted(thing)), Optional.empty());
        }
      }
      behind = some.get().last();
      if (run.late()) {
        return run.of(Optional.empty(), Optional.of(Cursor.at(behind).text()));
      }
    }
  }

  private static boolean before(Thing thing, Optional<Instant> began) {
    return thing.came().isPresent()
        && began.map(first -> thing.came().get().isBefore(first)).orElse(true);
  }

  private static Broken inserted(Thing thing) {
    return new Broken(
        "",
        0,
        "there is "
            + (thing.kind().equals(Thing.ACT) ? "an act " : "a record ")
            + thing.name()
            + " that came with no entry.");
  }

  /** The last {@link #LATEST} entries of each chain; those before are taken as they stand. */
  public Verification latest() {
    var run = new Run(false, Duration.ofDays(1));
    for (String node : chains(run)) {
      Walk walk =
          trail
              .last(node, Optional.empty())
              .filter(last -> last.sequence() > LATEST)
              .flatMap(last -> behind(node, last.sequence() - LATEST))
              .orElseGet(() -> new Walk(node));
      Optional<Broken> broken = walked(run, walk, node);
      if (broken.isPresent()) {
        return run.of(broken, Optional.empty());
      }
    }
    return run.of(Optional.empty(), Optional.empty());
  }

  private Optional<Walk> behind(String node, long sequence) {
    Optional<AuditEntry> first = trail.read(node, 0, 1).stream().findFirst();
    Optional<AuditEntry> from = trail.read(node, sequence - 1, 1).stream().findFirst();
    return first.flatMap(genesis -> from.map(entry -> Walk.behind(genesis, entry)));
  }

  /** Also those of which others tell, though nothing of them is there. */
  private TreeSet<String> chains(Run run) {
    // Before anything is read: what is written meanwhile is further.
    Head own = trail.known();
    var nodes = new TreeSet<>(trail.nodes());
    if (own.sequence() > 0) {
      nodes.add(own.node());
      mark(run, own.node(), own.sequence(), own.hash());
    }
    for (String node : List.copyOf(nodes)) {
      trail
          .last(node, Optional.of(Anchors.KIND))
          .map(Anchors::heads)
          .orElse(List.of())
          .forEach(head -> {
            nodes.add(head.node());
            mark(run, head.node(), head.sequence(), head.hash());
          });
    }
    return nodes;
  }

  private static void mark(Run run, String node, long sequence, String hash) {
    run.marks.computeIfAbsent(node, some -> new HashMap<>()).put(sequence, hash);
  }

  private Optional<Broken> walked(Run run, Walk walk, String node) {
    run.marks.getOrDefault(node, Map.of()).forEach(walk::mark);
    long begun = walk.at();
    List<AuditEntry> page = trail.read(node, begun == 0 ? Long.MIN_VALUE : begun, PAGE);
    while (!page.isEmpty()) {
      long before = walk.at();
      for (AuditEntry entry : page) {
        Optional<Broken> broken = walk.next(entry);
        if (broken.isPresent()) {
          return Optional.of(earlier(walk, node, before, broken.get()));
        }
        run.entries++;
        if (run.records) {
          Optional<String> wrong;
          try {
            wrong = compared(run, entry);
          } catch (JacksonException anew) {
            wrong = Optional.of("what it says makes no sense.");
          }
          if (wrong.isPresent()) {
            return Optional.of(new Broken(node, entry.sequence(), wrong.get()));
          }
          if (run.late()) {
            return Optional.empty();
          }
        }
      }
      if (!walk.sealHolds()) {
        return Optional.of(unsealed(walk, node, before));
      }
      if (run.late()) {
        return Optional.empty();
      }
      page = trail.read(node, walk.at(), PAGE);
    }
    Optional<Broken> broken = walk.end();
    if (broken.isEmpty()) {
      run.heads.add(walk.head());
    }
    return broken;
  }

  /** What is wrong with what the entry tells of, in a sentence. */
  private Optional<String> compared(Run run, AuditEntry entry) {
    switch (entry.kind()) {
      case Comparison.KIND -> {
        var comparison = new Comparison(trail, run.forgotten, entry);
        Optional<String> wrong = comparison.wrong();
        run.compared += comparison.records();
        return wrong;
      }
      case AuditEntry.ACT -> {
        long number = Json.parse(entry.body()).path("number").asLong(0);
        return trail.act(number).filter(entry.body()::equals).isPresent()
            ? Optional.empty()
            : Optional.of("the act " + number + " is not kept as it was done.");
      }
      default -> {
        return Optional.empty();
      }
    }
  }

  /** What was written anew may hold for a while before it shows. */
  private Broken earlier(Walk walk, String node, long from, Broken found) {
    return walk.sealHolds() ? found : unsealed(walk, node, from);
  }

  /** The first of a page whose seal is not good. */
  private Broken unsealed(Walk walk, String node, long from) {
    for (AuditEntry entry : trail.read(node, from, PAGE)) {
      if (!entry.seal().isEmpty() && !walk.good(entry)) {
        return walk.unsealed(entry.sequence());
      }
    }
    return walk.unsealed(walk.at());
  }

  /** Where to go on: behind that entry, or behind that place where the chains are done. */
  private record Cursor(String node, long sequence, Optional<Stand> stand) {
    /** Behind the names of all nodes. */
    private static final String DONE = "~";

    private static final Pattern ENTRY = Pattern.compile("([^.~]+)\\.([0-9]{1,18})");
    private static final Pattern STAND = Pattern.compile("~([0-9]{8})\\.(.*)", Pattern.DOTALL);
    private static final Pattern NUMBER = Pattern.compile("-?[0-9]{1,18}");

    static Cursor at(Stand stand) {
      return new Cursor(DONE, 0, Optional.of(stand));
    }

    String text() {
      return stand
          .map(place -> DONE + "%08d".formatted(place.day()) + "." + place.key())
          .orElse(node + "." + sequence);
    }

    static Cursor of(String text) {
      Matcher entry = ENTRY.matcher(text);
      if (entry.matches()) {
        return new Cursor(entry.group(1), Long.parseLong(entry.group(2)), Optional.empty());
      }
      Matcher stand = STAND.matcher(text);
      if (stand.matches()) {
        int day = Integer.parseInt(stand.group(1));
        if (day != Stand.ACTS || NUMBER.matcher(stand.group(2)).matches()) {
          return at(new Stand(day, stand.group(2)));
        }
      }
      throw Failure.invalid("'cursor' must be 'next' of an answer before.").at("cursor");
    }
  }
}
