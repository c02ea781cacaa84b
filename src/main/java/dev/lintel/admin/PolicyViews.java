package dev.lintel.admin;

import dev.lintel.Allowance;
import dev.lintel.Answer;
import dev.lintel.Body;
import dev.lintel.CallRecords;
import dev.lintel.CallThread;
import dev.lintel.Dialect;
import dev.lintel.Endpoint;
import dev.lintel.Failure;
import dev.lintel.Findings;
import dev.lintel.Json;
import dev.lintel.Policy;
import dev.lintel.Preference;
import dev.lintel.RawRequest;
import dev.lintel.Ruled;
import dev.lintel.Span;
import dev.lintel.Terms;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import java.util.function.Function;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Which policies hold for whom, and what they had to say against calls. */
public final class PolicyViews {
  /** A place, as an owner of allowances is named, and the policy that stands there. */
  public record Layer(String place, String policy) {}

  /** What holds for a call. */
  public record Held(Policy policy, List<Layer> layers) {}

  /** Says what holds for an app's calls of a use case; empty where there is no such app. */
  @FunctionalInterface
  public interface Source {
    Optional<Held> of(String tenant, String app, String useCase);
  }

  private static final Duration USUAL = Duration.ofDays(7);
  private static final int MOST_EXAMPLES = 5;

  private final Dialect envelope;
  private final Source source;
  private final Findings findings;
  private final CallRecords records;
  private final Function<JsonNode, Policy> candidate;

  /**
   * @param envelope in which failures are told
   * @param candidate a policy by its name, or as it would be written; throws {@link Failure} {@code
   *     INVALID_REQUEST} where it cannot be
   */
  public PolicyViews(
      Dialect envelope,
      Source source,
      Findings findings,
      CallRecords records,
      Function<JsonNode, Policy> candidate) {
    this.envelope = envelope;
    this.source = source;
    this.findings = findings;
    this.records = records;
    this.candidate = candidate;
  }

  /** {@code ?tenant=&app=&use_case=}: every rule with the place where it is written. */
  public Endpoint resolved() {
    return new Question(
        envelope,
        (exchange, trail) -> {
          Map<String, String> query = Listed.only(exchange.request(), "tenant", "app", "use_case");
          String tenant = required(query, "tenant");
          String app = required(query, "app");
          String useCase = query.getOrDefault("use_case", "");
          Held held =
              source
                  .of(tenant, app, useCase)
                  .orElseThrow(() ->
                      Failure.of(
                              Failure.Kind.NOT_FOUND,
                              "There is no app '" + app + "' of a tenant '" + tenant + "'.")
                          .at("app")
                          .code("app_not_found"));
          ObjectNode body = Json.object().put("tenant", tenant).put("app", app);
          body.put("use_case", useCase.isEmpty() ? null : useCase);
          ArrayNode layers = body.putArray("layers");
          held.layers()
              .forEach(layer ->
                  layers.addObject().put("place", layer.place()).put("policy", layer.policy()));
          return Answer.json(200, body.setAll(json(held.policy())));
        });
  }

  private static String required(Map<String, String> query, String name) {
    return Optional.ofNullable(query.get(name))
        .filter(value -> !value.isEmpty())
        .orElseThrow(() -> Failure.invalid("'" + name + "' is missing.").at(name));
  }

