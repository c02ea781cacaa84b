package dev.lintel.price;

import dev.lintel.Json;
import dev.lintel.Traits;
import dev.lintel.Traits.Ability;
import java.time.LocalDate;
import java.time.format.DateTimeParseException;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** One line of the catalogue: a model of a family of providers. */
record Entry(String family, String model, Traits traits, Optional<PriceList> price) {
  private static final Set<String> TEXTS = Set.of("family", "model", "kind", "source");
  private static final Set<String> DATES = Set.of("from", "until");
  private static final Set<String> NUMBERS = Set.of("context", "max_output", "cache_minimum");
  private static final Set<String> LISTS = Set.of("can", "cannot", "dialects");

  /** Throws {@link IllegalArgumentException} that says what is wrong with the line. */
  static Entry read(byte[] line) {
    JsonNode node;
    try {
      node = Json.parse(line, 0, line.length);
    } catch (JacksonException broken) {
      throw new IllegalArgumentException("the line must be one JSON object", broken);
    }
    if (!(node instanceof ObjectNode entry)) {
      throw new IllegalArgumentException("the line must be one JSON object");
    }
    check(entry);
    var traits =
        new Traits(
            texts(entry, "dialects"),
            entry.path("context").asLong(0),
            entry.path("max_output").asLong(0),
            abilities(entry, "can"),
            abilities(entry, "cannot"),
            entry.path("cache_minimum").asLong(0));
    return new Entry(
        entry.path("family").asString(),
        entry.path("model").asString(),
        traits,
        entry.get("price") instanceof ObjectNode price
            ? Optional.of(PriceList.read(price))
            : Optional.empty());
  }

  private static void check(ObjectNode entry) {
    for (String needed : Set.of("family", "model")) {
      if (entry.path(needed).asString("").isEmpty()) {
        throw new IllegalArgumentException("'" + needed + "' is missing");
      }
    }
    for (var field : entry.properties()) {
      String key = field.getKey();
      JsonNode value = field.getValue();
      if (TEXTS.contains(key) || DATES.contains(key)) {
        require(value.isString(), key, "text");
        if (DATES.contains(key)) {
          date(key, value.asString());
        }
      } else if (NUMBERS.contains(key)) {
        require(value.canConvertToExactIntegral() && value.asLong(-1) >= 0, key, "a whole number");
      } else if (LISTS.contains(key)) {
        require(value.isArray() && value.valueStream().allMatch(JsonNode::isString), key, "a list");
      } else {
        require(key.equals("price") && value.isObject(), key, "a key that is known");
      }
    }
  }

  private static void require(boolean right, String key, String form) {
    if (!right) {
      throw new IllegalArgumentException("'" + key + "' must be " + form);
    }
  }

  private static void date(String key, String text) {
    try {
      var _ = LocalDate.parse(text);
    } catch (DateTimeParseException none) {
      throw new IllegalArgumentException("'" + key + "' must be a date such as 2026-11-01", none);
    }
  }

  private static Set<String> texts(ObjectNode entry, String name) {
    var texts = new HashSet<String>();
    entry.path(name).forEach(text -> texts.add(text.asString()));
    return Set.copyOf(texts);
  }

  private static Set<Ability> abilities(ObjectNode entry, String name) {
    var abilities = EnumSet.noneOf(Ability.class);
    for (JsonNode word : entry.path(name)) {
      abilities.add(
          Ability.of(word.asString())
              .orElseThrow(() ->
                  new IllegalArgumentException(
                      "'" + name + "' must hold abilities; '" + word.asString() + "' is none")));
    }
    return abilities;
  }
}
