package dev.lintel;

import dev.lintel.AuditTrail.Head;
import java.util.List;
import java.util.Optional;

/**
 * What was found when chains of evidence were looked through.
 *
 * @param entries that were looked at
 * @param records that were compared with what was brought
 * @param unproved records and acts that were there before the first chain began: no entry tells of
 *     them, and none was to
 * @param broken the first of a chain that is; empty where all hold
 * @param heads where the chains that hold end
 * @param next from where to go on where there was no time for all; empty at the end
 */
public record Verification(
    long entries,
    long records,
    long unproved,
    Optional<Broken> broken,
    List<Head> heads,
    Optional<String> next) {
  public Verification {
    heads = List.copyOf(heads);
  }

  /**
   * @param node whose chain is broken; empty where all hold, and something is there that is in none
   * @param sequence of the first entry that is not as it was written, or that is not there; 0 of no
   *     chain
   * @param why in a sentence
   */
  public record Broken(String node, long sequence, String why) {
    public String sentence() {
      if (node.isEmpty()) {
        return "The chains of evidence do not tell of all that is there: " + why;
      }
      return "The chain of evidence of node "
          + node
          + " is broken at entry "
          + sequence
          + ": "
          + why;
    }
  }

  /** Whether nothing was found that is not as it was written. */
  public boolean intact() {
    return broken.isEmpty();
  }
}