  private static ObjectNode json(Policy policy) {
    ObjectNode node = Json.object();
    rules(node, "models", policy.models(), PolicyViews::names);
    rules(node, "providers", policy.providers(), PolicyViews::names);
    rules(node, "endpoints", policy.endpoints(), PolicyViews::names);
    rules(node, "tools", policy.tools(), PolicyViews::names);
    rules(node, "require", policy.required(), (one, terms) -> words(one, "terms", terms));
    rules(
        node, "force", policy.forced(), (one, terms) -> terms.forEach(one.putObject("terms")::put));
    rules(node, "max_tokens", policy.maxTokens(), (one, most) -> one.put("most", most));
    rules(
        node,
        "data_classes",
        policy.dataClasses(),
        (one, classes) -> {
          ObjectNode all = one.putObject("classes");
          classes.forEach((name, to) -> {
            if (to.refused()) {
              all.put(name, "refuse");
            } else {
              ObjectNode where = all.putObject(name);
              words(where, "regions", to.regions());
              words(where, "providers", to.providers());
            }
          });
        });
    rules(node, "routing", policy.routing(), PolicyViews::preference);
    rules(
        node,
        "retention",
        policy.retention(),
        (one, kept) -> {
          kept.records().ifPresent(time -> one.put("records_seconds", time.toSeconds()));
          kept.replies().ifPresent(time -> one.put("replies_seconds", time.toSeconds()));
          kept.files().ifPresent(time -> one.put("files_seconds", time.toSeconds()));
        });
    rules(
        node,
        "capture",
        policy.capture(),
        (one, kept) ->
            one.put("level", kept.level().word()).put("keep_seconds", kept.keep().toSeconds()));
    rules(
        node,
        "training",
        policy.training(),
        (one, out) -> one.put("training", out ? Terms.OPTED_OUT : "allowed"));
    rules(node, "traces", policy.traces(), (one, share) -> one.put("share", share));
    ArrayNode allowances = node.putArray("allowances");
    policy.allowances().forEach(allowance -> write(allowances.addObject(), allowance));
    return node;
  }

  private static void preference(ObjectNode one, Preference preference) {
    preference.strategy().ifPresent(strategy -> one.put("strategy", strategy.word()));
    new TreeMap<>(preference.weights()).forEach(one.putObject("weights")::put);
    preference.order().forEach(one.putArray("order")::add);
    some(one.putObject("prefer"), preference.prefer());
    some(one.putObject("avoid"), preference.avoid());
  }

  private static void some(ObjectNode one, Preference.Some some) {
    words(one, "targets", some.names());
    words(one, "regions", some.regions());
  }

  private static <T> void rules(
      ObjectNode node, String key, List<Ruled<T>> rules, BiConsumer<ObjectNode, T> value) {
    ArrayNode all = node.putArray(key);
    for (Ruled<T> rule : rules) {
      ObjectNode one = all.addObject().put("rule", rule.rule()).put("mode", rule.mode().word());
      value.accept(one, rule.value());
    }
  }

  private static void names(ObjectNode one, Policy.Names names) {
    names.allowed().ifPresent(allowed -> words(one, "allow", allowed));
    words(one, "deny", names.denied());
  }

  private static void words(ObjectNode one, String key, Collection<String> words) {
    new TreeSet<>(words).forEach(one.putArray(key)::add);
  }

  private static void write(ObjectNode node, Allowance allowance) {
    node.put("rule", allowance.rule()).put("mode", allowance.mode().word());
    node.put("owner", allowance.owner());
    node.put("measure", allowance.measure().word());
    switch (allowance.measure()) {
      case PICO_USD -> node.put("amount", allowance.measure().text(allowance.amount()));
      case REQUESTS, TOKENS, CONCURRENT -> node.put("amount", allowance.amount());
    }
    node.put("span", allowance.span().name());
    if (allowance.span() instanceof Span.Calendar calendar) {
      node.put("zone", calendar.zone().getId());
    }
    ArrayNode per = node.putArray("per");
    allowance.per().forEach(dimension -> per.add(dimension.name().toLowerCase(Locale.ROOT)));
    words(node, "only", allowance.only());
    ArrayNode thresholds = node.putArray("thresholds");
    allowance.thresholds().forEach(thresholds::add);
    ObjectNode atLimit = node.putObject("at_limit");
    allowance.atLimit().downgrade().forEach(atLimit.putArray("downgrade")::add);
    atLimit.put("answer", allowance.atLimit().answer().orElse(null));
    atLimit.put("then", allowance.atLimit().approval() ? "approve" : "refuse");
  }

  /** {@code ?from=&to=}: by rule, the most frequent first; the last seven days, usually. */
  public Endpoint report() {
    return new Question(
        envelope,
        (exchange, trail) -> {
          RawRequest asked = exchange.request();
          Listed.only(asked, "from", "to");
          Instant to = Listed.time(asked, "to").orElseGet(Instant::now);
          Instant from = Listed.time(asked, "from").orElse(to.minus(USUAL));
          return report(from, to, findings.between(from, to));
        });
  }

