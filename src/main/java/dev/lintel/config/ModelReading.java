package dev.lintel.config;

import dev.lintel.Condition;
import dev.lintel.Merging;
import dev.lintel.Percent;
import dev.lintel.Profile;
import dev.lintel.Retry;
import dev.lintel.Routing;
import dev.lintel.Spec;
import dev.lintel.Strategy;
import dev.lintel.Timeouts;
import dev.lintel.config.Config.TargetSpec;
import dev.lintel.config.Document.ModelEntry;
import dev.lintel.config.Document.TargetEntry;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.stream.Stream;

/** One {@code models} entry on its way from words to what they mean. */
final class ModelReading {
  /** Whoever waits longer for others than for the answer has meant another unit. */
  private static final Duration LONGEST_WINDOW = Duration.ofSeconds(10);

  private static final BigDecimal ALL = BigDecimal.valueOf(100);
  private static final BigDecimal USUAL_HEDGES = BigDecimal.valueOf(5);

  private static final String CANARY = "canary";

  /** What {@code x-lintel-variant} says of calls that are no variant's. */
  private static final Set<String> TAKEN = Set.of("base", CANARY);

  /** What a file says elsewhere. */
  interface Around {
    /** A provider that is there; one that is not is reported at that place. */
    boolean isProvider(String name, At<?> at);

    /** How many keys that provider has; 1 where it needs none. */
    int keys(String provider);

    /** Reports a model that is not there. */
    void checkModel(At<String> at);
  }

  private final Faults faults;
  private final Around around;
  private final Breakers breakers;
  private final Spec<Strategy> inOrder;
  private final Condition.Language language;

  ModelReading(
      Faults faults,
      Around around,
      Breakers breakers,
      Spec<Strategy> inOrder,
      Condition.Language language) {
    this.faults = faults;
    this.around = around;
    this.breakers = breakers;
    this.inOrder = inOrder;
    this.language = language;
  }

  /** Empty where the entry has a fault that leaves no target. */
  Optional<Config.ModelSpec> read(String name, ModelEntry entry) {
    List<TargetSpec> targets = targets(entry.targets(), Map.of());
    entry.timeouts().ifPresent(this::checkTimeouts);
    entry
        .strategy()
        .ifPresent(strategy ->
            strategy
                .flaws()
                .forEach(flaw -> faults.add(new Fault(flaw.file(), flaw.line(), flaw.text()))));
    var own = new HashMap<String, Profile>();
    targets.forEach(target -> own.putIfAbsent(target.name(), target.profile()));
    RoutingSpec routing = routing(entry, own, breakers.insists(entry, targets));
    if (targets.isEmpty()) {
      return Optional.empty();
    }
    var model =
        new Config.ModelSpec(
            name,
            targets,
            entry.strategy().orElse(inOrder),
            entry.timeouts().flatMap(At::value).orElse(Timeouts.USUAL),
            retry(entry, Retry.usual(asked(targets, routing))),
            entry.batch().flatMap(this::merging),
            routing);
    breakers.add(entry, model);
    return Optional.of(model);
  }

  /** How many tries it takes to ask everybody to whom a call may go, with each of its keys. */
  private int asked(List<TargetSpec> own, RoutingSpec routing) {
    int arm =
        routing.split().stream()
            .flatMap(split -> split.arms().stream())
            .mapToInt(one -> keys(one.to()))
            .max()
            .orElse(0);
    int rule = routing.rules().stream().mapToInt(one -> keys(one.use())).max().orElse(0);
    return Math.max(keys(own) + arm, rule);
  }

  private int keys(List<TargetSpec> targets) {
    return targets.stream().mapToInt(target -> around.keys(target.provider())).sum();
  }

  private static Retry retry(ModelEntry entry, Retry usual) {
    return entry
        .retry()
        .map(given -> {
          var waits = given.backoff().orElse(new Span(usual.least(), usual.most()));
          return new Retry(
              given.attempts().map(Count::value).orElse(usual.attempts()),
              waits.least(),
              waits.most());
        })
        .orElse(usual);
  }

  private Optional<Merging> merging(At<Document.BatchEntry> at) {
    if (at.value().filter(given -> given.window().compareTo(LONGEST_WINDOW) > 0).isPresent()) {
      faults.add(at, "must have a window of " + LONGEST_WINDOW.toSeconds() + "s at most");
    }
    return at.value().map(given -> new Merging(given.window(), given.size().value()));
  }

