package dev.lintel.admin;

import dev.lintel.Failure;
import dev.lintel.Json;
import dev.lintel.Price;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What happened to a call, told from its record alone, of whatever version. Of what the record says
 * nothing nothing is told.
 */
final class Story {
  private final JsonNode call;
  private final ArrayNode told = Json.array();
  private String about = "";

  private Story(JsonNode call) {
    this.call = call;
  }

  /**
   * {@code {request_id, story: [{about, says}], cost, record}}.
   *
   * @param prices of targets by their names, as they are now; empty where there is none of that
   *     name
   */
  static ObjectNode of(JsonNode call, Function<String, Optional<Price>> prices) {
    var story = new Story(call);
    story.caller();
    story.asked();
    story.policy();
    story.choice();
    story.attempts();
    story.adapted();
    story.answer();
    ObjectNode cost = story.used(prices);
    story.timings();
    story.end();
    story.help();
    ObjectNode body = Json.object().put("request_id", story.text("request_id"));
    body.set("story", story.told);
    body.set("cost", cost);
    body.set("record", call);
    return body;
  }

  private void say(String sentence) {
    told.addObject().put("about", about).put("says", sentence);
  }

  private String text(String field) {
    return text(call, field);
  }

  private static String text(JsonNode node, String field) {
    return node.path(field).asString("");
  }

  private boolean has(String field) {
    return !text(field).isEmpty();
  }

  private boolean failed() {
    return has("kind");
  }

  private void caller() {
    about = "caller";
    String who =
        has("app")
            ? "App '" + text("app") + "' of tenant '" + text("tenant") + "' called"
            : "Somebody called whom no key made known";
    String key = has("key_id") ? ", with the key '" + text("key_id") + "'" : "";
    String when = has("time") ? " at " + text("time") : "";
    String user = has("user") ? ", for the user '" + text("user") + "'" : "";
    String useCase = has("use_case") ? ", in the use case '" + text("use_case") + "'" : "";
    say(who + when + key + user + useCase + ".");
    if (has("tags")) {
      say("It was tagged " + text("tags") + ".");
    }
    if (has("shadow_of")) {
      say(
          "No caller made it: it is a shadow, a copy of "
              + text("shadow_of")
              + " for comparison, and nobody was billed for it.");
    }
    if (has("judge_of")) {
      say(
          "No caller made it: it asked a judge how well "
              + text("judge_of")
              + " was answered, on the judge's own budget.");
    }
    if (has("node")) {
      say(
          "It was served by the node '"
              + text("node")
              + "'"
              + (call.has("revision")
                  ? ", under revision " + call.path("revision") + " of the configuration"
                  : "")
              + ".");
    }
  }

  private void asked() {
    about = "request";
    if (!has("model")) {
      say("It was over before a model was asked for.");
      return;
    }
    var asked = new StringBuilder("It asked for the model '").append(text("model")).append('\'');
    if (has("dialect")) {
      asked.append(" in the dialect ").append(text("dialect"));
    }
    asked.append(call.path("stream").asBoolean(false) ? ", as a stream." : ", as a whole reply.");
    say(asked.toString());
    JsonNode request = call.path("request");
    if (request.isObject()) {
      var size = new ArrayList<String>();
      long input = request.path("input_tokens").asLong(0);
      if (input > 0) {
        size.add("about " + counted(input, "token") + " of prompt");
      }
      long most = request.path("max_tokens").asLong(0);
      size.add(
          most > 0 ? "at most " + counted(most, "token") + " of answer" : "no bound on the answer");
      counted(request, "tools", "tool").ifPresent(size::add);
      counted(request, "images", "image").ifPresent(size::add);
      say("The request" + endpoint() + " had " + list(size) + ".");
    }
    JsonNode terms = call.path("terms");
    if (!terms.isEmpty()) {
      var names = new TreeSet<>(terms.propertyNames());
      say(
          "Its terms were "
              + list(names.stream().map(name -> name + " " + text(terms, name)).toList())
              + ".");
    }
    if (text("training").equals("opted_out")) {
      say("Nobody may train a model with what it said.");
    }
  }

  private String endpoint() {
    return has("endpoint") ? " (" + text("endpoint") + ")" : "";
  }

  private static Optional<String> counted(JsonNode request, String field, String one) {
    long count = request.path(field).asLong(0);
    return count > 0 ? Optional.of(counted(count, one)) : Optional.empty();
  }

  private static String counted(long count, String one) {
    return count + " " + one + (count == 1 ? "" : "s");
  }

  private void policy() {
    about = "policy";
    for (JsonNode finding : call.path("policy")) {
      String rule = "The rule " + text(finding, "rule");
      String words = ": " + sentence(text(finding, "message"));
      say(
          switch (text(finding, "mode")) {
            case "observe" -> rule + " only observes, and noted" + words;
            case "warn" -> rule + " warned the caller" + words;
            default ->
                failed() && text(finding, "kind").equals(text("kind"))
                    ? rule + " refused it (" + text("kind") + ")" + words
                    : rule + " was enforced" + words;
          });
    }
  }

