package dev.lintel.main;

import dev.lintel.Changes.App;
import dev.lintel.Changes.Revision;
import dev.lintel.Failure;
import dev.lintel.Settings.Difference;
import dev.lintel.Settings.Place;
import dev.lintel.Settings.Verb;
import dev.lintel.Settings.Wish;
import dev.lintel.config.Edit;
import dev.lintel.config.Fault;
import dev.lintel.config.Faulty;
import dev.lintel.config.Grammar;
import dev.lintel.config.Loader;
import dev.lintel.config.Written;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.LongFunction;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;

/** What the configuration would be by an admin's order. Nothing is written or put to use here. */
final class Drafts {
  /** What an apply or a way back leaves out may come back as it was, with its keys. */
  static final BiFunction<Written, Written, Set<App>> NONE_END = (before, after) -> Set.of();

  private final Loader loader;
  private final LongFunction<Optional<Revision>> revisions;
  private final InstantSource clock;

  Drafts(Loader loader, LongFunction<Optional<Revision>> revisions, InstantSource clock) {
    this.loader = loader;
    this.revisions = revisions;
    this.clock = clock;
  }

  /**
   * What an order makes of what is in force, whatever that is by then; throws {@link Failure} where
   * it does not go with it.
   */
  Function<InForce, Next> of(Wish wish, Order order) {
    return switch (order) {
      case Order.Put put -> now -> put(now, wish, put);
      case Order.End end -> now -> ended(now, wish, end.path());
      case Order.Apply apply -> now -> applied(now, wish, apply);
      case Order.Back back -> {
        Revision target = revisions.apply(back.number()).orElseThrow(() -> none(back.number()));
        yield now -> new Next(now.own(), target.base(), target.changes());
      }
    };
  }

  /** The apps whose keys end with it. */
  static BiFunction<Written, Written, Set<App>> ending(Order order) {
    return switch (order) {
      case Order.Put put -> (before, after) -> strangers(before, after, put.until().isPresent());
      case Order.End _, Order.Apply _, Order.Back _ -> NONE_END;
    };
  }

  private Next put(InForce now, Wish wish, Order.Put put) {
    Place place = put.place();
    Optional<JsonNode> there = now.whole().at(place.path());
    place
        .home()
        .filter(home -> now.whole().at(home.path()).isEmpty())
        .ifPresent(home -> {
          throw home.missing();
        });
    matched(wish, now, place, there.isPresent());
    if (put.verb() == Verb.CREATE && there.isPresent()) {
      throw Failure.invalid(
              "There is a " + place.noun() + " '" + place.path().getLast() + "' already.")
          .status(409)
          .at("name")
          .code(place.noun() + "_exists");
    }
    if (there.isEmpty() && (put.verb() == Verb.MERGE || put.verb() == Verb.REMOVE)) {
      throw place.missing();
    }
    Edit edit = now.edit(wish.by(), clock.instant(), put.until());
    try {
      switch (put.verb()) {
        case CREATE, REPLACE -> edit.replace(place.path(), put.value());
        case MERGE -> edit.merge(place.path(), put.value());
        case REMOVE -> edit.remove(place.path());
      }
    } catch (Grammar.NothingKept nothing) {
      throw Failure.invalid("'unchanged' keeps the secret that is there, and there is none.")
          .at(nothing.path());
    }
    return new Next(now.own(), now.revision().base(), edit.changes());
  }

  private Next ended(InForce now, Wish wish, List<String> path) {
    Edit edit = now.edit(wish.by(), clock.instant(), Optional.empty());
    boolean known =
        now.whole().changes().stream()
            .anyMatch(change -> change.override() && change.path().equals(path));
    if (!known || !edit.end(path)) {
      throw Failure.of(
              Failure.Kind.NOT_FOUND, "There is no override of " + Difference.pointer(path) + ".")
          .at("path")
          .code("override_not_found");
    }
    return new Next(now.own(), now.revision().base(), edit.changes());
  }

  private Next applied(InForce now, Wish wish, Order.Apply apply) {
    Edit edit = now.edit(wish.by(), clock.instant(), Optional.empty());
    try {
      edit.apply(loader.read(apply.file(), apply.text()));
    } catch (Faulty noYaml) {
      throw refusal(noYaml, "");
    }
    return new Next(now.own(), Optional.of(apply.text()), edit.changes());
  }

  /**
   * The apps that were taken away or made: one of the same name that is made later is another one,
   * and must not find the keys of the one before.
   *
   * @param back whether what was taken away comes back by itself, with its keys
   */
  private static Set<App> strangers(Written before, Written after, boolean back) {
    Set<App> old = apps(before);
    Set<App> fresh = apps(after);
    var all = new HashSet<App>(fresh);
    all.removeAll(old);
    if (!back) {
      old.stream().filter(app -> !fresh.contains(app)).forEach(all::add);
    }
    return all;
  }

  private static Set<App> apps(Written of) {
    var all = new HashSet<App>();
    of.at(List.of("tenants"))
        .ifPresent(tenants ->
            tenants
                .properties()
                .forEach(tenant -> {
                  all.add(new App(tenant.getKey(), ""));
                  tenant
                      .getValue()
                      .path("apps")
                      .propertyNames()
                      .forEach(app -> all.add(new App(tenant.getKey(), app)));
                }));
    return all;
  }

  private static void matched(Wish wish, InForce now, Place place, boolean there) {
    if (wish.match().isEmpty()) {
      return;
    }
    List<String> tags = wish.match().get();
    if (!there || !(tags.contains("*") || tags.contains(now.tag(place.path())))) {
      throw Failure.invalid(
              "The "
                  + place.noun()
                  + " '"
                  + place.path().getLast()
                  + "' has changed since it was read; read it again, and try again.")
          .status(412)
          .at("If-Match")
          .code("precondition_failed");
    }
  }

  /**
   * What an admin is told of a configuration that is none.
   *
   * @param place from which faults are named
   */
  static Failure refusal(Faulty faulty, String place) {
    Fault first =
        faulty.faults().stream()
            .filter(fault -> fault.path().startsWith(place))
            .findFirst()
            .orElse(faulty.faults().getFirst());
    String param =
        first.path().startsWith(place) ? first.path().substring(place.length()) : first.path();
    return Failure.invalid(
            faulty.faults().stream()
                .limit(20)
                .map(fault -> fault.text() + ".")
                .distinct()
                .collect(Collectors.joining(" ")))
        .at(param.isEmpty() ? "body" : param)
        .code("invalid_configuration");
  }

  static Failure none(long number) {
    return Failure.of(Failure.Kind.NOT_FOUND, "There is no revision " + number + ".")
        .at("revision")
        .code("revision_not_found");
  }
}