  private void checkTimeouts(At<Timeouts> at) {
    at.value()
        .filter(times ->
            Stream.of(
                    times.connect(), times.firstToken(), times.idle(), times.total(), times.write())
                .anyMatch(Duration::isZero))
        .ifPresent(times -> faults.add(at, "must all be longer than 0"));
  }

  private RoutingSpec routing(ModelEntry entry, Map<String, Profile> own, boolean insists) {
    return new RoutingSpec(
        entry.rules().stream().flatMap(rule -> rule(rule, own).stream()).toList(),
        split(entry, own),
        entry
            .shadow()
            .map(given ->
                new RoutingSpec.ShadowSpec(targets(given.to(), own), percent(given.percent()))),
        entry
            .sticky()
            .map(given ->
                new Routing.Sticky(given.on().stream().map(Mark::name).toList(), given.time())),
        entry
            .hedge()
            .map(given ->
                new Routing.Hedge(
                    given.after().time(),
                    share(given.share().map(Percent::value).orElse(USUAL_HEDGES)))),
        entry.queue().map(given -> new Routing.Queueing(given.size().value(), given.longest())),
        entry.coalesce(),
        fallback(entry),
        insists);
  }

  private static double percent(At<Percent> at) {
    return at.value().map(given -> given.value().doubleValue()).orElse(0.0);
  }

  private static double share(BigDecimal percent) {
    return percent.movePointLeft(2).doubleValue();
  }

  private Optional<RoutingSpec.RuleSpec> rule(Document.Rule rule, Map<String, Profile> own) {
    List<TargetSpec> use = targets(rule.use(), own);
    Optional<String> text = rule.condition().value();
    if (text.isEmpty()) {
      return Optional.empty();
    }
    try {
      return Optional.of(new RoutingSpec.RuleSpec(text.get(), language.read(text.get()), use));
    } catch (IllegalArgumentException refused) {
      faults.add(rule.condition(), "is no condition: " + refused.getMessage());
      return Optional.empty();
    }
  }

  private Map<Routing.Cause, List<String>> fallback(ModelEntry entry) {
    var fallback = new EnumMap<Routing.Cause, List<String>>(Routing.Cause.class);
    entry
        .fallback()
        .forEach((cause, models) -> {
          models.forEach(around::checkModel);
          fallback.put(cause, models.stream().flatMap(at -> at.value().stream()).toList());
        });
    return fallback;
  }

  private Optional<RoutingSpec.SplitSpec> split(ModelEntry entry, Map<String, Profile> own) {
    if (entry.canary().isPresent() && entry.variants().isPresent()) {
      faults.add(entry.canary().get(), "must stand alone, or 'variants' in its place");
    }
    Optional<RoutingSpec.SplitSpec> variants =
        entry.variants().flatMap(at -> at.value().flatMap(all -> variants(at, all, own)));
    return entry.canary().flatMap(At::value).map(given -> canary(given, own)).or(() -> variants);
  }

  private RoutingSpec.SplitSpec canary(Document.Canary given, Map<String, Profile> own) {
    var arm =
        new RoutingSpec.ArmSpec(
            CANARY,
            percent(given.percent()),
            given.over().orElse(Duration.ZERO),
            targets(given.to(), own),
            given
                .stopIf()
                .map(stop ->
                    new Routing.StopIf(
                        stop.errors()
                            .map(errors -> OptionalDouble.of(share(errors.value())))
                            .orElseGet(OptionalDouble::empty),
                        stop.p95())));
    return new RoutingSpec.SplitSpec(given.on().orElse(Mark.USER).name(), List.of(arm));
  }

