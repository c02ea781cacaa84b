package dev.lintel.config;

import dev.lintel.Allowance;
import dev.lintel.Capture;
import dev.lintel.Failure;
import dev.lintel.Mode;
import dev.lintel.Policy;
import dev.lintel.Policy.Names;
import dev.lintel.Policy.Whereto;
import dev.lintel.Preference;
import dev.lintel.Retention;
import dev.lintel.Ruled;
import dev.lintel.Service;
import dev.lintel.Spec;
import dev.lintel.Strategy;
import dev.lintel.Terms;
import java.time.Duration;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Finds out who is under which policy: of everybody, of the tenant, of the app and of the use case,
 * each below the one before it.
 */
final class PolicyReading {
  /** What may be checked by those who know models and providers. */
  interface Known {
    /** Reports a name that is no model's. */
    void model(At<String> at);

    /** Reports a name that is no provider's. */
    void provider(At<String> at);

    /** Reports a name that is no provider's and none that a model lists as a target. */
    void target(String name, At<?> at);
  }

  /** In a map of names: the mode of all of them. */
  private static final String MODE = "mode";

  /** What is removed once an hour cannot be kept for less. */
  private static final Duration SHORTEST_CAPTURE = Duration.ofMinutes(1);

  private static final Duration LONGEST_CAPTURE = Duration.ofDays(366);
  private static final Duration USUAL_CAPTURE = Duration.ofDays(7);
  private static final Duration SHORTEST = Duration.ofHours(1);

  private static final Duration LONGEST = Duration.ofDays(36_500);

  private final Faults faults;
  private final Known known;
  private final Storing longest;
  private final Allowances allowances;
  private final Map<String, Policies.Named> named = new TreeMap<>();
  private final Map<String, String> attached = new HashMap<>();

  /** What two policies come to where neither has allowances, so that it is shared. */
  private final Map<Policy, Map<Policy, Policy>> shared = new IdentityHashMap<>();

  /**
   * @param longest how long things are kept whatever a policy says
   */
  PolicyReading(Faults faults, Known known, Storing longest) {
    this.faults = faults;
    this.known = known;
    this.longest = longest;
    this.allowances = new Allowances(faults, known::model);
  }

  Policies read(Document written) {
    written
        .policies()
        .forEach((name, at) -> at.value().ifPresent(entry -> named.put(name, named(at, entry))));
    Policy everybody = below(Policy.NONE, "", written.policy(), List.of());
    var callers = new HashMap<String, Policy.Source>();
    written
        .tenants()
        .forEach((tenant, entry) -> {
          Policy usual =
              below(
                  everybody,
                  tenant,
                  entry.policy(),
                  allowances.of(entry.limits(), entry.budget(), tenant, Mode.ENFORCE));
          entry
              .apps()
              .forEach((name, app) -> {
                Policy.Source source = source(usual, tenant + "/" + name, app);
                if (source != Policy.Source.NONE) {
                  callers.put(tenant + "/" + name, source);
                }
              });
        });
    return new Policies(named, attached, everybody, callers);
  }

  private Policy.Source source(Policy above, String whole, Document.AppEntry app) {
    Policy usual =
        below(
            above,
            whole,
            app.policy(),
            allowances.of(app.limits(), app.budget(), whole, Mode.ENFORCE));
    var others = new LinkedHashMap<String, Policy>();
    app.useCases()
        .forEach((useCase, entry) -> {
          String place = whole + "#" + useCase;
          others.put(
              useCase,
              below(
                  usual,
                  place,
                  entry.policy(),
                  allowances.of(entry.limits(), entry.budget(), place, Mode.ENFORCE)));
        });
    return usual == Policy.NONE && others.isEmpty()
        ? Policy.Source.NONE
        : new Policies.ByUseCase(usual, others);
  }

  /** The policy of that name at that place, and what is allowed there beside it. */
  private Policy below(Policy above, String place, Optional<At<String>> name, List<Allowance> own) {
    Policy policy = above;
    if (name.isPresent() && name.get().value().isPresent()) {
      String word = name.get().value().get();
      Policies.Named found = named.get(word);
      if (found == null) {
        faults.add(
            name.get(),
            "names a policy that is not configured" + Closest.hint(word, named.keySet()));
      } else {
        attached.put(place, word);
        reaches(name.get(), place, found.policy());
        policy = joined(above, owned(found.policy(), place));
      }
    }
    return own.isEmpty() ? policy : policy.and(Policy.counting(own));
  }

  private Policy joined(Policy above, Policy below) {
    return above.allowances().isEmpty() && below.allowances().isEmpty()
        ? shared
            .computeIfAbsent(above, fresh -> new IdentityHashMap<>())
            .computeIfAbsent(below, fresh -> above.and(below))
        : above.and(below);
  }