  private void choice() {
    about = "targets";
    JsonNode decision = call.path("decision");
    for (JsonNode candidate : decision) {
      if (!text(candidate, "excluded").isEmpty()) {
        say(text(candidate, "target") + " was left out: " + text(candidate, "excluded") + ".");
      }
    }
    for (JsonNode candidate : decision) {
      if (!candidate.path("order").isNumber()) {
        continue;
      }
      String score =
          candidate.path("score").isNumber()
              ? ", with a score of " + candidate.path("score") + " (lower is better)"
              : ", for want of a better one: it was not scored";
      String basis = text(candidate, "basis");
      String policy = text(candidate, "policy");
      say(
          text(candidate, "target")
              + " stood in place "
              + candidate.path("order")
              + score
              + (basis.isEmpty() ? "" : ", for " + basis)
              + (policy.isEmpty() ? "" : "; " + policy)
              + session(text(candidate, "session"))
              + ".");
    }
    long more = call.path("decision_left_out").asLong(0);
    if (more > 0) {
      say(counted(more, "further target") + " stood behind those, and the record names none.");
    }
    if (has("variant")) {
      say(
          text("variant").equals("base")
              ? "It was in no experiment of the model: its variant is base."
              : "It was drawn for the variant '" + text("variant") + "'.");
    }
  }

  private static String session(String words) {
    return words.isEmpty()
        ? ""
        : words.equals("stays") ? "; its session is there" : "; its session " + words;
  }

  private void attempts() {
    about = "attempts";
    JsonNode attempts = call.path("attempts");
    if (attempts.isEmpty()) {
      if (!has("replay_of")) {
        say("Nobody was asked.");
      }
      return;
    }
    Set<String> before = new HashSet<>();
    boolean hedged = false;
    int number = 0;
    for (JsonNode attempt : attempts) {
      number++;
      String target = text(attempt, "target");
      boolean again = !before.add(target);
      String cost = text(attempt, "cost_usd");
      say(
          "Try "
              + number
              + ": "
              + target
              + (again ? " again, which " : " ")
              + outcome(attempt)
              + (cost.isEmpty() ? "" : " It cost " + cost + " USD."));
      hedged |= text(attempt, "kind").equals(Failure.Kind.CANCELLED.word());
    }
    if (hedged && !failed()) {
      say(
          "It was hedged: the tries ran side by side, and the one that answered first ended the"
              + " other.");
    }
  }

  private static String outcome(JsonNode attempt) {
    String time = milliseconds(attempt, "latency_ms").map(ms -> " after " + ms).orElse("");
    String kind = text(attempt, "kind");
    String status =
        attempt.path("status").isNumber() ? "status " + attempt.path("status") : "no status";
    if (kind.isEmpty()) {
      return "answered with " + status + time + ".";
    }
    String message = text(attempt, "message");
    String why = message.isEmpty() ? "." : ": " + quoted(message);
    if (kind.equals(Failure.Kind.CANCELLED.word())) {
      return "was broken off" + time + " (" + status + ")" + why;
    }
    return "failed with " + kind + " (" + status + ")" + time + why;
  }

  private void adapted() {
    about = "adapted";
    JsonNode adapted = call.path("adapted");
    if (!adapted.isEmpty()) {
      say(
          "For the target was adapted: "
              + list(
                  StreamSupport.stream(adapted.spliterator(), false)
                      .map(JsonNode::asString)
                      .toList())
              + ".");
    }
  }

  private void answer() {
    about = "answer";
    if (has("replay_of")) {
      say(
          "The reply of "
              + text("replay_of")
              + " was given again, for the same Idempotency-Key: nobody was asked, and it cost"
              + " nothing.");
    }
    milliseconds(call, "ttft_ms").ifPresent(ms -> say("The first content came after " + ms + "."));
  }

  private ObjectNode used(Function<String, Optional<Price>> prices) {
    about = "cost";
    JsonNode usage = call.path("usage");
    var used = new ArrayList<String>();
    for (var kind : CostParts.KINDS.entrySet()) {
      long tokens = usage.path(kind.getKey()).asLong(0);
      if (tokens > 0) {
        used.add(tokens + " " + kind.getValue());
      }
    }
    long thought = usage.path("reasoning").asLong(0);
    switch (text(usage, "source")) {
      case "provider" -> say("The provider counted " + counts(used, thought) + ".");
      case "estimate" -> say("By estimate, it used " + counts(used, thought) + ".");
      case "none" -> {
        if (!call.path("attempts").isEmpty()) {
          say("Nobody told what it used.");
        }
      }
      default -> {}
    }
    var parts = new CostParts(call, prices);
    parts.sentences().forEach(this::say);
    return parts.json();
  }