  /**
   * {@code {policy, from, to, tenant, app}}: what a policy that nobody is under would have had to
   * say against the calls of that time, as far as their records tell.
   */
  public Endpoint rehearsal() {
    return new Question(
        envelope, (exchange, trail) -> rehearsed(Body.scan(exchange.request().body())));
  }

  private Answer rehearsed(Body asked) {
    for (String key : asked.keys()) {
      if (!REHEARSAL.contains(key)) {
        throw Failure.invalid(
                "'" + key + "' is none of the fields: " + String.join(", ", REHEARSAL) + ".")
            .at(key);
      }
    }
    JsonNode written =
        asked
            .value("policy")
            .orElseThrow(() -> Failure.invalid("'policy' is missing.").at("policy"));
    Instant to = asked.text("to").map(text -> Listed.time(text, "to")).orElseGet(Instant::now);
    Instant from =
        asked.text("from").map(text -> Listed.time(text, "from")).orElse(to.minus(USUAL));
    Optional<String> app = asked.text("app");
    return CallThread.current()
        .offload(() -> {
          Policy policy = candidate.apply(written);
          var calls = new ArrayList<JsonNode>();
          boolean whole =
              RecordedFindings.each(
                  records,
                  from,
                  to,
                  asked.text("tenant"),
                  call -> {
                    boolean made =
                        !call.has("shadow_of") && !call.has("judge_of") && !call.has("replay_of");
                    if (made && app.map(call.path("app").asString("")::equals).orElse(true)) {
                      calls.add(call);
                    }
                  });
          var rehearsal = new Rehearsal(policy);
          calls.reversed().forEach(rehearsal::hold);
          Answer answer = report(from, to, rehearsal.found(whole));
          ObjectNode body = (ObjectNode) Json.parse(answer.body());
          Rehearsal.notHeld(policy).forEach(body.putArray("not_held")::add);
          return Answer.json(200, body);
        });
  }

  private static final List<String> REHEARSAL = List.of("policy", "from", "to", "tenant", "app");

  /** One answer for what was found, whoever found it. */
  static Answer report(Instant from, Instant to, Findings.Found found) {
    var rules = new LinkedHashMap<List<String>, List<Findings.Row>>();
    for (Findings.Row row : found.rows()) {
      rules
          .computeIfAbsent(List.of(row.rule(), row.mode(), row.kind()), fresh -> new ArrayList<>())
          .add(row);
    }
    ObjectNode body = Json.object();
    ArrayNode data = body.putArray("data");
    rules.values().stream()
        .sorted(Comparator.comparingLong(PolicyViews::calls).reversed())
        .forEach(rows -> write(data.addObject(), rows));
    body.putNull("next");
    body.put("from", from.toString()).put("to", to.toString());
    body.put("calls", found.calls()).put("whole", found.whole());
    return Answer.json(200, body);
  }

  private static long calls(List<Findings.Row> rows) {
    return rows.stream().mapToLong(Findings.Row::calls).sum();
  }

  private static void write(ObjectNode node, List<Findings.Row> rows) {
    Findings.Row any = rows.getFirst();
    node.put("rule", any.rule()).put("mode", any.mode()).put("kind", any.kind());
    node.put("calls", calls(rows));
    rows.stream()
        .map(Findings.Row::first)
        .min(Comparator.naturalOrder())
        .ifPresent(first -> node.put("first", first.toString()));
    rows.stream()
        .map(Findings.Row::last)
        .max(Comparator.naturalOrder())
        .ifPresent(last -> node.put("last", last.toString()));
    node.put("message", any.message());
    ArrayNode callers = node.putArray("callers");
    rows.stream()
        .sorted(Comparator.comparingLong(Findings.Row::calls).reversed())
        .forEach(row ->
            callers
                .addObject()
                .put("tenant", row.tenant())
                .put("app", row.app())
                .put("calls", row.calls()));
    ArrayNode examples = node.putArray("examples");
    rows.stream()
        .flatMap(row -> row.examples().stream())
        .limit(MOST_EXAMPLES)
        .forEach(examples::add);
  }
}
