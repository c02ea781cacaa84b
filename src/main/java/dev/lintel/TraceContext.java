package dev.lintel;

import java.util.HexFormat;

/**
 * Where a call stands in a trace (W3C Trace Context, level 2): in its caller's, where that says so,
 * else in one of its own. Its spans have their ids from the call's, so that nothing need be kept of
 * them while the call runs.
 *
 * @param traceId 32 hexadecimal digits
 * @param callId of the call
 * @param parent the caller's span, 16 hexadecimal digits; empty where it named none
 * @param sampled whether the caller keeps the trace; nothing where it named none
 */
public record TraceContext(String traceId, String callId, String parent, boolean sampled) {
  private static final HexFormat HEX = HexFormat.of();
  private static final String HEADER = "traceparent";

  /** Where it stands in the header, in any version. */
  private static final int PARENT_AT = 36;

  private static final int FLAGS_AT = 53;

  private static final long PRIME = 0x100000001b3L;
  private static final long BASIS = 0xcbf29ce484222325L;
  private static final long GOLDEN = 0x9e3779b97f4a7c15L;

  /** Of the call, by what is known of it so far. */
  public static TraceContext of(Trail trail) {
    String header = trail.terms().along().get(HEADER);
    return header == null
        ? new TraceContext(trail.traceId(), trail.id(), "", false)
        : new TraceContext(
            trail.traceId(),
            trail.id(),
            header.substring(PARENT_AT, FLAGS_AT - 1),
            (Character.digit(header.charAt(FLAGS_AT + 1), 16) & 1) == 1);
  }

  /** Of the call; 16 hexadecimal digits. */
  public String span() {
    return spanOf(-1);
  }

  /**
   * Of one of its attempts.
   *
   * @param place among the attempts, as they began
   */
  public String spanOf(int place) {
    long id = scattered(mixed(callId, ~BASIS) + (place + 2) * GOLDEN);
    return HEX.toHexDigits(id == 0 ? 1 : id);
  }

  /** For whoever is asked on behalf of that span. */
  public String header(String span, boolean kept) {
    return "00-" + traceId + "-" + span + (kept ? "-01" : "-00");
  }

  /**
   * From 0 to 1, the same for every call of the trace and everywhere, by the random end of its id
   * (OpenTelemetry's probability sampling).
   */
  public double lot() {
    return lot(traceId);
  }

  /** The same of a trace's id. */
  public static double lot(String traceId) {
    return HexFormat.fromHexDigitsToLong(traceId, 18, 32) / (double) (1L << 56);
  }

  /** FNV-1a, and its bits scattered. */
  private static long mixed(String text, long from) {
    long hash = from;
    for (int i = 0; i < text.length(); i++) {
      hash = (hash ^ text.charAt(i)) * PRIME;
    }
    return scattered(hash);
  }

  /** The end of SplitMix64: each bit of the outcome depends on all. */
  private static long scattered(long value) {
    long z = (value ^ (value >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }
}