  private static String counts(List<String> used, long thought) {
    return used.isEmpty()
        ? "no tokens"
        : list(used)
            + (thought > 0
                ? "; " + counted(thought, "token") + " of the output were reasoning"
                : "");
  }

  private void timings() {
    about = "time";
    JsonNode timings = call.path("timings_us");
    if (timings.isEmpty()) {
      return;
    }
    var stops = new ArrayList<String>();
    timings
        .propertyStream()
        .filter(stop -> !stop.getKey().equals("wait"))
        .forEach(stop -> stops.add(stop.getKey() + " " + stop.getValue()));
    if (!stops.isEmpty()) {
      say("Stop by stop it took, in microseconds: " + String.join(", ", stops) + ".");
    }
    if (timings.path("wait").asLong(0) > 0) {
      say("Of that it waited for room " + timings.path("wait") + " microseconds.");
    }
  }

  private void end() {
    about = "end";
    String time = milliseconds(call, "latency_ms").map(ms -> " after " + ms).orElse("");
    String status = "status " + call.path("status");
    if (!call.has("status")) {
      return;
    }
    if (!failed()) {
      say("It ended" + time + ": the caller got the whole answer, with " + status + ".");
    } else if (text("kind").equals(Failure.Kind.CANCELLED.word())) {
      say("The caller left" + time + ", before the answer was complete.");
    } else if (cut()) {
      say(
          "The stream broke"
              + time
              + ", when the caller had some of the answer and its "
              + status
              + ": it ended with an error, "
              + why());
    } else {
      say("It failed" + time + ": the caller got " + status + ", " + why());
    }
  }

  /** A stream that breaks after its first content has had its status. */
  private boolean cut() {
    return call.path("stream").asBoolean(false)
        && call.path("ttft_ms").isNumber()
        && call.path("status").asInt(0) < 400;
  }

  private String why() {
    return text("kind") + (has("message") ? ": " + quoted(text("message")) : ".");
  }

  private void help() {
    about = "help";
    Arrays.stream(Failure.Kind.values())
        .filter(kind -> kind.word().equals(text("kind")))
        .findFirst()
        .map(Story::help)
        .ifPresent(this::say);
  }

  /** What the caller could do. */
  private static String help(Failure.Kind kind) {
    return switch (kind) {
      case INVALID_REQUEST ->
          "The same request fails again: change what the message names, then call again.";
      case AUTHENTICATION -> "Call with a key, token or signature that is known and has not ended.";
      case PERMISSION ->
          "The same call is refused again: ask for what the app may, or ask an admin to allow it.";
      case NOT_FOUND -> "Ask for a name of GET /v1/models, or for an id that still exists.";
      case PAYLOAD_TOO_LARGE -> "Send less, or ask an admin for a larger limit.";
      case RATE_LIMITED ->
          "Call again when the retry-after of the reply is over, or ask an admin for a larger"
              + " limit.";
      case BUDGET_EXCEEDED ->
          "Call again when the budget's period is over, ask for a cheaper model or a shorter answer,"
              + " or ask an admin for a larger budget.";
      case CONTEXT_LENGTH_EXCEEDED ->
          "Shorten the conversation or max_tokens, or ask for a model with a larger context.";
      case CONTENT_BLOCKED -> "Change the content: the same is blocked again.";
      case UPSTREAM_RATE_LIMITED, UPSTREAM_OVERLOADED, UPSTREAM_UNAVAILABLE, TIMEOUT ->
          "Call again a little later: the same call may be answered then.";
      case UPSTREAM_ERROR ->
          "Look at the tries: what the provider said tells whether to call again or to change the"
              + " configuration of that provider.";
      case CANCELLED -> "Nothing failed here: call again, and wait longer if the answer is wanted.";
      case UNAVAILABLE ->
          "Look at why each target was left out: call again when they are back, or change the terms"
              + " of the call.";
      case INTERNAL -> "Tell who runs this gateway: its log has the request id.";
    };
  }

  private static Optional<String> milliseconds(JsonNode node, String field) {
    return node.path(field).isNumber()
        ? Optional.of(node.path(field).asLong() + " ms")
        : Optional.empty();
  }

  private static String quoted(String message) {
    return "\"" + sentence(message) + "\"";
  }

  private static String sentence(String message) {
    String stripped = message.strip();
    return stripped.endsWith(".") ? stripped : stripped + ".";
  }

  private static String list(List<String> words) {
    return words.size() < 2
        ? String.join("", words)
        : words.subList(0, words.size() - 1).stream().collect(Collectors.joining(", "))
            + " and "
            + words.getLast();
  }

  /** Of money, without zeros that say nothing. */
  static String plain(BigDecimal amount) {
    return amount.signum() == 0 ? "0" : amount.stripTrailingZeros().toPlainString();
  }
}
