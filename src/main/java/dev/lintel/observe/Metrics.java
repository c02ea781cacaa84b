package dev.lintel.observe;

import dev.lintel.Account;
import dev.lintel.Answer;
import dev.lintel.Attempt;
import dev.lintel.Counters;
import dev.lintel.Endpoint;
import dev.lintel.Event;
import dev.lintel.Exchange;
import dev.lintel.Finding;
import dev.lintel.Footing;
import dev.lintel.Health;
import dev.lintel.Leave;
import dev.lintel.Listener;
import dev.lintel.Model;
import dev.lintel.Rollout;
import dev.lintel.Target;
import dev.lintel.Trail;
import dev.lintel.Usage;
import io.prometheus.metrics.core.datapoints.CounterDataPoint;
import io.prometheus.metrics.core.datapoints.DistributionDataPoint;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.Gauge;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * Counts calls for Prometheus, and serves the figures as text.
 *
 * <p>Labels hold configured names only: a model that is not configured counts as {@code other}, so
 * that no caller can make series. Their names are part of the contract and written down in {@code
 * docs/metrics.md}.
 */
public final class Metrics implements Listener, Endpoint {
  private static final String OTHER = "other";
  private static final String NONE = "none";
  private static final double[] SECONDS = {
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600
  };

  /** What a series is about; looked up once a call. */
  private record Key(String tenant, String app, String dialect, String model, String provider) {}

  private final PrometheusRegistry registry = new PrometheusRegistry();
  private final Counter calls =
      Counter.builder()
          .name("lintel_calls_total")
          .help("Calls that ended, by how: kind is 'ok' or the failure's.")
          .labelNames("tenant", "app", "dialect", "model", "provider", "kind")
          .register(registry);
  private final Counter tokens =
      Counter.builder()
          .name("lintel_tokens_total")
          .help("Tokens used: input excludes the cache's, output includes reasoning.")
          .labelNames("tenant", "app", "model", "provider", "type")
          .register(registry);
  private final Counter cost =
      Counter.builder()
          .name("lintel_cost_usd_total")
          .help("What calls cost in USD, as far as prices are known.")
          .labelNames("tenant", "app", "model", "provider")
          .register(registry);
  private final Counter unpriced =
      Counter.builder()
          .name("lintel_unpriced_calls_total")
          .help("Calls that used something whose price is not known.")
          .labelNames("model", "provider")
          .register(registry);
  private final Histogram duration =
      Histogram.builder()
          .name("lintel_call_duration_seconds")
          .help("From the request's arrival to the end of the reply.")
          .labelNames("model", "provider")
          .classicOnly()
          .classicUpperBounds(SECONDS)
          .register(registry);
  private final Histogram firstToken =
      Histogram.builder()
          .name("lintel_time_to_first_token_seconds")
          .help("From the request's arrival to the first content of the reply.")
          .labelNames("model", "provider")
          .classicOnly()
          .classicUpperBounds(SECONDS)
          .register(registry);
  private final Counter attempts =
      Counter.builder()
          .name("lintel_attempts_total")
          .help("Tries at providers, by how they ended: kind is 'ok' or the failure's.")
          .labelNames("provider", "kind")
          .register(registry);

  private final Counter barred =
      Counter.builder()
          .name("lintel_target_refusals_total")
          .help("Targets that were wanted but might not be asked, by why.")
          .labelNames("provider", "why")
          .register(registry);
  private final Counter findings =
      Counter.builder()
          .name("lintel_policy_findings_total")
          .help("What rules of policies had to say against calls, by what came of it.")
          .labelNames("rule", "mode")
          .register(registry);
  private final Histogram waits =
      Histogram.builder()
          .name("lintel_queue_wait_seconds")
          .help("Waits for targets to have room, by how they ended.")
          .labelNames("model", "end")
          .classicOnly()
          .classicUpperBounds(SECONDS)
          .register(registry);
  private final Counter shadows =
      Counter.builder()
          .name("lintel_shadow_calls_total")
          .help("Copies of calls for comparison that ended, by how: kind is 'ok' or the failure's.")
          .labelNames("model", "provider", "kind")
          .register(registry);
  private final Counter shadowCost =
      Counter.builder()
          .name("lintel_shadow_cost_usd_total")
          .help("What copies of calls for comparison cost in USD, as far as prices are known.")
          .labelNames("model", "provider")
          .register(registry);

  private final BudgetFigures budgets = new BudgetFigures(registry);
  private final Predicate<String> configured;

  /** The tries that were answered, by provider, so that counting needs no look-up by labels. */
  private final Map<String, CounterDataPoint> answered = new ConcurrentHashMap<>();

  private final Map<Key, Series> series = new ConcurrentHashMap<>();

