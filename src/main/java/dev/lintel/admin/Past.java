package dev.lintel.admin;

import dev.lintel.Failure;
import dev.lintel.Ids;
import dev.lintel.Service;
import dev.lintel.Usage;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;

/**
 * A call as its record tells of it.
 *
 * @param kind why it failed; empty where it was answered
 * @param inputTokens of its prompt, by the guess that was made before anybody was asked
 * @param maxTokens of its answer; 0 where it did not say
 * @param sized whether the record says what was asked for; else it is told by what was used
 * @param terms all that it brought
 * @param ttftMs -1 where there was no content
 * @param usage {@link Usage#UNKNOWN} where nobody told
 * @param rule of the policy that refused it; empty where none did
 */
public record Past(
    String id,
    Instant time,
    String tenant,
    String app,
    String keyId,
    String dialect,
    String model,
    String target,
    Optional<Failure.Kind> kind,
    String message,
    int status,
    boolean stream,
    long inputTokens,
    long maxTokens,
    boolean sized,
    Map<String, String> terms,
    long ttftMs,
    long latencyMs,
    Usage usage,
    Optional<BigDecimal> cost,
    List<Tried> tries,
    String rule) {
  /** What was asked of one target. */
  public record Tried(
      String target, Optional<Failure.Kind> kind, int status, String message, long latencyMs) {}

  private static final Map<String, Failure.Kind> KINDS =
      Arrays.stream(Failure.Kind.values())
          .collect(Collectors.toUnmodifiableMap(Failure.Kind::word, one -> one));

  /** Where no rule of a policy says so, no configuration would have helped. */
  private static final Set<Failure.Kind> IN_ITSELF =
      EnumSet.of(
          Failure.Kind.INVALID_REQUEST,
          Failure.Kind.AUTHENTICATION,
          Failure.Kind.PAYLOAD_TOO_LARGE,
          Failure.Kind.INTERNAL);

  private static final Set<String> TERMS = Set.of("use_case", "user", "tags");

  static Past of(JsonNode call) {
    JsonNode request = call.path("request");
    Usage usage = usage(call.path("usage"));
    var terms = new HashMap<String, String>();
    call.path("terms")
        .propertyStream()
        .forEach(term -> terms.put(term.getKey(), term.getValue().asString("")));
    for (String term : TERMS) {
      String value = text(call, term);
      if (!value.isEmpty()) {
        terms.put(term, value);
      }
    }
    var tries = new ArrayList<Tried>(2);
    for (JsonNode one : call.path("attempts")) {
      tries.add(
          new Tried(
              text(one, "target"),
              kind(one),
              one.path("status").asInt(0),
              text(one, "message"),
              one.path("latency_ms").asLong(0)));
    }
    return new Past(
        text(call, "request_id"),
        time(call),
        text(call, "tenant"),
        text(call, "app"),
        text(call, "key_id"),
        text(call, "dialect"),
        text(call, "model"),
        text(call, "target"),
        kind(call),
        text(call, "message"),
        call.path("status").asInt(0),
        call.path("stream").asBoolean(false),
        request.isObject() ? request.path("input_tokens").asLong(0) : usage.prompt(),
        request.path("max_tokens").asLong(0),
        request.isObject(),
        terms,
        call.path("ttft_ms").asLong(-1),
        call.path("latency_ms").asLong(0),
        usage,
        call.path("cost_usd").isString()
            ? Optional.of(new BigDecimal(call.path("cost_usd").asString()))
            : Optional.empty(),
        tries,
        rule(call));
  }

  /** When it came, which its id says, too. */
  static Instant time(JsonNode call) {
    try {
      return Instant.parse(text(call, "time"));
    } catch (DateTimeParseException none) {
      return Ids.time(text(call, "request_id")).orElse(Instant.EPOCH);
    }
  }

  private static String text(JsonNode node, String field) {
    return node.path(field).asString("");
  }

  private static Optional<Failure.Kind> kind(JsonNode node) {
    String word = text(node, "kind");
    // A kind of a later version, if it is not known here: it failed all the same.
    return word.isEmpty()
        ? Optional.empty()
        : Optional.of(KINDS.getOrDefault(word, Failure.Kind.INTERNAL));
  }

  private static Usage usage(JsonNode told) {
    String source = text(told, "source");
    if (source.isEmpty() || source.equals(Usage.Source.NONE.word())) {
      return Usage.UNKNOWN;
    }
    return new Usage(
        told.path("input").asLong(0),
        told.path("cache_read").asLong(0),
        told.path("cache_write").asLong(0),
        told.path("cache_write_1h").asLong(0),
        told.path("output").asLong(0),
        told.path("reasoning").asLong(0),
        0,
        0,
        source.equals(Usage.Source.PROVIDER.word())
            ? Usage.Source.PROVIDER
            : Usage.Source.ESTIMATE);
  }

  private static String rule(JsonNode call) {
    String rule = "";
    for (JsonNode finding : call.path("policy")) {
      if (text(finding, "mode").equals("enforce")
          && text(finding, "kind").equals(text(call, "kind"))) {
        rule = text(finding, "rule");
      }
    }
    return rule;
  }

  /** Why that call cannot be made again; empty where it can. */
  static Optional<String> unrepeatable(JsonNode call) {
    String endpoint = text(call, "endpoint");
    if (call.path("shadow_of").isString()) {
      return Optional.of("a shadow, which no caller made");
    }
    if (call.path("judge_of").isString()) {
      return Optional.of("a judge's question, which no caller asked");
    }
    if (call.path("replay_of").isString()) {
      return Optional.of("a reply given again, for which nobody was asked");
    }
    if (text(call, "app").isEmpty()) {
      return Optional.of("its caller was not known");
    }
    if (text(call, "model").isEmpty()) {
      return Optional.of("it was over before a model was asked for");
    }
    if (!endpoint.isEmpty() && !endpoint.equals(Service.CHAT.word())) {
      return Optional.of("it was no chat, but " + endpoint);
    }
    if (endpoint.isEmpty() && text(call, "target").endsWith("/*")) {
      return Optional.of("it was passed through");
    }
    if (call.path("attempts").isEmpty()
        && rule(call).isEmpty()
        && kind(call).filter(IN_ITSELF::contains).isPresent()) {
      return Optional.of("it was refused for what it was in itself: " + text(call, "kind"));
    }
    if (call.path("cost_usd").asString("").equals("0") && paid(call)) {
      return Optional.of("another call paid for its answer, which they had in common");
    }
    return Optional.empty();
  }

  private static boolean paid(JsonNode call) {
    for (JsonNode attempt : call.path("attempts")) {
      String cost = text(attempt, "cost_usd");
      if (!cost.isEmpty() && new BigDecimal(cost).signum() > 0) {
        return true;
      }
    }
    return false;
  }

  public boolean answered() {
    return kind.isEmpty();
  }

  /** Whether nobody was asked, and it was not the caller who left. */
  public boolean refused() {
    return kind.isPresent() && tries.isEmpty() && kind.get() != Failure.Kind.CANCELLED;
  }
}
