package dev.lintel;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/**
 * Why a call failed, in words that the caller may see. Anything else that is thrown is a fault of
 * the gateway and becomes {@code INTERNAL} at the edge.
 */
public final class Failure extends RuntimeException {
  /** What went wrong, the HTTP status for it, and where the call may be tried again. */
  public enum Kind {
    INVALID_REQUEST(400, Again.NOWHERE),
    AUTHENTICATION(401, Again.NOWHERE),
    PERMISSION(403, Again.NOWHERE),
    NOT_FOUND(404, Again.ELSEWHERE),
    PAYLOAD_TOO_LARGE(413, Again.NOWHERE),
    RATE_LIMITED(429, Again.NOWHERE),
    BUDGET_EXCEEDED(429, Again.NOWHERE),
    CONTEXT_LENGTH_EXCEEDED(400, Again.NOWHERE),
    CONTENT_BLOCKED(400, Again.NOWHERE),
    UPSTREAM_RATE_LIMITED(429, Again.HERE),
    UPSTREAM_OVERLOADED(503, Again.HERE),
    UPSTREAM_UNAVAILABLE(502, Again.HERE),
    UPSTREAM_ERROR(502, Again.HERE),
    TIMEOUT(504, Again.HERE),
    CANCELLED(499, Again.NOWHERE),
    UNAVAILABLE(503, Again.NOWHERE),
    INTERNAL(500, Again.NOWHERE);

    private final int status;
    private final Again again;

    Kind(int status, Again again) {
      this.status = status;
      this.again = again;
    }

    public int status() {
      return status;
    }

    /** The word of the contract, such as {@code upstream_rate_limited}. */
    public String word() {
      return name().toLowerCase(java.util.Locale.ROOT);
    }
  }

  /** Where a failed call may be tried again. Each value includes those before it. */
  public enum Again {
    /** The same call fails everywhere. */
    NOWHERE,
    /** Another target or another key may answer; the same one will not. */
    ELSEWHERE,
    /** The same target may answer a moment later, too. */
    HERE
  }

  /** Against whom a failure counts, so that it rests and others are asked. */
  public enum Blame {
    /** The request, the caller or the gateway: it says nothing of who was asked. */
    NOBODY,
    /** The key with which the provider was asked, for all its models. */
    KEY,
    /** The model at that provider, whatever the key. */
    MODEL,
    /** The provider, whatever is asked of it. */
    PROVIDER
  }

  private final Kind kind;
  private Again again;
  private int status;
  private @Nullable Blame blame;
  private int upstreamStatus;
  private @Nullable String param;
  private @Nullable String code;
  private @Nullable Duration retryAfter;
  private boolean lasting;

  private Failure(Kind kind, String message, @Nullable Throwable cause) {
    super(message, cause, false, false);
    this.kind = kind;
    this.again = kind.again;
    this.status = kind.status;
  }

  public static Failure of(Kind kind, String message) {
    return new Failure(kind, message, null);
  }

  public static Failure of(Kind kind, String message, Throwable cause) {
    return new Failure(kind, message, cause);
  }

  public static Failure invalid(String message) {
    return of(Kind.INVALID_REQUEST, message);
  }

  /** All that a caller is told of a bug. */
  public static Failure internal() {
    return of(Kind.INTERNAL, "The gateway failed to serve this call.");
  }

  /** The caller has left: nobody is to blame and nobody reads the answer. */
  public static Failure cancelled() {
    return of(Kind.CANCELLED, "The caller closed the connection before the answer was complete.");
  }

  /** Names the request's field that is at fault. */
  public Failure at(String field) {
    param = field;
    return this;
  }

  /** Keeps the provider's own word for the failure. */
  public Failure code(@Nullable String word) {
    code = word;
    return this;
  }

  /** Answers the caller with another HTTP status than its kind's, such as 405. */
  public Failure status(int other) {
    status = other;
    return this;
  }

  /** Keeps the HTTP status that the provider gave. */
  public Failure upstream(int status) {
    upstreamStatus = status;
    return this;
  }

  /** Says where the call may be tried again, where it differs from what its kind says. */
  public Failure again(Again where) {
    again = where;
    return this;
  }