  private static Policy owned(Policy policy, String owner) {
    return policy.allowances().isEmpty()
        ? policy
        : policy.with(policy.allowances().stream().map(allowance -> allowance.of(owner)).toList());
  }

  private Policies.Named named(At<?> at, Document.PolicyEntry entry) {
    Mode usual = entry.mode().orElse(Mode.ENFORCE);
    String place = at.path();
    entry.models().ifPresent(names -> each(names, known::model));
    entry.providers().ifPresent(names -> each(names, known::provider));
    entry.endpoints().ifPresent(names -> each(names, this::endpoint));
    var policy =
        new Policy(
            names(entry.models(), place + ".models", usual),
            names(entry.providers(), place + ".providers", usual),
            names(entry.endpoints(), place + ".endpoints", usual),
            names(entry.tools(), place + ".tools", usual),
            entry.require().map(terms -> required(terms, place, usual)).stream().toList(),
            forced(entry.force(), place + ".force", usual),
            entry.maxTokens().stream()
                .map(most ->
                    new Ruled<>(
                        most.most().value(), most.mode().orElse(usual), place + ".max_tokens"))
                .toList(),
            classes(entry.dataClasses(), place + ".data_classes", usual),
            entry.routing().flatMap(At::value).stream()
                .map(preferred ->
                    new Ruled<>(
                        preference(preferred), preferred.mode().orElse(usual), place + ".routing"))
                .toList(),
            entry.retention().flatMap(At::value).stream()
                .map(keep ->
                    new Ruled<>(retention(keep), keep.mode().orElse(usual), place + ".retention"))
                .toList(),
            entry.capture().flatMap(At::value).stream()
                .map(kept ->
                    new Ruled<>(capture(kept), kept.mode().orElse(usual), place + ".capture"))
                .toList(),
            entry.training().stream()
                .map(word ->
                    new Ruled<>(
                        word == Document.Training.OPTED_OUT, Mode.ENFORCE, place + ".training"))
                .toList(),
            allowances.of(entry.limits(), entry.budgets(), "", usual));
    return new Policies.Named(policy, entry.approval().isPresent());
  }

  private static void each(Document.Names names, Consumer<At<String>> check) {
    names.allow().ifPresent(allowed -> allowed.forEach(check));
    names.deny().forEach(check);
  }

  private void endpoint(At<String> at) {
    at.value()
        .filter(word -> !Service.words().contains(word))
        .ifPresent(word ->
            faults.add(
                at,
                "must be one of "
                    + String.join(", ", Service.words())
                    + Closest.meant(word, Service.words())));
  }

  private static List<Ruled<Names>> names(
      Optional<Document.Names> written, String rule, Mode usual) {
    return written.stream()
        .map(names ->
            new Ruled<>(
                new Names(names.allow().map(PolicyReading::words), words(names.deny())),
                names.mode().orElse(usual),
                rule))
        .toList();
  }

  private static Set<String> words(List<At<String>> written) {
    return written.stream()
        .flatMap(at -> at.value().stream())
        .collect(Collectors.toUnmodifiableSet());
  }

  private Ruled<Set<String>> required(Document.Required written, String place, Mode usual) {
    for (At<String> at : written.terms()) {
      at.value()
          .filter(term -> !Terms.names().contains(term))
          .ifPresent(term -> faults.add(at, "must be a term" + Closest.hint(term, Terms.names())));
    }
    return new Ruled<>(words(written.terms()), written.mode().orElse(usual), place + ".require");
  }

  private List<Ruled<Map<String, String>>> forced(
      Map<String, At<String>> written, String rule, Mode usual) {
    if (written.isEmpty()) {
      return List.of();
    }
    var terms = new TreeMap<String, String>();
    written.forEach((term, at) -> {
      if (!term.equals(MODE) && at.value().isPresent()) {
        term(term, at, at.value().get()).ifPresent(value -> terms.put(term, value));
      }
    });
    return List.of(new Ruled<>(Map.copyOf(terms), mode(written.get(MODE), usual), rule));
  }

  private Optional<String> term(String term, At<?> at, String value) {
    if (term.equals("use_case")) {
      faults.add(at, "cannot be forced, for it chooses the policy");
      return Optional.empty();
    }
    try {
      return Optional.of(Terms.checked(term, value));
    } catch (Failure wrong) {
      faults.add(
          at,
          Terms.names().contains(term)
              ? "has a value that no call may give: " + wrong.message()
              : "is not a term" + Closest.hint(term, Terms.names()));
      return Optional.empty();
    }
  }

  private Mode mode(@Nullable At<String> at, Mode usual) {
    if (at == null || at.value().isEmpty()) {
      return usual;
    }
    String word = at.value().get();
    for (Mode mode : Mode.values()) {
      if (mode.word().equals(word.toLowerCase(Locale.ROOT))) {
        return mode;
      }
    }
    faults.add(at, "must be one of observe, warn, enforce");
    return usual;
  }

