package dev.lintel.filter;

import dev.lintel.Call;
import dev.lintel.Extent;
import dev.lintel.Failure;
import dev.lintel.Mode;
import dev.lintel.Ruled;
import dev.lintel.Target;
import dev.lintel.Terms;
import dev.lintel.TokenCounter;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Leaves out the targets that one call may not, must not or cannot ask. */
final class Narrowing {
  /** No model in use has a smaller window than that: what is surely shorter needs no look. */
  private static final long SMALLEST_KNOWN = 4096;

  /** A term by which targets are chosen, and what a target says to it. */
  private record Choice(String term, String words, Function<Target, String> value) {}

  private static final List<Choice> CHOICES =
      List.of(
          new Choice("tier", "of the tier", target -> target.profile().tier()),
          new Choice("model_family", "of the model family", Narrowing::family),
          new Choice("provider", "at the provider", target -> target.provider().name()));

  private final Call call;
  private final TokenCounter counter;
  private @Nullable Need need;
  private @Nullable Failure refusal;

  Narrowing(Call call, TokenCounter counter) {
    this.call = call;
    this.counter = counter;
  }

  /** Whether nothing speaks against any of them, as for nearly every call. */
  static boolean needless(Call call, List<Target> targets) {
    if (!call.caller().residency().isEmpty()
        || !call.terms().values().isEmpty()
        || call.trail().policy().narrows()) {
      return false;
    }
    for (Target target : targets) {
      if (target.profile().context() > 0) {
        return false;
      }
    }
    return targets.size() < 2 || surelyFits(call, targets);
  }

  /** Whether the catalogue knows no target that might be too small; without a look at the text. */
  private static boolean surelyFits(Call call, List<Target> targets) {
    long most = 2 * Extent.most(call.request());
    if (most <= SMALLEST_KNOWN) {
      return true;
    }
    for (Target target : targets) {
      long context = target.traits().context();
      if (context > 0 && context < most) {
        return false;
      }
    }
    return true;
  }

  /**
   * Those that may be asked; the same list where all may. Throws {@link Failure} saying why where
   * none may.
   */
  List<Target> left(List<Target> targets) {
    List<Target> left = among(targets, true);
    if (refusal != null) {
      throw refusal;
    }
    return left;
  }

  /**
   * The same without a word about the others; empty where none may.
   *
   * @param noted whether the others are named in the call's decision
   */
  List<Target> among(List<Target> targets, boolean noted) {
    refusal = null;
    List<Target> left = targets;
    String residency = call.caller().residency();
    if (!residency.isEmpty()) {
      left = staying(left, residency, noted);
    }
    Terms terms = call.terms();
    for (Narrower rule : Narrower.of(call.trail().policy(), terms)) {
      left = ruled(left, rule, noted);
    }
    if (!terms.values().isEmpty()) {
      left = chosen(left, terms, noted);
    }
    left = wideEnough(left, noted);
    return terms.values().isEmpty() ? left : affordable(left, terms, noted);
  }

  private List<Target> staying(List<Target> targets, String residency, boolean noted) {
    return kept(
        targets,
        target -> target.profile().isIn(residency),
        target -> "may not leave " + residency + ": " + place(target),
        noted,
        () ->
            Failure.of(
                    Failure.Kind.UNAVAILABLE,
                    "This app's calls must not leave '"
                        + residency
                        + "' (residency), and "
                        + model()
                        + " has no target there.")
                .code("residency")
                .lasting());
  }

  private List<Target> ruled(List<Target> targets, Narrower rule, boolean noted) {
    Supplier<Failure> none = () -> rule.none("no target of " + model());
    if (rule.mode() == Mode.ENFORCE) {
      return kept(
          targets, rule::allows, target -> "not " + rule.words(), noted, () -> spoken(rule, none));
    }
    if (noted && !call.trail().told(rule.rule()) && targets.stream().noneMatch(rule::allows)) {
      Ruled.noted(call.trail(), rule.rule(), rule.mode(), none.get());
    }
    return targets;
  }

  private Failure spoken(Narrower rule, Supplier<Failure> none) {
    Failure failure = none.get();
    Ruled.noted(call.trail(), rule.rule(), rule.mode(), failure);
    return failure;
  }

