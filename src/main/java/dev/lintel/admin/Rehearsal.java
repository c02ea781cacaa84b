package dev.lintel.admin;

import dev.lintel.Allowance;
import dev.lintel.Dimension;
import dev.lintel.Failure;
import dev.lintel.Finding;
import dev.lintel.Findings;
import dev.lintel.Measure;
import dev.lintel.Mode;
import dev.lintel.Policy;
import dev.lintel.Ruled;
import dev.lintel.Span;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/**
 * Holds records of calls against a policy that nobody was under, in the calls' own time. A record
 * knows less than a call did: the rest is not held.
 */
final class Rehearsal {
  /** What records keep of a call's terms. */
  private static final Set<String> KEPT_TERMS = Set.of("use_case", "user", "tags");

  private final Policy policy;
  private final RecordedFindings.Sums sums = new RecordedFindings.Sums();
  private final Map<String, Rehearsed> accounts = new HashMap<>();

  Rehearsal(Policy policy) {
    this.policy = policy;
  }

  /** The rules that cannot be told from a record. */
  static List<String> notHeld(Policy policy) {
    var rules = new ArrayList<String>();
    policy.endpoints().forEach(rule -> rules.add(rule.rule()));
    policy.tools().forEach(rule -> rules.add(rule.rule()));
    policy.forced().forEach(rule -> rules.add(rule.rule()));
    policy.maxTokens().forEach(rule -> rules.add(rule.rule()));
    policy.dataClasses().forEach(rule -> rules.add(rule.rule()));
    policy.routing().forEach(rule -> rules.add(rule.rule()));
    policy.retention().forEach(rule -> rules.add(rule.rule()));
    policy.capture().forEach(rule -> rules.add(rule.rule()));
    policy.training().forEach(rule -> rules.add(rule.rule()));
    policy.traces().forEach(rule -> rules.add(rule.rule()));
    policy.required().stream()
        .filter(rule -> !KEPT_TERMS.containsAll(rule.value()))
        .forEach(rule -> rules.add(rule.rule()));
    policy.allowances().stream()
        .filter(allowance -> allowance.per().contains(Dimension.ENDPOINT))
        .forEach(allowance -> rules.add(allowance.rule()));
    return rules;
  }

  /** The next call, which did not begin before the one before it. */
  void hold(JsonNode call) {
    sums.calls++;
    boolean refused = false;
    for (Ruled<Policy.Names> rule : policy.models()) {
      String model = call.path("model").asString("");
      if (!model.isEmpty() && !rule.value().allows(model)) {
        refused |=
            against(
                call,
                rule.rule(),
                rule.mode(),
                Failure.Kind.PERMISSION,
                "The model '" + model + "' would not be allowed.");
      }
    }
    for (Ruled<Policy.Names> rule : policy.providers()) {
      String target = call.path("target").asString("");
      String provider = target.substring(0, Math.max(0, target.indexOf('/')));
      if (!provider.isEmpty() && !rule.value().allows(provider)) {
        // Another target might have been asked: it is no refusal.
        against(
            call,
            rule.rule(),
            rule.mode(),
            Failure.Kind.UNAVAILABLE,
            "The provider '" + provider + "' would not be asked.");
      }
    }
    for (Ruled<Set<String>> rule : policy.required()) {
      for (String term : rule.value()) {
        if (KEPT_TERMS.contains(term) && call.path(term).asString("").isEmpty()) {
          refused |=
              against(
                  call,
                  rule.rule(),
                  rule.mode(),
                  Failure.Kind.INVALID_REQUEST,
                  "The term '" + term + "' would be missing.");
        }
      }
    }
    if (!refused) {
      count(call);
    }
  }

  private boolean against(
      JsonNode call, String rule, Mode mode, Failure.Kind kind, String message) {
    sums.add(call, new Finding(rule, mode, kind, message).json());
    return mode == Mode.ENFORCE;
  }