  /** Says against whom it counts, where that differs from what its kind and status say. */
  public Failure blame(Blame whom) {
    blame = whom;
    return this;
  }

  /** Keeps how long the provider asked to wait. */
  public Failure retryAfter(Optional<Duration> wait) {
    retryAfter = wait.orElse(null);
    return this;
  }

  /** The same call fails later, too: nothing but another configuration would help. */
  public Failure lasting() {
    lasting = true;
    return this;
  }

  /** The same without those words, wherever the provider repeated them. */
  public Failure without(List<String> secrets) {
    String text = message();
    for (String secret : secrets) {
      text = text.replace(secret, "***");
    }
    if (text.equals(message())) {
      return this;
    }
    var clean = new Failure(kind, text, null);
    clean.again = again;
    clean.status = status;
    clean.blame = blame;
    clean.upstreamStatus = upstreamStatus;
    clean.param = param;
    clean.code = code;
    clean.retryAfter = retryAfter;
    clean.lasting = lasting;
    return clean;
  }

  public Kind kind() {
    return kind;
  }

  /** The HTTP status for the caller, where its dialect has no other. */
  public int status() {
    return status;
  }

  public Again again() {
    return again;
  }

  /** Against whom it counts. */
  public Blame blame() {
    Blame known = blame;
    return known == null ? usualBlame() : known;
  }

  private Blame usualBlame() {
    return switch (kind) {
      case UPSTREAM_RATE_LIMITED -> Blame.KEY;
      case NOT_FOUND, UPSTREAM_OVERLOADED -> Blame.MODEL;
      case UPSTREAM_UNAVAILABLE, UPSTREAM_ERROR, TIMEOUT ->
          switch (upstreamStatus) {
            case 401, 402, 403 -> Blame.KEY;
            default -> Blame.PROVIDER;
          };
      case INVALID_REQUEST,
          AUTHENTICATION,
          PERMISSION,
          PAYLOAD_TOO_LARGE,
          RATE_LIMITED,
          BUDGET_EXCEEDED,
          CONTEXT_LENGTH_EXCEEDED,
          CONTENT_BLOCKED,
          CANCELLED,
          UNAVAILABLE,
          INTERNAL ->
          Blame.NOBODY;
    };
  }

  /** What the gateway says; never empty. */
  public String message() {
    String text = getMessage();
    return text == null || text.isBlank() ? kind.word() : text;
  }

  /** The request's field at fault. */
  public Optional<String> param() {
    return Optional.ofNullable(param);
  }

  /** The provider's own word for the failure, such as {@code model_not_found}. */
  public Optional<String> code() {
    return Optional.ofNullable(code);
  }

  /** The provider's HTTP status; 0 where it gave none. */
  public int upstreamStatus() {
    return upstreamStatus;
  }

  public Optional<Duration> retryAfter() {
    return Optional.ofNullable(retryAfter);
  }

  /** Whether the caller may expect the same call to work later. */
  public boolean retryable() {
    return switch (kind) {
      case RATE_LIMITED,
          UPSTREAM_RATE_LIMITED,
          UPSTREAM_OVERLOADED,
          UPSTREAM_UNAVAILABLE,
          TIMEOUT ->
          true;
      case UNAVAILABLE -> !lasting;
      case UPSTREAM_ERROR -> again == Again.HERE;
      case BUDGET_EXCEEDED -> retryAfter != null;
      default -> false;
    };
  }

  /** The {@code lintel} object that stands in the error of every dialect. */
  public ObjectNode lintel(Trail trail) {
    ObjectNode node = Json.object();
    node.put("kind", kind.word());
    node.put("request_id", trail.id());
    node.put("retryable", retryable());
    if (retryAfter == null) {
      node.putNull("retry_after_ms");
    } else {
      node.put("retry_after_ms", retryAfter.toMillis());
    }
    var attempts = node.putArray("attempts");
    for (Attempt attempt : trail.attempts()) {
      attempts.add(attempt.json());
    }
    if (trail.explains()) {
      node.set("decision", trail.decision().json());
    }
    return node;
  }
}
