package dev.lintel;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The chains of evidence of all nodes, only ever added to. What is written beside something else,
 * such as the records that were brought, is durable together with it or not at all.
 *
 * <p>A node goes on from where it knows itself that it was, not from what it finds: what was
 * changed or taken away behind its back leaves a place where the chain does not hold.
 */
public interface AuditTrail {
  /**
   * Where a chain ends.
   *
   * @param sequence 0 of a chain without entries
   */
  record Head(String node, long sequence, String hash, String seal) {}

  /**
   * One record that was brought.
   *
   * @param whose it is
   * @param digest SHA-256 of its JSON, 32 bytes
   */
  record Leaf(String id, Whose whose, byte[] digest) {
    /** In the tree whose root the entry has. */
    public byte[] hash() {
      byte[] label =
          String.join("\0", id, whose.tenant(), whose.app(), whose.useCase(), "")
              .getBytes(StandardCharsets.UTF_8);
      byte[] held = Arrays.copyOf(label, label.length + digest.length);
      System.arraycopy(digest, 0, held, label.length, digest.length);
      return Merkle.leaf(held);
    }
  }

  /** Which of the entries are asked for; what is empty is not asked. */
  record Question(
      Optional<String> node,
      Optional<String> kind,
      Optional<Instant> from,
      Optional<Instant> to,
      Optional<Place> before,
      int limit) {}

  /** Where an entry stands among those of all nodes. */
  record Place(long at, String node, long sequence) {
    public static Place of(AuditEntry entry) {
      return new Place(entry.at().toEpochMilli(), entry.node(), entry.sequence());
    }
  }

  /**
   * Something of which no entry tells.
   *
   * @param kind {@link #RECORD} or {@link #ACT}
   * @param name the call's id, or the act's number
   * @param came by what it says itself; empty where it stands among what entries tell of, so that
   *     it cannot be of before
   */
  record Thing(String kind, String name, Optional<Instant> came) {
    public static final String RECORD = "record";
    public static final String ACT = "act";
  }

  /**
   * A place among all records, by their days, and all acts behind them.
   *
   * @param day such as 20261121, or {@link #ACTS}
   * @param key an id, or a number
   */
  record Stand(int day, String key) {
    public static final int ACTS = 99_999_999;

    /** Before all of them. */
    public static final Stand FIRST = new Stand(0, "");
  }

  /**
   * What was found among some of them.
   *
   * @param last which of those that were looked at
   */
  record Untold(List<Thing> things, Stand last) {}

  /** This node's name. */
  String node();

  /** Writes those one behind the other. Durable when it returns, all or none. */
  void append(List<AuditEntry.Draft> drafts);

  /** The chains of which there is anything, by the names of their nodes. */
  List<String> nodes();

  /** In their order, whatever their numbers. */
  List<AuditEntry> read(String node, long after, int most);

  /** The newest of that kind, or of any where that is empty. */
  Optional<AuditEntry> last(String node, Optional<String> kind);

  /** How many entries there are of all chains. */
  long count();

  /** The newest first. */
  List<AuditEntry> list(Question question);

  /** Where this node knows that its chain ends, without asking the database. */
  Head known();

  /** What was brought with that entry of kind {@code records}; empty where that is not known. */
  List<Leaf> leaves(String node, long sequence);

  /** The JSON of those records that are there. */
  Map<String, byte[]> records(List<String> ids);

  /** The act of that number as its entry has it, by what is kept of it now. */
  Optional<String> act(long number);

  /** What no entry tells of, among some that stand behind there; empty where none does. */
  Optional<Untold> untold(Stand behind);

  /** The entry with which that record was brought. */
  Optional<AuditEntry> bringing(String id);
}
