package dev.lintel.observe;

import dev.lintel.Account;
import dev.lintel.Answer;
import dev.lintel.Attempt;
import dev.lintel.Counters;
import dev.lintel.Endpoint;
import dev.lintel.Event;
import dev.lintel.Exchange;
import dev.lintel.Failure;
import dev.lintel.Finding;
import dev.lintel.Footing;
import dev.lintel.Health;
import dev.lintel.Leave;
import dev.lintel.Listener;
import dev.lintel.Model;
import dev.lintel.Rollout;
import dev.lintel.Routing;
import dev.lintel.Sample;
import dev.lintel.Target;
import dev.lintel.Tracing;
import dev.lintel.Trail;
import io.prometheus.metrics.config.EscapingScheme;
import io.prometheus.metrics.core.datapoints.CounterDataPoint;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.Gauge;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.expositionformats.ExpositionFormatWriter;
import io.prometheus.metrics.expositionformats.OpenMetricsTextFormatWriter;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import java.util.function.DoubleSupplier;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;

/**
 * Counts for Prometheus what happens to calls and around them, and serves the figures as text: with
 * examples to whoever takes OpenMetrics.
 *
 * <p>Labels hold configured names only: a model that is not configured counts as {@code other}, so
 * that no caller can make series. Their names are part of the contract and written down in {@code
 * docs/metrics.md}.
 */
public final class Metrics implements Listener, Endpoint {
  private static final String OTHER = "other";

  /** Rules that speak against calls are of apps, of which there may be many. */
  private static final int MOST_RULES = 1_000;

  /** Accepted as one of several; Prometheus names it first, and takes any version that there is. */
  private static final String OPEN_METRICS = "application/openmetrics-text";

  private static final ExpositionFormatWriter PLAIN = PrometheusTextFormatWriter.create();
  private static final ExpositionFormatWriter OPEN = OpenMetricsTextFormatWriter.create();

  private record Rule(String rule, String mode, String kind) {
    Rule folded() {
      return new Rule(OTHER, mode, kind);
    }
  }

  private final PrometheusRegistry registry = new PrometheusRegistry();
  private final Counter attempts =
      counter(
          "lintel_attempts_total",
          "Tries at providers, by how they ended: kind is 'ok' or the failure's.",
          "provider",
          "kind");
  private final Counter barred =
      counter(
          "lintel_target_refusals_total",
          "Targets that were wanted but might not be asked, by why.",
          "provider",
          "why");
  private final Counter fallbacks =
      counter(
          "lintel_fallbacks_total",
          "Models that were asked in the place of another one, by why that failed.",
          "model",
          "to",
          "cause");
  private final Counter findings =
      counter(
          "lintel_policy_findings_total",
          "What rules of policies had to say against calls, by what came of it.",
          "rule",
          "mode");
  private final Counter limits =
      counter(
          "lintel_limits_hit_total",
          "Limits and budgets that calls ran into, by the kind of failure that this is or would be.",
          "rule",
          "mode",
          "kind");
  private final Buckets waits =
      new Buckets(
          registry,
          "lintel_queue_wait_seconds",
          "Waits for targets to have room, by how they ended.",
          Buckets.NANOS,
          Buckets.WAITS,
          "model",
          "end");
  private final Buckets appends =
      new Buckets(
          registry,
          "lintel_journal_append_seconds",
          "What putting down the record of a call takes.",
          Buckets.NANOS,
          Buckets.MOMENTS);

  private final Buckets.Cell append = appends.of();
  private final BudgetFigures budgets = new BudgetFigures(registry);
  private final GenAiFigures genAi = new GenAiFigures(registry);
  private final Predicate<String> configured;
  private final CallFigures calls;

  /** The tries that were answered, by provider, so that counting needs no look-up by labels. */
  private final Map<String, CounterDataPoint> answered = new ConcurrentHashMap<>();

  private final Sparing<Rule, CounterDataPoint> found =
      new Sparing<>(MOST_RULES, rule -> findings.labelValues(rule.rule, rule.mode), Rule::folded);

  private final Sparing<Rule, CounterDataPoint> hit =
      new Sparing<>(
          MOST_RULES, rule -> limits.labelValues(rule.rule, rule.mode, rule.kind), Rule::folded);

  /**
   * @param configured whether that is the name of a configured model
   * @param info constant facts of this process, such as its version, as one series
   * @param health of every provider, by name; asked whenever somebody reads the figures
   * @param tracing knows where calls can be found that serve as examples
   */
  public Metrics(
      Predicate<String> configured,
      Map<String, String> info,
      Supplier<Map<String, Health>> health,
      Tracing tracing) {
    this.configured = configured;
    this.calls = new CallFigures(registry, configured, tracing, genAi);
    HealthGauges.register(registry, health);
    JvmFigures.register(registry);
    Gauge.builder()
        .name("lintel_build_info")
        .help("Always 1; its labels say what runs.")
        .labelNames(info.keySet().toArray(String[]::new))
        .register(registry)
        .labelValues(info.values().toArray(String[]::new))
        .set(1);
  }

