package dev.lintel.dialect;

import dev.lintel.Failure;
import dev.lintel.Failure.Again;
import dev.lintel.Failure.Blame;
import dev.lintel.Failure.Kind;
import dev.lintel.Headers;
import dev.lintel.Json;
import dev.lintel.RetryAfter;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * What a provider's error means, whatever its dialect: by its own words where they are precise, by
 * its HTTP status else.
 */
final class ProviderErrors {
  private static final int LONGEST_MESSAGE = 4000;

  private record Meaning(Kind kind, Again again, Optional<Blame> blame) {
    Meaning(Kind kind, Again again) {
      this(kind, again, Optional.empty());
    }
  }

  private static final Meaning CONTEXT = new Meaning(Kind.CONTEXT_LENGTH_EXCEEDED, Again.NOWHERE);
  private static final Meaning BLOCKED = new Meaning(Kind.CONTENT_BLOCKED, Again.NOWHERE);
  private static final Meaning LIMITED = new Meaning(Kind.UPSTREAM_RATE_LIMITED, Again.HERE);
  private static final Meaning SPENT = new Meaning(Kind.UPSTREAM_RATE_LIMITED, Again.ELSEWHERE);
  private static final Meaning OVERLOADED = new Meaning(Kind.UPSTREAM_OVERLOADED, Again.HERE);
  private static final Meaning UNAVAILABLE = new Meaning(Kind.UPSTREAM_UNAVAILABLE, Again.HERE);
  private static final Meaning TIMEOUT = new Meaning(Kind.TIMEOUT, Again.HERE);
  private static final Meaning ERROR = new Meaning(Kind.UPSTREAM_ERROR, Again.HERE);
  private static final Meaning DENIED =
      new Meaning(Kind.UPSTREAM_ERROR, Again.ELSEWHERE, Optional.of(Blame.KEY));
  private static final Meaning MISPLACED = new Meaning(Kind.UPSTREAM_ERROR, Again.ELSEWHERE);
  private static final Meaning UNSUITED =
      new Meaning(Kind.UPSTREAM_ERROR, Again.ELSEWHERE, Optional.of(Blame.NOBODY));
  private static final Meaning CONFLICT =
      new Meaning(Kind.UPSTREAM_ERROR, Again.HERE, Optional.of(Blame.NOBODY));
  private static final Meaning MISSING = new Meaning(Kind.NOT_FOUND, Again.ELSEWHERE);
  private static final Meaning TOO_LARGE = new Meaning(Kind.PAYLOAD_TOO_LARGE, Again.NOWHERE);
  private static final Meaning INVALID = new Meaning(Kind.INVALID_REQUEST, Again.NOWHERE);

  /** Codes and types that say more than the status they come with. */
  private static final Map<String, Meaning> PRECISE =
      Map.ofEntries(
          Map.entry("context_length_exceeded", CONTEXT),
          Map.entry("context_window_exceeded", CONTEXT),
          Map.entry("model_context_window_exceeded", CONTEXT),
          Map.entry("exceed_context_size_error", CONTEXT),
          Map.entry("content_policy_violation", BLOCKED),
          Map.entry("content_filter", BLOCKED),
          Map.entry("moderation_blocked", BLOCKED),
          Map.entry("data_inspection_failed", BLOCKED),
          Map.entry("datainspectionfailed", BLOCKED),
          Map.entry("responsibleaipolicyviolation", BLOCKED),
          Map.entry("refusal", BLOCKED),
          Map.entry("rate_limit_exceeded", LIMITED),
          Map.entry("rate_limit_error", LIMITED),
          Map.entry("insufficient_quota", SPENT),
          Map.entry("billing_hard_limit_reached", SPENT),
          Map.entry("overloaded", OVERLOADED),
          Map.entry("overloaded_error", OVERLOADED),
          Map.entry("provider_overloaded", OVERLOADED),
          Map.entry("engine_overloaded", OVERLOADED),
          Map.entry("server_overloaded", OVERLOADED),
          Map.entry("server_is_overloaded", OVERLOADED),
          Map.entry("slow_down", OVERLOADED),
          Map.entry("model_not_found", MISSING),
          Map.entry("deploymentnotfound", MISSING),
          Map.entry("invalid_api_key", DENIED),
          Map.entry("account_deactivated", DENIED),
          Map.entry("payment_required", DENIED),
          Map.entry("previous_response_not_found", INVALID),
          Map.entry("image_content_policy_violation", BLOCKED),
          Map.entry("request_too_large", TOO_LARGE),
          Map.entry("throttlingexception", LIMITED),
          Map.entry("servicequotaexceededexception", SPENT),
          Map.entry("modelnotreadyexception", OVERLOADED),
          Map.entry("modeltimeoutexception", TIMEOUT),
          Map.entry("modelerrorexception", ERROR),
          Map.entry("modelstreamerrorexception", ERROR));

