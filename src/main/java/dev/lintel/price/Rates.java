package dev.lintel.price;

import dev.lintel.Usage.Unit;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;

/**
 * The prices of one tier, exact.
 *
 * @param million USD for a million tokens
 * @param units USD for each
 * @param above what holds instead for prompts of more tokens than the key says; what a step leaves
 *     out stays as it was
 */
record Rates(
    Map<Component, BigDecimal> million,
    Map<Unit, BigDecimal> units,
    NavigableMap<Long, Rates> above) {
  static final Rates NONE = new Rates(Map.of(), Map.of(), new TreeMap<>());

  private static final Pattern STEP = Pattern.compile("above_(\\d{1,9})(k|m)");
  private static final Map<String, Unit> UNITS =
      Arrays.stream(Unit.values()).collect(Collectors.toUnmodifiableMap(Unit::word, u -> u));

  /**
   * Throws {@link IllegalArgumentException} that names a key which is not known or an amount that
   * is none.
   *
   * @param others keys that are somebody else's to read
   */
  static Rates read(JsonNode node, Set<String> others) {
    if (!node.isObject()) {
      throw new IllegalArgumentException("prices must be an object");
    }
    var million = new EnumMap<Component, BigDecimal>(Component.class);
    var units = new EnumMap<Unit, BigDecimal>(Unit.class);
    var above = new TreeMap<Long, Rates>();
    for (var field : node.properties()) {
      String key = field.getKey();
      Component component = Component.BY_WORD.get(key);
      Matcher step = STEP.matcher(key);
      if (component != null) {
        million.put(component, amount(key, field.getValue()));
      } else if (key.equals("units")) {
        for (var unit : field.getValue().properties()) {
          Unit known = UNITS.get(unit.getKey());
          if (known == null) {
            throw new IllegalArgumentException("'" + unit.getKey() + "' is no unit");
          }
          units.put(known, amount(unit.getKey(), unit.getValue()));
        }
      } else if (step.matches()) {
        long tokens =
            Long.parseLong(step.group(1)) * (step.group(2).equals("k") ? 1000 : 1_000_000);
        above.put(tokens, read(field.getValue(), Set.of()));
      } else if (!others.contains(key)) {
        throw new IllegalArgumentException("'" + key + "' is no price");
      }
    }
    return new Rates(million, units, above);
  }

  private static BigDecimal amount(String key, JsonNode value) {
    try {
      if (value.isString() || value.isNumber()) {
        var amount = new BigDecimal(value.asString());
        if (amount.signum() >= 0 && amount.precision() <= 40 && Math.abs(amount.scale()) <= 40) {
          return amount;
        }
      }
    } catch (NumberFormatException noNumber) {
      throw new IllegalArgumentException("'" + key + "' must be a decimal of 0 or more", noNumber);
    }
    throw new IllegalArgumentException("'" + key + "' must be a decimal of 0 or more");
  }

  /** The step that a prompt of so many tokens has reached; none of it where it has reached none. */
  Rates at(long prompt) {
    var step = above.lowerEntry(prompt);
    return step == null ? NONE : step.getValue();
  }
}
