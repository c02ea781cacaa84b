package dev.lintel.main;

import dev.lintel.Account;
import dev.lintel.Allowance;
import dev.lintel.Approvals;
import dev.lintel.Changes.Revision;
import dev.lintel.Counters;
import dev.lintel.Footing;
import dev.lintel.Health;
import dev.lintel.Json;
import dev.lintel.Notice;
import dev.lintel.Notice.Kind;
import dev.lintel.Settings.Difference;
import dev.lintel.Span;
import dev.lintel.Store;
import dev.lintel.Verification;
import dev.lintel.Webhook;
import dev.lintel.config.Config;
import dev.lintel.hook.Webhooks;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import tools.jackson.databind.node.ObjectNode;

/** Finds what people want to hear of, and has it told. */
final class Notices implements AutoCloseable {
  /** Within it all nodes have seen the same. */
  private static final Duration TOGETHER = Duration.ofSeconds(10);

  /** After its period a call may still end, and clocks may be set. */
  private static final Duration LATE = Duration.ofDays(1);

  /** Of what has no period. */
  private static final Duration LONG = Duration.ofDays(400);

  private final InstantSource clock;
  private final Supplier<Map<String, Health>> health;
  private final Supplier<Map<String, Footing>> footings;
  private final Webhooks webhooks;
  private final Map<String, Boolean> rests = new HashMap<>();
  private final Map<String, Boolean> away = new HashMap<>();

  /**
   * @param store asked who is the first; throws {@link dev.lintel.Failure} where it is away
   * @param pauses before each further try
   */
  Notices(
      Supplier<Store> store,
      Supplier<Map<String, Health>> health,
      Supplier<Map<String, Footing>> footings,
      InstantSource clock,
      List<Duration> pauses) {
    this.clock = clock;
    this.health = health;
    this.footings = footings;
    this.webhooks =
        new Webhooks(
            notice ->
                notice
                    .claim()
                    .map(claim -> store.get().first(claim.name(), notice.at(), claim.within()))
                    .orElse(true),
            this::look,
            pauses);
  }

  Webhooks webhooks() {
    return webhooks;
  }

  /** The same, and people hear of thresholds. */
  Counters.Watcher watching(Counters.Watcher other) {
    return (account, period, percent, spent) -> {
      other.passed(account, period, percent, spent);
      if (webhooks.wants(Kind.BUDGET)) {
        webhooks.tell(threshold(account, period, percent, spent));
      }
    };
  }

  private Notice threshold(Account account, Instant period, int percent, long spent) {
    Allowance budget = account.allowance();
    ObjectNode data = Json.object().put("budget", budget.rule()).put("account", account.id());
    data.put("owner", budget.owner()).put("window", budget.span().name());
    data.put("period", period.equals(Instant.EPOCH) ? null : period.toString());
    data.put("percent", percent).put("unit", budget.measure().word());
    data.put("spent", budget.measure().text(spent));
    data.put("limit", budget.measure().text(budget.amount()));
    String name =
        String.join(
            "\n",
            account.id(),
            budget.rule(),
            period.toString(),
            Integer.toString(percent),
            Long.toString(budget.amount()));
    Instant now = clock.instant();
    Duration known =
        budget.span() instanceof Span.Calendar calendar
            ? Duration.between(now, calendar.end(period)).plus(LATE)
            : LONG;
    return Notice.once(known, Kind.BUDGET, name, now, data);
  }

  /** Another configuration is in force on all nodes. */
  void revised(Revision revision, List<Difference> differences) {
    ObjectNode data = Json.object().put("revision", revision.number());
    data.put("by", revision.by()).put("why", revision.why());
    var places = data.putArray("places");
    differences.stream().limit(100).forEach(one -> places.add(Difference.pointer(one.path())));
    webhooks.tell(Notice.own(Kind.CONFIGURATION, clock.instant(), data));
  }

  /** A change waits for a second admin. */
  void asked(Approvals.Request request) {
    ObjectNode data = Json.object().put("id", request.id()).put("by", request.by());
    data.put("what", request.why()).put("until", request.until().toString());
    data.set("places", Json.parse(request.shown()).path("places"));
    webhooks.tell(Notice.own(Kind.APPROVAL, clock.instant(), data));
  }

  /** A chain of evidence is not as it was written: all nodes find that. */
  void brokenEvidence(Verification.Broken broken) {
    ObjectNode data = Json.object().put("node", broken.node()).put("sequence", broken.sequence());
    tell(Kind.AUDIT, broken.node() + "/" + broken.sequence(), data.put("why", broken.why()));
  }

  void use(Config config) {
    List<Webhook> wanted = config.webhooks();
    webhooks.use(wanted);
  }

  private void look() {
    health
        .get()
        .forEach((name, now) -> {
          boolean open = now.word() == Health.Word.COOLING;
          boolean half = now.word() == Health.Word.HALF_OPEN;
          boolean before = rests.getOrDefault(name, false);
          if (open != before && !half) {
            rests.put(name, open);
            ObjectNode data = Json.object().put("provider", name);
            data.put("state", open ? "open" : "closed");
            data.put("until", now.until().map(Instant::toString).orElse(null));
            now.lastFailure()
                .filter(failure -> open)
                .ifPresent(failure -> data.put("kind", failure.kind().word()));
            tell(Kind.BREAKER, name + (open ? "/open" : "/closed"), data);
          }
        });
    Map<String, Footing> known = footings.get();
    known.forEach((name, now) -> {
      if (!now.state().equals(Store.Presence.OPENING.word())) {
        stands(name, now.well());
      }
    });
    // What nobody speaks of any more is well.
    List.copyOf(away.keySet()).stream()
        .filter(name -> !known.containsKey(name))
        .forEach(name -> stands(name, true));
  }

  private void stands(String name, boolean well) {
    boolean before = away.getOrDefault(name, false);
    if (before == well) {
      away.put(name, !well);
      tell(
          Kind.STORE,
          name + (well ? "/back" : "/away"),
          Json.object().put("name", name).put("state", well ? "back" : "away"));
    }
  }

  private void tell(Kind kind, String name, ObjectNode data) {
    webhooks.tell(Notice.within(TOGETHER, kind, name, clock.instant(), data));
  }

  @Override
  public void close() {
    webhooks.close();
  }
}
