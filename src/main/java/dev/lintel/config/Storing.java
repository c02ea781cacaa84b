package dev.lintel.config;

import java.time.Duration;

/** What bounds what is stored, each part as its key of the file has it. Read at the start alone. */
public record Storing(
    Idempotency idempotency, FileBounds files, Batching batches, Recording records) {

  /**
   * Of replies that are given again.
   *
   * @param keep how long one is kept
   * @param reply the largest that is kept
   * @param total the most bytes of all; the oldest go first
   */
  public record Idempotency(Duration keep, Size reply, Size total) {
    public static final Idempotency USUAL =
        new Idempotency(Duration.ofHours(24), new Size(8 << 20), new Size(256 << 20));
  }

  /**
   * @param total the most bytes of all files of a tenant
   */
  public record FileBounds(Size total) {
    public static final FileBounds USUAL = new FileBounds(new Size(10L << 30));
  }

  /**
   * @param concurrent the most requests of all batches that are asked at once
   */
  public record Batching(Count concurrent) {
    public static final Batching USUAL = new Batching(new Count(8));
  }

  /**
   * Of the records of calls.
   *
   * @param keep how long they are kept, in whole days
   * @param whenFull what comes of calls whose records find no room on the disk
   */
  public record Recording(Duration keep, WhenFull whenFull) {
    public static final Recording USUAL = new Recording(Duration.ofDays(30), WhenFull.GO_ON);
  }

  /** What comes of calls whose records find no room. */
  public enum WhenFull {
    /** They are served, and their records are lost. */
    GO_ON,
    /** They are refused. */
    REFUSE
  }
}