  private Optional<RoutingSpec.SplitSpec> variants(
      At<?> at, Map<String, At<Document.Variant>> all, Map<String, Profile> own) {
    Mark on = Mark.USER;
    var arms = new LinkedHashMap<String, Document.Variant>();
    for (var entry : all.entrySet()) {
      Document.Variant variant = entry.getValue().value().orElse(null);
      if (variant == null) {
        continue;
      }
      if (entry.getKey().equals("on")) {
        on = mark(entry.getValue(), variant);
      } else {
        checkVariant(entry.getKey(), entry.getValue(), variant);
        arms.put(entry.getKey(), variant);
      }
    }
    if (arms.isEmpty()) {
      faults.add(at, "must have a variant or more, such as a: { percent: 50, to: [ … ] }");
      return Optional.empty();
    }
    var made = new ArrayList<RoutingSpec.ArmSpec>();
    BigDecimal each =
        ofThoseLeft(at, arms.values().stream().map(Document.Variant::percent).toList());
    arms.forEach((name, variant) ->
        made.add(
            new RoutingSpec.ArmSpec(
                name,
                variant.percent().map(Percent::value).orElse(each).doubleValue(),
                Duration.ZERO,
                variant.to().map(to -> targets(to, own)).orElse(List.of()),
                Optional.empty())));
    return Optional.of(new RoutingSpec.SplitSpec(on.name(), made));
  }

  private Mark mark(At<?> at, Document.Variant variant) {
    try {
      return Mark.of(variant.to().isEmpty() ? variant.on().orElse("") : "");
    } catch (IllegalArgumentException unknown) {
      faults.add(at, "must be " + Mark.FORM);
      return Mark.USER;
    }
  }

  private void checkVariant(String name, At<?> at, Document.Variant variant) {
    if (variant.on().isPresent()) {
      faults.add(at, "must be a map with 'to'; 'on' stands beside the variants");
    } else if (variant.to().isEmpty()) {
      faults.add(at, "needs the key 'to'");
    }
    if (TAKEN.contains(name)) {
      faults.add(at, "must have another name; 'base' and 'canary' have a meaning of their own");
    } else if (name.isEmpty() || !Providers.isVisible(name)) {
      faults.add(at, "must have a name of visible characters");
    }
  }

  /** The share of each that has none of its own: what the others leave, in equal parts. */
  private BigDecimal ofThoseLeft(At<?> at, List<Optional<Percent>> shares) {
    BigDecimal given =
        shares.stream()
            .flatMap(Optional::stream)
            .map(Percent::value)
            .reduce(BigDecimal.ZERO, BigDecimal::add);
    long without = shares.stream().filter(Optional::isEmpty).count();
    if (given.compareTo(ALL) > 0) {
      faults.add(at, "must have shares of 100% at most in all");
    }
    return without == 0
        ? BigDecimal.ZERO
        : ALL.subtract(given)
            .max(BigDecimal.ZERO)
            .divide(BigDecimal.valueOf(without), 12, RoundingMode.DOWN);
  }

  /**
   * @param own the model's own targets, which say what is left out of one of the same name
   */
  private List<TargetSpec> targets(At<List<TargetEntry>> at, Map<String, Profile> own) {
    if (at.value().filter(List::isEmpty).isPresent()) {
      faults.add(at, "must list one target or more");
    }
    var targets = new ArrayList<TargetSpec>();
    for (TargetEntry entry : at.value().orElse(List.of())) {
      target(entry, own).ifPresent(targets::add);
    }
    return targets;
  }

  private Optional<TargetSpec> target(TargetEntry entry, Map<String, Profile> own) {
    String to = entry.to().value().orElse("");
    int slash = to.indexOf('/');
    if (entry.to().value().isEmpty()) {
      return Optional.empty();
    }
    if (slash < 1 || slash == to.length() - 1) {
      faults.add(entry.to(), "must be a provider and its model, such as openai/gpt-4o-mini");
      return Optional.empty();
    }
    String provider = to.substring(0, slash);
    if (!around.isProvider(provider, entry.to())) {
      return Optional.empty();
    }
    return Optional.of(
        new TargetSpec(
            provider, to.substring(slash + 1), profile(entry, own.getOrDefault(to, Profile.NONE))));
  }

  private static Profile profile(TargetEntry entry, Profile usual) {
    return new Profile(
        entry.weight().map(Count::value).orElse(usual.weight()),
        entry.region().orElse(usual.region()),
        entry.tier().orElse(usual.tier()),
        entry.family().orElse(usual.family()),
        entry.quality().map(given -> OptionalDouble.of(given.value())).orElse(usual.quality()),
        entry.context().map(Tokens::value).orElse(usual.context()),
        entry.concurrent().map(Count::value).orElse(usual.concurrent()));
  }
}
