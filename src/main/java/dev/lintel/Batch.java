package dev.lintel;

import java.time.Instant;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Many requests in a file, to be asked some time.
 *
 * @param id begins with {@code batch_} or {@code msgbatch_} and sorts by time
 * @param app whose calls its requests are
 * @param endpoint the path that all its requests ask, such as {@code /v1/chat/completions}
 * @param input the file that holds them
 * @param metadata the caller's own notes
 * @param headers of each of its calls
 * @param times when it reached a status
 * @param keepSeconds how long its results are kept; empty for ever
 * @param faults why it could not begin
 * @param handed with whom it is
 */
public record Batch(
    String id,
    String tenant,
    String app,
    String keyId,
    String endpoint,
    String input,
    Map<String, String> metadata,
    Map<String, String> headers,
    Instant created,
    Instant expires,
    Optional<Long> keepSeconds,
    Status status,
    Map<Status, Instant> times,
    Counts counts,
    String output,
    String errors,
    List<Fault> faults,
    Handed handed) {

  /**
   * How far it is handed on to a provider that takes whole batches.
   *
   * @param account names the key under which the provider knows it
   * @param file the provider's own id of the requests; empty where it has none
   * @param id the provider's own; empty before it is known
   */
  public record Handed(
      Stage stage, String provider, String model, String account, String file, String id) {
    public static final Handed UNDECIDED = new Handed(Stage.UNDECIDED, "", "", "", "", "");

    /** The gateway asks the requests one by one. */
    public static final Handed OWN = new Handed(Stage.OWN, "", "", "", "", "");

    public enum Stage {
      UNDECIDED,
      OWN,
      /** Written down before the provider is asked, so that none is handed on twice. */
      BEGUN,
      THERE
    }

    public Handed there(String input, String batch) {
      return new Handed(Stage.THERE, provider, model, account, input, batch);
    }
  }

  public enum Status {
    VALIDATING,
    FAILED,
    IN_PROGRESS,
    FINALIZING,
    COMPLETED,
    EXPIRED,
    CANCELLING,
    CANCELLED;

    /** As OpenAI words it. */
    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }

    /** Whether nothing more will happen to it. */
    public boolean last() {
      return switch (this) {
        case FAILED, COMPLETED, EXPIRED, CANCELLED -> true;
        case VALIDATING, IN_PROGRESS, FINALIZING, CANCELLING -> false;
      };
    }
  }

  /**
   * How far it is.
   *
   * @param failed with those that were not asked
   * @param unasked because the batch was cancelled or its time was over
   */
  public record Counts(long total, long completed, long failed, long unasked) {
    public static final Counts NONE = new Counts(0, 0, 0, 0);
  }

  /**
   * What is wrong with the input file.
   *
   * @param line from 1; 0 where it is none of a single line
   */
  public record Fault(String code, String message, String param, long line) {}

  public Batch {
    metadata = Map.copyOf(metadata);
    headers = Map.copyOf(headers);
    times = Map.copyOf(times);
    faults = List.copyOf(faults);
    // Those that an earlier version wrote down say nothing of it.
    handed = handed == null ? Handed.UNDECIDED : handed;
  }

  /** One of which nobody has decided who works it off. */
  public Batch(
      String id,
      String tenant,
      String app,
      String keyId,
      String endpoint,
      String input,
      Map<String, String> metadata,
      Map<String, String> headers,
      Instant created,
      Instant expires,
      Optional<Long> keepSeconds,
      Status status,
      Map<Status, Instant> times,
      Counts counts,
      String output,
      String errors,
      List<Fault> faults) {
    this(
        id,
        tenant,
        app,
        keyId,
        endpoint,
        input,
        metadata,
        headers,
        created,
        expires,
        keepSeconds,
        status,
        times,
        counts,
        output,
        errors,
        faults,
        Handed.UNDECIDED);
  }

  /** The same from now on in that status. */
  public Batch now(Status next, Instant time) {
    var all = new EnumMap<Status, Instant>(Status.class);
    all.putAll(times);
    all.put(next, time);
    return with(next, all, counts, output, errors, faults, handed);
  }

  public Batch with(Counts counted) {
    return with(status, times, counted, output, errors, faults, handed);
  }

  public Batch with(List<Fault> found) {
    return with(status, times, counts, output, errors, found, handed);
  }

  /**
   * With the files of its results.
   *
   * @param good of those requests that were answered; empty where there is none
   * @param bad of the others; empty where there is none
   */
  public Batch with(String good, String bad) {
    return with(status, times, counts, good, bad, faults, handed);
  }

  public Batch with(Handed now) {
    return with(status, times, counts, output, errors, faults, now);
  }

  /** What changes while a batch lasts. */
  private Batch with(
      Status now,
      Map<Status, Instant> when,
      Counts counted,
      String good,
      String bad,
      List<Fault> found,
      Handed holder) {
    return new Batch(
        id,
        tenant,
        app,
        keyId,
        endpoint,
        input,
        metadata,
        headers,
        created,
        expires,
        keepSeconds,
        now,
        when,
        counted,
        good,
        bad,
        found,
        holder);
  }
}
