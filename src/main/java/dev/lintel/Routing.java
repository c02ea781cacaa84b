package dev.lintel;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * What a model's calls may meet on their way beside its targets.
 *
 * @param fallback the models that are asked where this one fails, by why it failed
 * @param insists whether the target that is least bad is asked where all are in trouble
 */
public record Routing(
    List<Rule> rules,
    Optional<Split> split,
    Optional<Shadow> shadow,
    Optional<Sticky> sticky,
    Optional<Hedge> hedge,
    Optional<Queueing> queue,
    boolean coalesce,
    Map<Cause, List<String>> fallback,
    boolean insists) {
  /** Targets and nothing else. */
  public static final Routing NONE =
      new Routing(
          List.of(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          false,
          Map.of(),
          true);

  /** The same where the target that is least bad is asked, or not. */
  public Routing insisting(boolean whether) {
    return whether == insists
        ? this
        : new Routing(rules, split, shadow, sticky, hedge, queue, coalesce, fallback, whether);
  }

  /** What of it leads no call away from its targets. */
  public Routing staying() {
    return queue.isEmpty() && insists
        ? NONE
        : new Routing(
            List.of(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            queue,
            false,
            Map.of(),
            insists);
  }

  public Routing {
    rules = List.copyOf(rules);
    fallback = Map.copyOf(fallback);
  }

  /** The same with other copies. */
  public Routing with(Optional<Shadow> copies) {
    return new Routing(rules, split, copies, sticky, hedge, queue, coalesce, fallback, insists);
  }

  /**
   * Other targets for the calls for which it holds.
   *
   * @param text as it is written
   */
  public record Rule(String text, Condition condition, List<Target> use) {
    public Rule {
      use = List.copyOf(use);
    }
  }

  /**
   * Calls are divided among groups of targets; what the arms leave goes to the model's own.
   *
   * @param on by what callers are told apart, so that each stays in its arm: a term, such as {@code
   *     user}
   */
  public record Split(String on, List<Arm> arms) {
    public Split {
      arms = List.copyOf(arms);
    }
  }

  /**
   * One of a split.
   *
   * @param name {@code canary}, or a variant's
   * @param percent of calls, from 0 to 100
   * @param over how long it takes from 0 to the percentage; zero where it has it at once
   */
  public record Arm(
      String name, double percent, Duration over, List<Target> to, Optional<StopIf> stopIf) {
    public Arm {
      to = List.copyOf(to);
    }
  }

  /**
   * When an arm gets no more calls.
   *
   * @param errors the share of calls that fail, from 0 to 1, above which it stops
   * @param p95 the latency of the 95th of 100 calls above which it stops
   */
  public record StopIf(OptionalDouble errors, Optional<Duration> p95) {}

  /** Targets that are asked the same as a share of the calls, for comparison alone. */
  public record Shadow(List<Target> to, double percent) {
    public Shadow {
      to = List.copyOf(to);
    }
  }

  /**
   * A session stays where it was, for its provider's cache of prompts.
   *
   * @param on by what sessions are told apart; the first that a call has counts
   * @param time how long after its last call a session is remembered
   */
  public record Sticky(List<String> on, Duration time) {
    public Sticky {
      on = List.copyOf(on);
    }
  }

  /**
   * A second target is asked where the first is late.
   *
   * @param after its first content is late; empty: after 95 of its 100 last calls had theirs
   * @param share of the calls that may be asked twice, from 0 to 1
   */
  public record Hedge(Optional<Duration> after, double share) {}

  /**
   * Calls wait for a target whose bound on concurrent calls is reached.
   *
   * @param size how many may wait
   * @param longest how long each may
   */
  public record Queueing(int size, Duration longest) {}

  /** Why another model is asked. */
  public enum Cause {
    CONTEXT_LENGTH,
    CONTENT_POLICY,
    OVERLOADED,
    BUDGET,
    ANY
  }
}
