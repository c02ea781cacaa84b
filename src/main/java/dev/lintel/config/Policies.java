package dev.lintel.config;

import dev.lintel.Allowance;
import dev.lintel.Policy;
import dev.lintel.Preference;
import dev.lintel.Retention;
import dev.lintel.Ruled;
import dev.lintel.Whose;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Who is under which policy, resolved: immutable, and shared by those who have the same.
 *
 * <p>Places are {@code ""} for everybody, {@code tenant}, {@code tenant/app} and {@code
 * tenant/app#use_case}, as owners of allowances are named.
 *
 * @param named what each named policy says, whoever is under it
 * @param attached the name of the policy that stands at a place, where one does
 * @param everybody under what even those are of whom nothing is configured
 * @param callers by {@code tenant/app}, where anything holds for it
 */
public record Policies(
    Map<String, Named> named,
    Map<String, String> attached,
    Policy everybody,
    Map<String, Policy.Source> callers) {
  public static final Policies NONE = new Policies(Map.of(), Map.of(), Policy.NONE, Map.of());

  public Policies {
    named = Map.copyOf(named);
    attached = Map.copyOf(attached);
    callers = Map.copyOf(callers);
  }

  /**
   * A policy as it is written.
   *
   * @param policy without owners of its allowances
   * @param secondAdmin whether one admin alone may not change it
   */
  public record Named(Policy policy, boolean secondAdmin) {}

  /** A place and the policy that stands there. */
  public record Layer(String place, String policy) {}

  /** Those of an app, by use case. */
  record ByUseCase(Policy usual, Map<String, Policy> others) implements Policy.Source {
    ByUseCase {
      others = Map.copyOf(others);
    }

    @Override
    public Policy of(String useCase) {
      return others.isEmpty() ? usual : others.getOrDefault(useCase, usual);
    }
  }

  /**
   * All limits and budgets that hold for somebody; those that several are under stand there often.
   */
  public List<Allowance> allowances() {
    var all = new ArrayList<>(everybody.allowances());
    for (Policy.Source source : callers.values()) {
      if (source instanceof ByUseCase known) {
        all.addAll(known.usual.allowances());
        known.others.values().forEach(policy -> all.addAll(policy.allowances()));
      }
    }
    return all;
  }

  /** Every rule by which one target is preferred to another. */
  public List<Ruled<Preference>> preferences() {
    return named.values().stream().flatMap(known -> known.policy.routing().stream()).toList();
  }

  /** Every rule of how long something is kept, at each place where it holds. */
  public List<Retention.Rule> retentions() {
    var all = new ArrayList<Retention.Rule>();
    attached.forEach((place, name) -> {
      Named known = named.get(name);
      if (known != null) {
        known
            .policy
            .retention()
            .forEach(rule -> all.add(new Retention.Rule(Whose.of(place), rule)));
      }
    });
    return all;
  }

  /** Those of an app, whether or not anything is configured of it. */
  public Policy.Source of(String tenant, String app) {
    Policy.Source source = callers.isEmpty() ? null : callers.get(tenant + "/" + app);
    if (source != null) {
      return source;
    }
    return everybody == Policy.NONE ? Policy.Source.NONE : new ByUseCase(everybody, Map.of());
  }

  /** Which policies hold for such a call, the one above all others first. */
  public List<Layer> layers(String tenant, String app, String useCase) {
    String whole = tenant + "/" + app;
    var layers = new ArrayList<Layer>();
    for (String place : List.of("", tenant, whole, whole + "#" + useCase)) {
      String name = attached.get(place);
      if (name != null) {
        layers.add(new Layer(place, name));
      }
    }
    return layers;
  }

  boolean guarded() {
    return named.values().stream().anyMatch(Named::secondAdmin);
  }

  /**
   * The places of the configuration that one admin alone may not bring to what comes after this:
   * each policy that says so and is changed or dropped, and each place that it stood at and does
   * not any more, be it because the place is gone: one of the same name could be made without it.
   */
  List<String> secondAdmin(Policies after) {
    var places = new ArrayList<String>();
    named.forEach((name, policy) -> {
      if (policy.secondAdmin && !policy.equals(after.named.get(name))) {
        places.add("policies." + name);
      }
    });
    attached.forEach((place, name) -> {
      if (guards(name) && !name.equals(after.attached.get(place))) {
        places.add(path(place));
      }
    });
    return places;
  }

  /** The policies above an app, and its own, that one admin alone may not take from it. */
  Set<String> guarding(String tenant, String app) {
    return layers(tenant, app, "").stream()
        .map(Layer::policy)
        .filter(this::guards)
        .collect(Collectors.toSet());
  }

  private boolean guards(String name) {
    Named policy = named.get(name);
    return policy != null && policy.secondAdmin;
  }

  /** Where the policy of a place is written. */
  private static String path(String place) {
    int slash = place.indexOf('/');
    int hash = place.indexOf('#');
    if (slash < 0) {
      return place.isEmpty() ? "policy" : "tenants." + place + ".policy";
    }
    String app = hash < 0 ? place.substring(slash + 1) : place.substring(slash + 1, hash);
    return "tenants."
        + place.substring(0, slash)
        + ".apps."
        + app
        + (hash < 0 ? "" : ".use_cases." + place.substring(hash + 1))
        + ".policy";
  }
}
