package dev.lintel.main;

import dev.lintel.Json;
import dev.lintel.Settings.Place;
import dev.lintel.Settings.Verb;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Something that an admin wants done with the configuration, which can wait as a text. */
sealed interface Order {
  /** Of one place; {@code until} that time, where there is one. */
  record Put(Verb verb, Place place, JsonNode value, Optional<Instant> until) implements Order {}

  /** That an override ends. */
  record End(List<String> path) implements Order {
    public End {
      path = List.copyOf(path);
    }
  }

  /** That a text takes the place of every node's own file. */
  record Apply(String file, String text) implements Order {}

  /** Back to that revision. */
  record Back(long number) implements Order {}

  /** The place that it is about, from which faults are named; empty where it is about all. */
  default Optional<List<String>> about() {
    return switch (this) {
      case Put put -> Optional.of(put.place.path());
      case End end -> Optional.of(end.path);
      case Apply _, Back _ -> Optional.empty();
    };
  }

  /** As it waits. */
  default String written() {
    ObjectNode node = Json.object();
    switch (this) {
      case Put put -> {
        node.put("verb", put.verb.name()).set("place", json(put.place));
        node.set("value", put.value);
        put.until.ifPresent(until -> node.put("until", until.toString()));
      }
      case End end -> end.path.forEach(node.putArray("end")::add);
      case Apply apply -> node.put("file", apply.file).put("text", apply.text);
      case Back back -> node.put("back", back.number);
    }
    return Json.text(node);
  }

  /** Of what {@link #written} made. */
  static Order of(String text) {
    JsonNode node = Json.parse(text);
    if (node.has("verb")) {
      return new Put(
          Verb.valueOf(node.path("verb").asString()),
          place(node.path("place")),
          node.path("value"),
          node.has("until")
              ? Optional.of(Instant.parse(node.path("until").asString()))
              : Optional.empty());
    }
    if (node.has("end")) {
      return new End(words(node.path("end")));
    }
    return node.has("back")
        ? new Back(node.path("back").asLong())
        : new Apply(node.path("file").asString(), node.path("text").asString());
  }

  private static ObjectNode json(Place place) {
    ObjectNode node = Json.object().put("noun", place.noun());
    place.path().forEach(node.putArray("path")::add);
    place.home().ifPresent(home -> node.set("home", json(home)));
    return node;
  }

  private static Place place(JsonNode node) {
    return new Place(
        node.path("noun").asString(),
        words(node.path("path")),
        node.has("home") ? Optional.of(place(node.path("home"))) : Optional.empty());
  }

  private static List<String> words(JsonNode array) {
    var words = new ArrayList<String>();
    array.forEach(word -> words.add(word.asString()));
    return words;
  }
}