  /** Codes and types that only tell what a status would tell, where there is none. */
  private static final Map<String, Meaning> GENERAL =
      Map.ofEntries(
          Map.entry("invalid_request_error", INVALID),
          Map.entry("invalid_request", INVALID),
          Map.entry("invalid_prompt", INVALID),
          Map.entry("invalid_image", INVALID),
          Map.entry("invalid_base64_image", INVALID),
          Map.entry("invalid_image_url", INVALID),
          Map.entry("vector_store_timeout", TIMEOUT),
          Map.entry("invalid_argument", INVALID),
          Map.entry("failed_precondition", INVALID),
          Map.entry("authentication_error", DENIED),
          Map.entry("authentication", DENIED),
          Map.entry("unauthenticated", DENIED),
          Map.entry("permission_error", DENIED),
          Map.entry("permission_denied", DENIED),
          Map.entry("billing_error", DENIED),
          Map.entry("not_found_error", MISSING),
          Map.entry("not_found", MISSING),
          Map.entry("payload_too_large", TOO_LARGE),
          Map.entry("resource_exhausted", LIMITED),
          Map.entry("provider_unavailable", UNAVAILABLE),
          Map.entry("service_unavailable", UNAVAILABLE),
          Map.entry("unavailable", UNAVAILABLE),
          Map.entry("timeout", TIMEOUT),
          Map.entry("timeout_error", TIMEOUT),
          Map.entry("deadline_exceeded", TIMEOUT));

  /**
   * What a refused request says where its code does not: most OpenAI-compatible servers give none.
   */
  private static final Map<String, Meaning> PHRASES =
      Map.ofEntries(
          Map.entry("maximum context length", CONTEXT),
          Map.entry("maximum prompt length", CONTEXT),
          Map.entry("context length exceeded", CONTEXT),
          Map.entry("exceeds the context window", CONTEXT),
          Map.entry("exceed context limit", CONTEXT),
          Map.entry("exceeds the available context size", CONTEXT),
          Map.entry("prompt is too long", CONTEXT),
          Map.entry("input is too long", CONTEXT),
          Map.entry("too many tokens", CONTEXT),
          Map.entry("input tokens exceed", CONTEXT),
          Map.entry("input token count", CONTEXT),
          Map.entry("range of input length should be", CONTEXT),
          Map.entry("content management policy", BLOCKED),
          Map.entry("content filtering policy", BLOCKED),
          Map.entry("violating our usage policy", BLOCKED),
          Map.entry("rejected as a result of our safety system", BLOCKED),
          Map.entry("rejected by the safety system", BLOCKED),
          Map.entry("responsible ai practices", BLOCKED),
          Map.entry("inappropriate content", BLOCKED),
          Map.entry("incorrect api key", DENIED),
          Map.entry("invalid api key", DENIED),
          Map.entry("api key not valid", DENIED));

  /** Every quantifier is possessive, so each is linear. */
  private static final List<Pattern> SECRETS =
      List.of(
          Pattern.compile(
              "\\b(sk-|sk_|rk-|gsk_|xai-|pplx-|nvapi-|hf_|r8_|fw_|AIza|AKIA|ya29\\.)[\\w.*-]{6,}+"),
          Pattern.compile("(?i)\\b(bearer\\s{1,9}+)[^\\s\"',;]++"),
          Pattern.compile("(?i)\\b((?:api[ _-]?)?key=)[^\\s\"'&,;]++"),
          Pattern.compile(
              "(?i)\\b(api[ _-]?key(?: provided)?[\"']?\\s{0,9}+[:=]\\s{0,9}+[\"']?)[^\\s\"'&,;]++"));

  private ProviderErrors() {}