  private List<Ruled<Map<String, Whereto>>> classes(
      Map<String, At<Document.DataClass>> written, String rule, Mode usual) {
    if (written.isEmpty()) {
      return List.of();
    }
    var classes = new TreeMap<String, Whereto>();
    written.forEach((name, at) -> {
      if (!name.equals(MODE)) {
        at.value().ifPresent(entry -> classes.put(name, whereto(at, entry)));
      }
    });
    Mode mode =
        mode(
            Optional.ofNullable(written.get(MODE))
                .flatMap(At::value)
                .flatMap(Document.DataClass::then)
                .orElse(null),
            usual);
    return List.of(new Ruled<>(Map.copyOf(classes), mode, rule));
  }

  private Whereto whereto(At<?> at, Document.DataClass entry) {
    entry.providers().forEach(known::provider);
    Optional<At<String>> word = entry.then();
    if (word.isPresent()) {
      if (!word.get().value().equals(Optional.of("refuse"))) {
        faults.add(word.get(), "must be 'refuse', or say its 'regions' or 'providers'");
      }
      return Whereto.NOWHERE;
    }
    if (entry.regions().isEmpty() && entry.providers().isEmpty()) {
      faults.add(at, "must say its 'regions' or 'providers', or be 'refuse'");
    }
    return new Whereto(false, words(entry.regions()), words(entry.providers()));
  }

  private Retention retention(Document.Keep written) {
    return new Retention(
        kept(written.records(), longest.records().keep(), "records.keep"),
        kept(written.replies(), longest.idempotency().keep(), "idempotency.keep"),
        kept(written.files(), LONGEST, "a hundred years"));
  }

  /**
   * @param most how long it is kept whatever a policy says
   * @param key where that is written
   */
  private Optional<Duration> kept(Optional<At<Duration>> written, Duration most, String key) {
    Optional<Duration> time = written.flatMap(At::value);
    if (time.isPresent() && time.get().compareTo(SHORTEST) < 0) {
      faults.add(written.get(), "must be an hour or more");
    } else if (time.isPresent() && time.get().compareTo(most) > 0) {
      faults.add(written.get(), "must not be longer than everybody's: " + key);
    }
    return time;
  }

  private Capture capture(Document.Capturing written) {
    if (written.level() == Capture.Level.NONE) {
      written.keep().ifPresent(at -> faults.add(at, "keeps nothing, with 'level: none'"));
      return Capture.NOTHING;
    }
    Optional<Duration> time = written.keep().flatMap(At::value);
    if (time.isPresent() && time.get().compareTo(SHORTEST_CAPTURE) < 0) {
      faults.add(written.keep().get(), "must be a minute or more");
    } else if (time.isPresent() && time.get().compareTo(LONGEST_CAPTURE) > 0) {
      faults.add(written.keep().get(), "must be a year at the most");
    }
    return new Capture(written.level(), time.orElse(USUAL_CAPTURE));
  }

  /** Whether there is such a thing at that place as the policy wants to be kept no longer. */
  private void reaches(At<?> at, String place, Policy policy) {
    for (Ruled<Retention> rule : policy.retention()) {
      if (rule.value().files().isPresent() && place.indexOf('/') >= 0) {
        faults.add(at, "names a policy with 'retention.files', and files are of a whole tenant");
      }
      if (rule.value().replies().isPresent() && place.indexOf('#') >= 0) {
        faults.add(at, "names a policy with 'retention.replies', and replies are of a whole app");
      }
    }
  }

  private Preference preference(Document.Preferred written) {
    Optional<Spec<Strategy>> chosen = written.strategy().flatMap(At::value);
    chosen.ifPresent(strategy ->
        strategy
            .flaws()
            .forEach(flaw -> faults.add(new Fault(flaw.file(), flaw.line(), flaw.text()))));
    var weights = new TreeMap<String, Integer>();
    written
        .weights()
        .forEach((name, at) -> {
          known.target(name, at);
          at.value().ifPresent(weight -> weights.put(name, weight.value()));
        });
    return new Preference(
        chosen, weights, targets(written.order()), some(written.prefer()), some(written.avoid()));
  }

  private Preference.Some some(Optional<At<Document.Some>> written) {
    return written
        .flatMap(At::value)
        .map(some ->
            new Preference.Some(Set.copyOf(targets(some.targets())), Set.copyOf(some.regions())))
        .orElse(Preference.Some.NONE);
  }

  private List<String> targets(List<At<String>> written) {
    written.forEach(at -> at.value().ifPresent(name -> known.target(name, at)));
    return written.stream().flatMap(at -> at.value().stream()).distinct().toList();
  }
}