  /**
   * @param configured whether that is the name of a configured model
   * @param info constant facts of this process, such as its version, as one series
   * @param health of every provider, by name; asked whenever somebody reads the figures
   */
  public Metrics(
      Predicate<String> configured,
      Map<String, String> info,
      Supplier<Map<String, Health>> health) {
    this.configured = configured;
    HealthGauges.register(registry, health);
    Gauge.builder()
        .name("lintel_build_info")
        .help("Always 1; its labels say what runs.")
        .labelNames(info.keySet().toArray(String[]::new))
        .register(registry)
        .labelValues(info.values().toArray(String[]::new))
        .set(1);
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
      case Event.Attempted(Attempt attempt, Target target) ->
          attempted(target.provider().name(), attempt);
      case Event.Barred(Target target, Leave.Bar bar) ->
          barred.labelValues(target.provider().name(), word(bar.why())).inc();
      case Event.Waited(String model, Event.Waited.End end, long nanos) ->
          waits.labelValues(labelOf(model), word(end)).observe(nanos / 1e9);
      case Event.Found(Finding finding) ->
          findings.labelValues(finding.rule(), finding.mode().word()).inc();
      case Event.Ended ended -> end(trail, ended);
    }
  }

  private void attempted(String provider, Attempt attempt) {
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

  private void end(Trail trail, Event.Ended ended) {
    String model = trail.model().map(Model::name).filter(configured).orElse(OTHER);
    String provider = trail.target().map(target -> target.provider().name()).orElse(NONE);
    String kind = ended.failure().map(failure -> failure.kind().word()).orElse("ok");
    if (trail.shadowOf().isPresent()) {
      shadows.labelValues(model, provider, kind).inc();
      trail.cost().ifPresent(usd -> shadowCost.labelValues(model, provider).inc(usd.doubleValue()));
      return;
    }
    var key =
        new Key(
            trail.caller().tenant(),
            trail.caller().app(),
            trail.request().map(request -> request.dialect().name()).orElse(NONE),
            model,
            provider);
    series.computeIfAbsent(key, Series::new).count(trail, kind, ended);
  }

  /** The series of one key, so that counting needs no look-up by labels. */
  private final class Series {
    private final Key key;
    private final CounterDataPoint ok;
    private final CounterDataPoint input;
    private final CounterDataPoint output;
    private final CounterDataPoint cacheRead;
    private final CounterDataPoint cacheWrite;
    private final CounterDataPoint reasoning;
    private final CounterDataPoint costs;
    private final DistributionDataPoint durations;
    private final DistributionDataPoint firstTokens;

    Series(Key key) {
      this.key = key;
      this.ok = calls(key, "ok");
      this.input = tokens(key, "input");
      this.output = tokens(key, "output");
      this.cacheRead = tokens(key, "cache_read");
      this.cacheWrite = tokens(key, "cache_write");
      this.reasoning = tokens(key, "reasoning");
      this.costs = cost.labelValues(key.tenant, key.app, key.model, key.provider);
      this.durations = duration.labelValues(key.model, key.provider);
      this.firstTokens = firstToken.labelValues(key.model, key.provider);
    }

    private CounterDataPoint calls(Key of, String kind) {
      return calls.labelValues(of.tenant, of.app, of.dialect, of.model, of.provider, kind);
    }

    private CounterDataPoint tokens(Key of, String type) {
      return tokens.labelValues(of.tenant, of.app, of.model, of.provider, type);
    }

    void count(Trail trail, String kind, Event.Ended ended) {
      (kind.equals("ok") ? ok : calls(key, kind)).inc();
      Usage usage = trail.usage();
      add(input, usage.input());
      add(output, usage.output());
      add(cacheRead, usage.cacheRead());
      add(cacheWrite, usage.cacheWrite() + usage.cacheWriteHour());
      add(reasoning, usage.reasoning());
      trail
          .cost()
          .ifPresentOrElse(
              usd -> costs.inc(usd.doubleValue()),
              () -> {
                if (usage.source() != Usage.Source.NONE) {
                  unpriced.labelValues(key.model, key.provider).inc();
                }
              });
      durations.observe(ended.durationNanos() / 1e9);
      if (trail.firstContentNanos() >= 0) {
        firstTokens.observe(trail.firstContentNanos() / 1e9);
      }
    }

    private static void add(CounterDataPoint counter, long amount) {
      if (amount > 0) {
        counter.inc(amount);
      }
    }
  }

  @Override
  public void serve(Exchange exchange) {
    var text = new ByteArrayOutputStream();
    try {
      PrometheusTextFormatWriter.create().write(text, registry.scrape());
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible);
    }
    exchange.answer(
        new Answer(200, PrometheusTextFormatWriter.CONTENT_TYPE, text.toByteArray()), Map.of());
  }
}
