package dev.lintel;

import java.math.BigDecimal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What has happened to a call so far: its evidence. Written by the stops on its way and read by the
 * edge for headers and errors, and by listeners at its end; by the call's own thread only.
 */
public final class Trail {
  private final String id;
  private final Instant time;
  private final long started;
  private List<Attempt> attempts = List.of();
  private boolean trying;
  private List<String> adapted = List.of();
  private Usage usage = Usage.UNKNOWN;
  private Caller caller = Caller.UNKNOWN;
  private Terms terms = Terms.NONE;
  private @Nullable Request request;
  private @Nullable Model model;
  private @Nullable Target target;
  private long firstContent;
  private int status = 200;

  /**
   * @param started {@link System#nanoTime} when the request arrived
   */
  public Trail(String id, Instant time, long started) {
    this.id = id;
    this.time = time;
    this.started = started;
  }

  /**
   * Of a call that begins now, under a new id.
   *
   * @param started {@link System#nanoTime} when its request arrived
   */
  public static Trail begin(long started) {
    return new Trail(Ids.request(), Instant.now(), started);
  }

  public String id() {
    return id;
  }

  public Instant time() {
    return time;
  }

  /** {@link System#nanoTime} when the request arrived. */
  public long started() {
    return started;
  }

  /** The caller is known. */
  public void calledBy(Caller known) {
    caller = known;
  }

  /** {@link Caller#UNKNOWN} until a key was recognised. */
  public Caller caller() {
    return caller;
  }

  /** The request has been read, and the model it asks for found. */
  public void asked(Request read, Terms given, Model found) {
    request = read;
    terms = given;
    model = found;
  }

  /** Empty until the request's body was read. */
  public Optional<Request> request() {
    return Optional.ofNullable(request);
  }

  public Terms terms() {
    return terms;
  }

  /** The configured model; empty until the request's body was read. */
  public Optional<Model> model() {
    return Optional.ofNullable(model);
  }

  public void attempted(Attempt attempt) {
    if (attempts.isEmpty()) {
      attempts = new ArrayList<>(2);
    }
    attempts.add(attempt);
    trying = false;
  }

  /** The tries that have ended. */
  public List<Attempt> attempts() {
    return Collections.unmodifiableList(attempts);
  }

  /** How often a target was asked, with the try that is under way. */
  public int tries() {
    return attempts.size() + (trying ? 1 : 0);
  }

  /** A target is asked from now on; what was adapted for an earlier one does not count any more. */
  public void asking(Target next) {
    target = next;
    trying = true;
    adapted = List.of();
    usage = Usage.UNKNOWN;
    status = 200;
  }

  /** The provider answered with that status, which is handed on. */
  public void answered(int given) {
    status = given;
  }

  /** The status of a reply that was handed on; 200 where nobody said another. */
  public int status() {
    return status;
  }

  /** The target that was asked last. */
  public Optional<Target> target() {
    return Optional.ofNullable(target);
  }

  public void adapted(String note) {
    if (adapted.isEmpty()) {
      adapted = new ArrayList<>(2);
    }
    if (!adapted.contains(note)) {
      adapted.add(note);
    }
  }

  /** What the target could not take as it was asked, such as {@code drop:seed}. */
  public List<String> adapted() {
    return Collections.unmodifiableList(adapted);
  }

  public void used(Usage reported) {
    usage = reported;
  }

  public Usage usage() {
    return usage;
  }

  /**
   * What the call cost so far, in USD; empty where the price of what was used is unknown, or
   * nothing is known of what was used.
   */
  public Optional<BigDecimal> cost() {
    return target == null || usage.source() == Usage.Source.NONE
        ? Optional.empty()
        : target.price().cost(usage);
  }

  public void answering(long now) {
    if (firstContent == 0) {
      firstContent = now;
    }
  }

  /** Nanoseconds from the request's arrival to the first content; -1 where there was none. */
  public long firstContentNanos() {
    return firstContent == 0 ? -1 : firstContent - started;
  }
}
