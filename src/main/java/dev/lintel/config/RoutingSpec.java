package dev.lintel.config;

import dev.lintel.Condition;
import dev.lintel.Routing;
import dev.lintel.Target;
import dev.lintel.config.Config.TargetSpec;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** A {@link Routing} as it is configured: its targets are names still. */
public record RoutingSpec(
    List<RuleSpec> rules,
    Optional<SplitSpec> split,
    Optional<ShadowSpec> shadow,
    Optional<Routing.Sticky> sticky,
    Optional<Routing.Hedge> hedge,
    Optional<Routing.Queueing> queue,
    boolean coalesce,
    Map<Routing.Cause, List<String>> fallback,
    boolean insists) {
  public RoutingSpec {
    rules = List.copyOf(rules);
    fallback = Map.copyOf(fallback);
  }

  /** See {@link Routing.Rule}. */
  public record RuleSpec(String text, Condition condition, List<TargetSpec> use) {
    public RuleSpec {
      use = List.copyOf(use);
    }
  }

  /** See {@link Routing.Split}. */
  public record SplitSpec(String on, List<ArmSpec> arms) {
    public SplitSpec {
      arms = List.copyOf(arms);
    }
  }

  /** See {@link Routing.Arm}. */
  public record ArmSpec(
      String name,
      double percent,
      Duration over,
      List<TargetSpec> to,
      Optional<Routing.StopIf> stopIf) {
    public ArmSpec {
      to = List.copyOf(to);
    }

    private Routing.Arm at(Config.Known known) {
      return new Routing.Arm(name, percent, over, targets(to, known), stopIf);
    }
  }

  /** See {@link Routing.Shadow}. */
  public record ShadowSpec(List<TargetSpec> to, double percent) {
    public ShadowSpec {
      to = List.copyOf(to);
    }
  }

  /** Whoever may be asked in the place of the model's own targets, or beside them. */
  Stream<TargetSpec> targets() {
    return Stream.of(
            rules.stream().map(RuleSpec::use),
            split.stream().flatMap(given -> given.arms.stream()).map(ArmSpec::to),
            shadow.stream().map(ShadowSpec::to))
        .flatMap(lists -> lists)
        .flatMap(List::stream);
  }

  Routing at(Config.Known known) {
    var routing =
        new Routing(
            rules.stream()
                .map(rule -> new Routing.Rule(rule.text, rule.condition, targets(rule.use, known)))
                .toList(),
            split.map(given ->
                new Routing.Split(
                    given.on, given.arms.stream().map(arm -> arm.at(known)).toList())),
            shadow.map(given -> new Routing.Shadow(targets(given.to, known), given.percent)),
            sticky,
            hedge,
            queue,
            coalesce,
            fallback,
            insists);
    return routing.equals(Routing.NONE) ? Routing.NONE : routing;
  }

  private static List<Target> targets(List<TargetSpec> specs, Config.Known known) {
    return specs.stream().map(spec -> spec.at(known)).toList();
  }
}