  private void count(JsonNode call) {
    Instant time = Past.time(call);
    var taken = new ArrayList<Rehearsed>();
    boolean refused = false;
    for (Allowance allowance : policy.allowances()) {
      for (String account : accounts(allowance, call)) {
        Rehearsed counted = accounts.computeIfAbsent(account, fresh -> new Rehearsed(allowance));
        taken.add(counted);
        if (counted.isSpent(time)) {
          boolean rate =
              allowance.span() instanceof Span.Rolling || allowance.span() instanceof Span.Now;
          refused |=
              against(
                  call,
                  allowance.rule(),
                  allowance.mode(),
                  rate ? Failure.Kind.RATE_LIMITED : Failure.Kind.BUDGET_EXCEEDED,
                  "Nothing would be left.");
        }
      }
    }
    if (!refused) {
      taken.forEach(counted -> counted.use(time, call));
    }
  }

  /**
   * One for each combination of the values that the allowance tells apart; none where not meant.
   */
  private static List<String> accounts(Allowance allowance, JsonNode call) {
    List<String> accounts =
        List.of(allowance.rule() + "|" + allowance.measure() + "|" + allowance.span().name());
    for (Dimension dimension : allowance.per()) {
      var more = new ArrayList<String>();
      for (String value : values(dimension, call)) {
        if (allowance.only().isEmpty() || allowance.only().contains(value)) {
          accounts.forEach(account -> more.add(account + "|" + value));
        }
      }
      accounts = more;
    }
    return accounts;
  }

  private static List<String> values(Dimension dimension, JsonNode call) {
    return switch (dimension) {
      case TENANT -> List.of(call.path("tenant").asString(""));
      case APP -> List.of(call.path("tenant").asString("") + "/" + call.path("app").asString(""));
      case KEY -> List.of(call.path("key_id").asString(""));
      case USE_CASE -> List.of(call.path("use_case").asString(""));
      case USER -> List.of(call.path("user").asString(""));
      case MODEL -> List.of(call.path("model").asString(""));
      case ENDPOINT -> List.of();
      case TAG -> List.of(call.path("tags").asString("").split(","));
    };
  }

  Findings.Found found(boolean whole) {
    return new Findings.Found(sums.rows(), sums.calls, whole);
  }

  /** What has been used of one account. */
  private static final class Rehearsed {
    private record Use(Instant until, long amount) {}

    private final Allowance allowance;
    private final Deque<Use> uses = new ArrayDeque<>();
    private long used;
    private Instant period = Instant.MIN;

    Rehearsed(Allowance allowance) {
      this.allowance = allowance;
    }

    boolean isSpent(Instant now) {
      if (allowance.span() instanceof Span.Calendar calendar) {
        Instant start = calendar.start(now);
        if (!start.equals(period)) {
          period = start;
          used = 0;
        }
      } else {
        // Those at once end in another order than they begin; there are few.
        uses.removeIf(use -> {
          boolean over = !use.until.isAfter(now);
          used -= over ? use.amount : 0;
          return over;
        });
      }
      return used >= allowance.amount();
    }

    void use(Instant now, JsonNode call) {
      long amount =
          switch (allowance.measure()) {
            case REQUESTS, CONCURRENT -> 1;
            case TOKENS -> tokens(call.path("usage"));
            case PICO_USD -> pico(call.path("cost_usd").asString(""));
          };
      used += amount;
      switch (allowance.span()) {
        case Span.Rolling(var length) -> uses.add(new Use(now.plus(length), amount));
        case Span.Now() ->
            uses.add(new Use(now.plusMillis(call.path("latency_ms").asLong(0)), amount));
        case Span.Calendar calendar -> {}
        case Span.Total() -> {}
      }
    }

    private static long tokens(JsonNode usage) {
      return usage.path("input").asLong(0)
          + usage.path("output").asLong(0)
          + usage.path("cache_read").asLong(0)
          + usage.path("cache_write").asLong(0)
          + usage.path("cache_write_1h").asLong(0);
    }

    private static long pico(String usd) {
      return usd.isEmpty() ? 0 : Measure.pico(new BigDecimal(usd));
    }
  }
}
