package dev.lintel.filter;

import dev.lintel.Call;
import dev.lintel.Failure;
import dev.lintel.Mode;
import dev.lintel.Model;
import dev.lintel.Preference;
import dev.lintel.Ranking;
import dev.lintel.Ruled;
import dev.lintel.Spec;
import dev.lintel.Strategy;
import dev.lintel.Target;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Has a model's targets asked in the order that the caller's policy wants. Of several rules the one
 * furthest below is the last word: its strategy counts, and by what it prefers targets are told
 * apart first.
 *
 * <p>Outlives reloads: what a policy's strategy has learned of a model need not be learned again.
 */
public final class Preferences {
  /**
   * @param model empty where the strategy is one for all: what it knows lies in files
   */
  private record Key(String rule, String model, Spec<Strategy> spec) {
    static Key of(Ruled<Preference> rule, String model, Spec<Strategy> spec) {
      return new Key(rule.rule(), spec.files().isEmpty() ? model : "", spec);
    }

    boolean replaces(Key other) {
      return rule.equals(other.rule) && model.equals(other.model) && !spec.equals(other.spec);
    }
  }

  private final Map<Key, Strategy> strategies = new ConcurrentHashMap<>();

  /** The same model where no policy prefers anybody. */
  Model of(Call call, Model model) {
    List<Ruled<Preference>> rules = call.trail().policy().routing();
    if (rules.isEmpty()) {
      return model;
    }
    Strategy own = model.strategy();
    return model.by((asked, targets) -> rank(asked, model.name(), own, rules, targets));
  }

  private Ranking rank(
      Call call, String model, Strategy own, List<Ruled<Preference>> rules, List<Target> targets) {
    if (targets.size() < 2) {
      return own.rank(call, targets);
    }
    var held = new ArrayList<Ruled<Preference>>(rules.size());
    for (Ruled<Preference> rule : rules) {
      if (rule.mode() == Mode.ENFORCE) {
        held.add(rule);
      }
    }
    Ranking plain = scored(call, model, own, held, targets);
    Ranking ranking = within(plain, held, targets);
    if (!call.trail().beside()) {
      moved(call, held, targets, plain, ranking);
      if (held.size() < rules.size()) {
        supposed(call, model, rules, targets, plain, ranking);
      }
    }
    return ranking;
  }

  /** As the lowest strategy has it, or the model's own. */
  private Ranking scored(
      Call call, String model, Strategy own, List<Ruled<Preference>> rules, List<Target> targets) {
    for (Ruled<Preference> rule : rules.reversed()) {
      if (rule.value().strategy().isPresent()) {
        return scored(call, model, rule, rule.value().strategy().get(), targets);
      }
    }
    return own.rank(call, targets);
  }

  private Ranking scored(
      Call call, String model, Ruled<Preference> rule, Spec<Strategy> spec, List<Target> targets) {
    Preference preference = rule.value();
    return strategy(Key.of(rule, model, spec))
        .rank(
            call,
            preference.weights().isEmpty()
                ? targets
                : targets.stream().map(preference::weighed).toList());
  }

  private Strategy strategy(Key key) {
    Strategy known = strategies.get(key);
    return known == null ? made(key) : known;
  }

  private synchronized Strategy made(Key key) {
    Strategy known = strategies.get(key);
    if (known != null) {
      return known;
    }
    Strategy made = key.spec.build();
    for (Map.Entry<Key, Strategy> other : strategies.entrySet()) {
      if (key.replaces(other.getKey())) {
        made = made.following(other.getValue());
      }
    }
    strategies.keySet().removeIf(key::replaces);
    strategies.put(key, made);
    return made;
  }

  /**
   * These are the rules of a configuration that is in force from now on. Reads the files that their
   * strategies name.
   */
  public void begin(Collection<Ruled<Preference>> rules) {
    Set<String> names = rules.stream().map(Ruled::rule).collect(Collectors.toSet());
    strategies.keySet().removeIf(key -> !names.contains(key.rule) || !key.spec.files().isEmpty());
    for (Ruled<Preference> rule : rules) {
      rule.value()
          .strategy()
          .filter(spec -> !spec.files().isEmpty())
          .ifPresent(spec -> made(Key.of(rule, "", spec)));
    }
  }