  private List<Target> chosen(List<Target> targets, Terms terms, boolean noted) {
    List<Target> left = targets;
    Optional<String> region = terms.get("region");
    if (region.isPresent()) {
      String wanted = region.get();
      left =
          kept(
              left,
              target -> target.profile().isIn(wanted),
              target -> "not in the region " + wanted + ": " + place(target),
              noted,
              () -> none("region", "in the region", wanted));
    }
    for (Choice choice : CHOICES) {
      Optional<String> given = terms.get(choice.term);
      if (given.isPresent()) {
        String wanted = given.get();
        left =
            kept(
                left,
                target -> choice.value.apply(target).equalsIgnoreCase(wanted),
                target -> "not " + choice.words + " " + wanted,
                noted,
                () -> none(choice.term, choice.words, wanted));
      }
    }
    return left;
  }

  private Failure none(String term, String words, String wanted) {
    return Failure.of(
            Failure.Kind.UNAVAILABLE,
            "No target of "
                + model()
                + " is "
                + words
                + " '"
                + wanted
                + "' (the term '"
                + term
                + "').")
        .at(term)
        .lasting();
  }

  private List<Target> wideEnough(List<Target> targets, boolean noted) {
    boolean bounded = false;
    for (Target target : targets) {
      bounded |= target.profile().context() > 0;
    }
    List<Target> left = targets;
    if (bounded) {
      left =
          kept(
              left,
              target -> target.profile().context() == 0 || need().fits(target.profile().context()),
              target -> "its context of " + target.profile().context() + " tokens is too small",
              noted,
              () -> need().tooLong(targets));
    }
    if (left.size() < 2 || surelyFits(call, left)) {
      return left;
    }
    // Catalogues err: what one says alone may not leave a caller with nobody to ask.
    Predicate<Target> fits =
        target ->
            target.profile().context() > 0
                || target.traits().context() == 0
                || need().fits(target.traits().context());
    return left.stream().noneMatch(fits)
        ? left
        : kept(
            left,
            fits,
            target -> "its context of " + target.traits().context() + " tokens is too small",
            noted,
            () -> need().tooLong(targets));
  }

  private List<Target> affordable(List<Target> targets, Terms terms, boolean noted) {
    Optional<BigDecimal> most = terms.maxCostUsd();
    return most.isEmpty()
        ? targets
        : kept(
            targets,
            target -> need().costsAtMost(target, most.get()),
            target -> "would cost more than " + most.get().toPlainString() + " USD",
            noted,
            () ->
                Failure.of(
                        Failure.Kind.BUDGET_EXCEEDED,
                        "Every target of "
                            + model()
                            + " would cost more than the "
                            + most.get().toPlainString()
                            + " USD that the call may (the term 'max_cost_usd').")
                    .at("max_cost_usd"));
  }

  private List<Target> kept(
      List<Target> targets,
      Predicate<Target> may,
      Function<Target, String> whyNot,
      boolean noted,
      Supplier<Failure> none) {
    List<Target> kept = null;
    for (int i = 0; i < targets.size(); i++) {
      Target target = targets.get(i);
      if (may.test(target)) {
        if (kept != null) {
          kept.add(target);
        }
        continue;
      }
      if (kept == null) {
        kept = new ArrayList<>(targets.subList(0, i));
      }
      if (noted) {
        call.trail().decision().excluded(target, whyNot.apply(target));
      }
    }
    if (kept != null && kept.isEmpty() && refusal == null) {
      refusal = none.get();
    }
    return kept == null ? targets : kept;
  }

  private Need need() {
    Need known = need;
    if (known == null) {
      known = new Need(call, counter);
      need = known;
    }
    return known;
  }

  private String model() {
    return "'" + call.resolved().name() + "'";
  }

  private static String place(Target target) {
    String region = target.profile().region();
    return region.isEmpty() ? "its region is not known" : "it is in " + region;
  }

  private static String family(Target target) {
    String said = target.profile().family();
    return said.isEmpty() ? target.facts().family() : said;
  }
}