  private Counter counter(String name, String help, String... labels) {
    return Counter.builder()
        .name(name)
        .help(help)
        .labelNames(labels)
        .withoutExemplars()
        .register(registry);
  }

  /** Is told of budgets. */
  public Counters.Watcher thresholds() {
    return budgets;
  }

  /**
   * Shows how budgets stand.
   *
   * @param accounts of those that are configured, one a budget
   */
  public void budgets(Supplier<List<Account>> accounts, Counters counters) {
    budgets.show(accounts, counters);
  }

  /** Shows which arms of models' splits get no calls. */
  public void watch(Supplier<List<Rollout>> rollouts) {
    GaugeWithCallback.builder()
        .name("lintel_rollout_stopped")
        .help("1 where an arm of a model's split gets no calls, for it failed or was slow.")
        .labelNames("model", "arm")
        .callback(gauge -> {
          for (Rollout rollout : rollouts.get()) {
            for (Rollout.Arm arm : rollout.arms()) {
              gauge.call(arm.stopped().isPresent() ? 1 : 0, rollout.model(), arm.name());
            }
          }
        })
        .register(registry);
  }

  /**
   * Shows how records fare on their way to the store.
   *
   * @param lost how many are
   * @param waiting bytes that are not in the store yet
   */
  public void recording(LongSupplier lost, LongSupplier waiting) {
    CounterWithCallback.builder()
        .name("lintel_records_lost_total")
        .help("Records of calls that are lost: there was no room, or a crash tore them.")
        .callback(counter -> counter.call(lost.getAsLong()))
        .register(registry);
    GaugeWithCallback.builder()
        .name("lintel_journal_bytes")
        .help("What waits in the journal to be brought to the store.")
        .callback(gauge -> gauge.call(waiting.getAsLong()))
        .register(registry);
  }

  /** Shows whether the chains of evidence hold, as they were last looked at. */
  public void evidence(BooleanSupplier intact, LongSupplier entries) {
    GaugeWithCallback.builder()
        .name("lintel_audit_intact")
        .help("1 while all chains of evidence are as they were written; else 0.")
        .callback(gauge -> gauge.call(intact.getAsBoolean() ? 1 : 0))
        .register(registry);
    GaugeWithCallback.builder()
        .name("lintel_audit_entries")
        .help("Entries of the chains of evidence when all of them were last verified.")
        .callback(gauge -> gauge.call(entries.getAsLong()))
        .register(registry);
  }

  /** Shows how many spans a collector has taken, and how many were lost on their way there. */
  public void tracing(LongSupplier exported, LongSupplier dropped) {
    CounterWithCallback.builder()
        .name("lintel_spans_exported_total")
        .help("Spans that a collector has taken.")
        .callback(counter -> counter.call(exported.getAsLong()))
        .register(registry);
    CounterWithCallback.builder()
        .name("lintel_spans_dropped_total")
        .help("Spans that no collector has taken in time.")
        .callback(counter -> counter.call(dropped.getAsLong()))
        .register(registry);
  }

  /**
   * Shows how what calls said fares on its way to the store.
   *
   * @param lost of how many calls it is
   * @param waiting bytes that are not in the store yet
   */
  public void capturing(LongSupplier lost, LongSupplier waiting) {
    CounterWithCallback.builder()
        .name("lintel_payloads_lost_total")
        .help("Calls of which a policy wanted what they said kept, and there was no room.")
        .callback(counter -> counter.call(lost.getAsLong()))
        .register(registry);
    GaugeWithCallback.builder()
        .name("lintel_payloads_waiting_bytes")
        .help("What waits to be sealed and brought to the store.")
        .callback(gauge -> gauge.call(waiting.getAsLong()))
        .register(registry);
  }

  /**
   * Shows what came of the calls that were drawn to be judged.
   *
   * @param outcomes in words
   * @param came how many to each
   * @param usd what judging cost
   */
  public void judging(List<String> outcomes, ToLongFunction<String> came, DoubleSupplier usd) {
    CounterWithCallback.builder()
        .name("lintel_judged_calls_total")
        .help("Calls that were drawn to be judged, by what came of it.")
        .labelNames("outcome")
        .callback(counter ->
            outcomes.forEach(outcome -> counter.call(came.applyAsLong(outcome), outcome)))
        .register(registry);
    CounterWithCallback.builder()
        .name("lintel_judge_cost_usd_total")
        .help("What judging cost in USD, as far as prices are known.")
        .callback(counter -> counter.call(usd.getAsDouble()))
        .register(registry);
  }

