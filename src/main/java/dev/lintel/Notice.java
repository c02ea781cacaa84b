package dev.lintel;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/**
 * Something that people want to hear of when it happens.
 *
 * @param id the same where it is told twice
 * @param claim of those with the same one that happen within its time only the first is told, on
 *     whatever node; empty where nobody else can know of it
 * @param data without secrets
 */
public record Notice(Kind kind, String id, Instant at, Optional<Claim> claim, ObjectNode data) {
  /** What it is about. */
  public enum Kind {
    /** A threshold of a budget was passed. */
    BUDGET,
    /** A provider rests, or is well again. */
    BREAKER,
    /** The store or the Redis is away, or there again. */
    STORE,
    /** Another configuration is in force. */
    CONFIGURATION,
    /** A change waits for a second admin. */
    APPROVAL,
    /** A chain of evidence is not as it was written. */
    AUDIT;

    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** What is told once within that time. */
  public record Claim(String name, Duration within) {}

  /** Of what no other node knows. */
  public static Notice own(Kind kind, Instant at, ObjectNode data) {
    return new Notice(kind, Ids.of("ntc_"), at, Optional.empty(), data);
  }

  /** Of what several nodes may find at about the same time. */
  public static Notice within(Duration time, Kind kind, String name, Instant at, ObjectNode data) {
    return new Notice(
        kind,
        Ids.of("ntc_"),
        at,
        Optional.of(new Claim(kind.word() + "/" + hash(name), time)),
        data);
  }

  /** Of what happens once within that time, as far as its name tells. */
  public static Notice once(Duration time, Kind kind, String name, Instant at, ObjectNode data) {
    String hash = hash(name);
    return new Notice(
        kind, "ntc_" + hash, at, Optional.of(new Claim(kind.word() + "/" + hash, time)), data);
  }

  private static String hash(String name) {
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256").digest(name.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(hash, 0, 13);
    } catch (NoSuchAlgorithmException everyJdkHasIt) {
      throw new IllegalStateException(everyJdkHasIt);
    }
  }
}