  private static Ranking within(
      Ranking plain, List<Ruled<Preference>> rules, List<Target> targets) {
    if (rules.isEmpty()) {
      return plain;
    }
    IntFunction<String> words = index -> words(rules, targets.get(index));
    return plain.within(places(rules, targets), words);
  }

  /** By the rule furthest below first; {@code null} where no rule tells them apart. */
  private static long @Nullable [] places(List<Ruled<Preference>> rules, List<Target> targets) {
    long[] places = null;
    for (Ruled<Preference> rule : rules.reversed()) {
      Preference preference = rule.value();
      if (preference.sorts()) {
        places = places == null ? new long[targets.size()] : places;
        for (int i = 0; i < places.length; i++) {
          places[i] = places[i] * preference.places() + preference.place(targets.get(i));
        }
      }
    }
    return places;
  }

  private static String words(List<Ruled<Preference>> rules, Target target) {
    var words = new StringBuilder();
    boolean chosen = false;
    for (Ruled<Preference> rule : rules.reversed()) {
      Preference preference = rule.value();
      String said = preference.words(target);
      if (preference.strategy().isPresent() && !chosen) {
        chosen = true;
        said += (said.isEmpty() ? "" : ", ") + preference.strategy().get().word();
      }
      if (!said.isEmpty()) {
        words.append(words.isEmpty() ? "" : "; ").append(rule.rule()).append(": ").append(said);
      }
    }
    return words.toString();
  }

  /** Notes the rule by which another is asked first than would have been. */
  private static void moved(
      Call call,
      List<Ruled<Preference>> rules,
      List<Target> targets,
      Ranking plain,
      Ranking ranking) {
    int before = first(plain, targets);
    int after = first(ranking, targets);
    if (before == after) {
      return;
    }
    for (Ruled<Preference> rule : rules.reversed()) {
      Preference preference = rule.value();
      if (preference.place(targets.get(after)) < preference.place(targets.get(before))) {
        note(call, rule, "has", targets.get(after), targets.get(before));
        return;
      }
    }
  }

  /** Notes those that are not enforced and would have another asked first. */
  private void supposed(
      Call call,
      String model,
      List<Ruled<Preference>> rules,
      List<Target> targets,
      Ranking plain,
      Ranking ranking) {
    int now = first(ranking, targets);
    for (int i = 0; i < rules.size(); i++) {
      Ruled<Preference> rule = rules.get(i);
      if (rule.mode() != Mode.ENFORCE) {
        var with = new ArrayList<Ruled<Preference>>(rules.size());
        boolean overruled = false;
        for (int other = 0; other < rules.size(); other++) {
          if (other == i || rules.get(other).mode() == Mode.ENFORCE) {
            with.add(rules.get(other));
            overruled |= other > i && rules.get(other).value().strategy().isPresent();
          }
        }
        Ranking scored =
            rule.value().strategy().isEmpty() || overruled
                ? plain
                : scored(call, model, rule, rule.value().strategy().get(), targets);
        int then = first(within(scored, with, targets), targets);
        if (then != now) {
          note(call, rule, "would have", targets.get(then), targets.get(now));
        }
      }
    }
  }

  private static int first(Ranking ranking, List<Target> targets) {
    return ranking.best(targets.size(), new boolean[targets.size()]);
  }

  private static void note(
      Call call, Ruled<Preference> rule, String has, Target first, Target other) {
    if (!call.trail().told(rule.rule())) {
      rule.noted(
          call.trail(),
          Failure.of(
                  Failure.Kind.PERMISSION,
                  "This app's policy "
                      + has
                      + " '"
                      + first.name()
                      + "' asked before '"
                      + other.name()
                      + "'.")
              .code("policy"));
    }
  }
}
