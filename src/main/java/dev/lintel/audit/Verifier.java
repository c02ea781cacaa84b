package dev.lintel.audit;

import dev.lintel.AuditEntry;
import dev.lintel.AuditTrail;
import dev.lintel.AuditTrail.Head;
import dev.lintel.Failure;
import dev.lintel.Verification;
import dev.lintel.Verification.Broken;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.LongSupplier;

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

    Run(boolean records, Duration most) {
      this.records = records;
      this.until = nanoTime.getAsLong() + most.toNanos();
    }

    boolean late() {
      return nanoTime.getAsLong() - until >= 0;
    }

    Verification of(Optional<Broken> broken, Optional<String> next) {
      return new Verification(entries, compared, broken, heads, next);
    }
  }

  /**
   * All of the chains from that place on.
   *
   * @param records whether what is kept of calls is compared with what was brought
   * @param from {@code next} of what was found before; empty for all. Throws {@link Failure} where
   *     it is something else
   * @param most about how long it may take
   */
  public Verification verify(boolean records, Optional<String> from, Duration most) {
    Optional<Cursor> cursor = from.map(Cursor::of);
    var run = new Run(records, most);
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
      if (run.late()) {
        return run.of(Optional.empty(), Optional.of(new Cursor(node, walk.at()).text()));
      }
    }
    return run.of(Optional.empty(), Optional.empty());
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
        if (run.records && entry.kind().equals(Comparison.KIND)) {
          var comparison = new Comparison(trail, run.forgotten, entry);
          Optional<String> wrong = comparison.wrong();
          run.compared += comparison.records();
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

  /** Where to go on: behind that entry. */
  private record Cursor(String node, long sequence) {
    String text() {
      return node + "." + sequence;
    }

    static Cursor of(String text) {
      int dot = text.indexOf('.');
      if (dot <= 0 || !text.substring(dot + 1).matches("[0-9]{1,18}")) {
        throw Failure.invalid("'cursor' must be 'next' of an answer before.").at("cursor");
      }
      return new Cursor(text.substring(0, dot), Long.parseLong(text.substring(dot + 1)));
    }
  }
}
