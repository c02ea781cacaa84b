package dev.lintel;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/**
 * What was asked to be erased for good: all of a tenant's calls that came before a time, or those
 * of one of its users.
 *
 * @param number grows
 * @param user by {@link #mark}, so that the name itself stands nowhere; empty for all of the tenant
 * @param by who asked for it
 * @param stored whether nothing of it is left in the store
 * @param nodes whose journals and memory have to be free of it, too
 */
public record Erasure(
    long number,
    String id,
    String tenant,
    Instant before,
    Optional<String> user,
    String by,
    Instant asked,
    boolean stored,
    Erased erased,
    List<Node> nodes) {
  /** How many there were, as far as it is done. */
  public record Erased(
      long records, long payloads, long replies, long files, long batches, long opinions) {
    public static final Erased NOTHING = new Erased(0, 0, 0, 0, 0, 0);
  }

  /**
   * @param seen when it was there last
   * @param done whether nothing is left there
   */
  public record Node(String name, Instant seen, boolean done) {}

  /** By what a user is known to the erasure of that id. */
  public static String mark(String id, String user) {
    try {
      byte[] text = (id + "\n" + user).getBytes(StandardCharsets.UTF_8);
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(text));
    } catch (NoSuchAlgorithmException everyJdkHasIt) {
      throw new IllegalStateException(everyJdkHasIt);
    }
  }

  /**
   * Whether it is meant.
   *
   * @param callId of a call
   */
  public boolean covers(String callId, String ofTenant, String ofUser) {
    return reaches(callId, ofTenant) && coversUser(ofUser);
  }

  /** The same, whosever call it was. */
  public boolean reaches(String callId, String ofTenant) {
    return tenant.equals(ofTenant) && callId.compareTo(Ids.before(before)) < 0;
  }

  /** Whether calls of that user of the tenant's are meant. */
  public boolean coversUser(String name) {
    return user.isEmpty() || (!name.isEmpty() && user.get().equals(mark(id, name)));
  }

  /** Whether nothing is left anywhere that is known of. */
  public boolean done() {
    return stored && nodes.stream().allMatch(Node::done);
  }
}