  /** Shows how many notices were delivered to webhooks, and how many were lost. */
  public void telling(LongSupplier delivered, LongSupplier lost) {
    CounterWithCallback.builder()
        .name("lintel_webhooks_delivered_total")
        .help("Notices that webhooks have taken.")
        .callback(counter -> counter.call(delivered.getAsLong()))
        .register(registry);
    CounterWithCallback.builder()
        .name("lintel_webhooks_lost_total")
        .help("Notices that did not reach a webhook and are not tried again.")
        .callback(counter -> counter.call(lost.getAsLong()))
        .register(registry);
  }

  @Override
  public void on(Trail trail, Event event) {
    switch (event) {
      case Event.Attempted(Attempt attempt, Target target) -> attempted(trail, attempt, target);
      case Event.Barred(Target target, Leave.Bar bar) ->
          barred.labelValues(target.provider().name(), word(bar.why())).inc();
      case Event.Waited(String model, Event.Waited.End end, long nanos) ->
          waits.of(labelOf(model), word(end)).observe(nanos);
      case Event.FellBack(String model, String to, Routing.Cause cause) ->
          fallbacks.labelValues(labelOf(model), labelOf(to), word(cause)).inc();
      case Event.Found(Finding finding) -> found(finding);
      case Event.Ended ended -> calls.ended(trail, ended);
    }
  }

  private void attempted(Trail trail, Attempt attempt, Target target) {
    boolean known = trail.model().map(Model::name).filter(configured).isPresent();
    genAi.attempted(trail, attempt, target, known);
    String provider = target.provider().name();
    if (attempt.kind().isEmpty()) {
      answered.computeIfAbsent(provider, name -> attempts.labelValues(name, "ok")).inc();
    } else {
      attempts.labelValues(provider, attempt.kind().get().word()).inc();
    }
  }

  /** From now on it is shown whether what the gateway stands on is well. */
  public void standsOn(Supplier<Map<String, Footing>> footings) {
    GaugeWithCallback.builder()
        .name("lintel_footing_well")
        .help("1 where what the gateway stands on is well, such as a shared Redis; else 0.")
        .labelNames("name")
        .callback(figures ->
            footings.get().forEach((name, now) -> figures.call(now.well() ? 1 : 0, name)))
        .register(registry);
  }

  /** Also tells how many calls wait for targets, by model. */
  public void waiting(Supplier<Map<String, Integer>> lengths) {
    GaugeWithCallback.builder()
        .name("lintel_queue_length")
        .help("Calls that wait for targets to have room.")
        .labelNames("model")
        .callback(gauge ->
            lengths
                .get()
                .forEach((model, length) -> {
                  if (configured.test(model)) {
                    gauge.call(length, model);
                  }
                }))
        .register(registry);
  }

  private String labelOf(String model) {
    return configured.test(model) ? model : OTHER;
  }

  private static String word(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }

  private void found(Finding finding) {
    String mode = finding.mode().word();
    found.of(new Rule(finding.rule(), mode, "")).inc();
    if (finding.kind() == Failure.Kind.RATE_LIMITED
        || finding.kind() == Failure.Kind.BUDGET_EXCEEDED) {
      hit.of(new Rule(finding.rule(), mode, finding.kind().word())).inc();
    }
  }

  /** Takes nanoseconds that putting down a record took. */
  public LongConsumer appending() {
    return append::observe;
  }

  /**
   * Also tells how much is under way.
   *
   * @param calls that have begun and not ended
   * @param connections that are open
   */
  public void busy(LongSupplier calls, LongSupplier connections) {
    GaugeWithCallback.builder()
        .name("lintel_calls_under_way")
        .help("Calls that have begun and not ended.")
        .callback(gauge -> gauge.call(calls.getAsLong()))
        .register(registry);
    GaugeWithCallback.builder()
        .name("lintel_connections")
        .help("Connections of clients that are open.")
        .callback(gauge -> gauge.call(connections.getAsLong()))
        .register(registry);
  }

  /** What the metrics of those names say now, each series by itself. */
  public List<Sample> samples(Set<String> names) {
    return Samples.of(registry, names);
  }

  @Override
  public void serve(Exchange exchange) {
    String accepted = exchange.request().headers().get("accept").orElse("");
    ExpositionFormatWriter writer = accepted.contains(OPEN_METRICS) ? OPEN : PLAIN;
    var text = new ByteArrayOutputStream();
    try {
      writer.write(text, registry.scrape(), EscapingScheme.UNDERSCORE_ESCAPING);
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible);
    }
    exchange.answer(new Answer(200, writer.getContentType(), text.toByteArray()), Map.of());
  }
}