  /** What an error reply means: by its JSON, or by its status alone where it has none. */
  static Failure read(
      int status, Headers headers, byte[] body, Function<JsonNode, Failure> dialect) {
    JsonNode tree;
    try {
      tree = Json.parse(body, 0, body.length);
    } catch (JacksonException notJson) {
      return of(status, headers, "", "", "");
    }
    return dialect.apply(tree);
  }

  /**
   * The failure that an error reply, or an error inside a reply with status 200, stands for.
   *
   * @param status the HTTP status. Inside a 200 give what the error itself names as its status, if
   *     it does: the failure is classed, and its key rested, by that
   * @param code the provider's most precise word, empty where none
   * @param type its word for the class of the error, empty where none
   * @param message its own words; empty where the body was nothing that can be shown
   */
  static Failure of(int status, Headers headers, String code, String type, String message) {
    Meaning meaning = meaning(status, code, type, message);
    Failure failure =
        Failure.of(
                meaning.kind,
                message.isBlank()
                    ? "The provider answered with status " + status + "."
                    : scrub(message))
            .upstream(status)
            .code(code.isEmpty() ? nullIfEmpty(type) : code)
            .retryAfter(RetryAfter.of(headers, waits(meaning.kind), Instant.now()));
    meaning.blame.ifPresent(failure::blame);
    boolean never = headers.get("x-should-retry").filter("false"::equals).isPresent();
    return failure.again(never && meaning.again == Again.HERE ? Again.ELSEWHERE : meaning.again);
  }

  private static Meaning meaning(int status, String code, String type, String message) {
    Meaning precise = PRECISE.get(code.toLowerCase(Locale.ROOT));
    if (precise == null) {
      precise = PRECISE.get(type.toLowerCase(Locale.ROOT));
    }
    if (precise != null) {
      return precise;
    }
    Meaning general = byStatus(status);
    if (general == null) {
      general =
          GENERAL.getOrDefault(
              code.toLowerCase(Locale.ROOT),
              GENERAL.getOrDefault(type.toLowerCase(Locale.ROOT), ERROR));
    }
    if (status == 503 && (isOverload(code) || isOverload(type))) {
      return OVERLOADED;
    }
    if (general.equals(INVALID) || general.equals(TOO_LARGE)) {
      String words = message.toLowerCase(Locale.ROOT);
      for (var phrase : PHRASES.entrySet()) {
        if (words.contains(phrase.getKey())) {
          return phrase.getValue();
        }
      }
    }
    return general;
  }

  /** Whatever a server calls it: {@code model_overloaded}, {@code engine_overloaded_error}, … */
  private static boolean isOverload(String word) {
    String known = word.toLowerCase(Locale.ROOT);
    return known.contains("overload") || known.contains("capacity");
  }

  /** {@code null} where the status reports no error. */
  private static @Nullable Meaning byStatus(int status) {
    return switch (status) {
      case 400, 422 -> INVALID;
      case 401, 402, 403 -> DENIED;
      case 404, 410 -> MISSING;
      case 408, 504 -> TIMEOUT;
      case 409 -> CONFLICT;
      case 413 -> TOO_LARGE;
      case 425, 502, 503 -> UNAVAILABLE;
      case 429 -> LIMITED;
      // Cohere: "a request or response contains a deny-listed token".
      case 498 -> BLOCKED;
      case 529 -> OVERLOADED;
      default -> otherStatus(status);
    };
  }

  private static @Nullable Meaning otherStatus(int status) {
    if (status >= 500) {
      return ERROR;
    }
    // Of this request: a caller must not be able to keep others from the provider with it.
    if (status >= 400) {
      return UNSUITED;
    }
    // Redirects are about the address at which it was asked.
    if (status >= 300) {
      return MISPLACED;
    }
    return null;
  }

  /** Whether the limits' own reset times say when such a failure ends. */
  private static boolean waits(Kind kind) {
    return kind == Kind.UPSTREAM_RATE_LIMITED || kind == Kind.UPSTREAM_OVERLOADED;
  }

  /**
   * The provider's own words, without what looks like a key and not longer than 4,000 characters.
   */
  static String scrub(String message) {
    String text =
        message.length() > LONGEST_MESSAGE ? message.substring(0, LONGEST_MESSAGE) + "…" : message;
    for (Pattern secret : SECRETS) {
      text = secret.matcher(text).replaceAll("$1***");
    }
    return text;
  }

  private static @Nullable String nullIfEmpty(String text) {
    return text.isEmpty() ? null : text;
  }
}
