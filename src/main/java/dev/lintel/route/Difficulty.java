package dev.lintel.route;

import dev.lintel.Call;
import dev.lintel.Spec;
import dev.lintel.route.Features.Feature;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalDouble;

/** How hard a call is, as a list of weights says: rows of {@code difficulty.csv}. */
final class Difficulty {
  private static final String FILE = "difficulty.csv";
  private static final String HEAD = "what,weight,of,words";
  private static final String WORDS = "words";
  private static final String TIER = "tier";
  private static final long LONGEST_FILE = 1 << 20;

  /**
   * How much something counts.
   *
   * @param of from which amount on it counts wholly
   */
  private record Weight(double weight, double of) {
    double times(double amount) {
      return weight * Math.min(1, amount / of);
    }
  }

  /** Some words and how much they count together, a word that is there twice as one. */
  private record Family(Weight weight, int first, int count) {}

  private final Map<Feature, Weight> weights = new EnumMap<>(Feature.class);
  private final List<Family> families = new ArrayList<>();
  private final Map<String, Integer> words = new HashMap<>();
  private final Map<String, Double> tiers = new HashMap<>();
  private int listed;

  private Difficulty() {}

  /** The built-in one. */
  static Difficulty usual() {
    try (InputStream stream =
        Objects.requireNonNull(Difficulty.class.getResourceAsStream(FILE), FILE)) {
      var made = new Difficulty();
      List<Spec.Flaw> flaws =
          made.read(FILE, new String(stream.readAllBytes(), StandardCharsets.UTF_8));
      if (!flaws.isEmpty()) {
        throw new IllegalStateException(flaws.getFirst().toString());
      }
      return made;
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
  }

  /** One of the user's. Throws {@link IllegalArgumentException} that names its first fault. */
  static Difficulty of(Path file) {
    var made = new Difficulty();
    List<Spec.Flaw> flaws = made.read(file);
    if (!flaws.isEmpty()) {
      throw new IllegalArgumentException(flaws.getFirst().toString());
    }
    return made;
  }

  /** What is wrong with one of the user's. */
  static List<Spec.Flaw> flaws(Path file) {
    return new Difficulty().read(file);
  }

  private List<Spec.Flaw> read(Path file) {
    try {
      if (Files.size(file) > LONGEST_FILE) {
        return List.of(new Spec.Flaw(file.toString(), 1, "the file must be 1 MB at most"));
      }
      return read(file.toString(), Files.readString(file));
    } catch (CharacterCodingException notText) {
      return List.of(new Spec.Flaw(file.toString(), 1, "the file must be UTF-8 text"));
    } catch (IOException unreadable) {
      return List.of(new Spec.Flaw(file.toString(), 1, "the file must exist and be readable"));
    }
  }

  private List<Spec.Flaw> read(String file, String text) {
    var flaws = new ArrayList<Spec.Flaw>();
    boolean headed = false;
    int number = 0;
    for (String line : text.lines().map(String::strip).toList()) {
      number++;
      if (line.isEmpty() || line.startsWith("#")) {
        continue;
      }
      try {
        if (headed) {
          row(line.split(",", -1));
        } else if (!line.equals(HEAD)) {
          throw new IllegalArgumentException("the first row must be " + HEAD);
        }
      } catch (IllegalArgumentException wrong) {
        flaws.add(new Spec.Flaw(file, number, String.valueOf(wrong.getMessage())));
      }
      headed = true;
    }
    if (!headed) {
      flaws.add(new Spec.Flaw(file, Math.max(1, number), "the first row must be " + HEAD));
    }
    return flaws;
  }

  private void row(String[] cells) {
    if (cells.length != 4) {
      throw new IllegalArgumentException("a row must have four cells: " + HEAD);
    }
    String what = cells[0].strip();
    double weight = number(cells[1], "weight");
    List<String> listed = List.of(cells[3].strip().toLowerCase(Locale.ROOT).split("\\s+"));
    boolean wordy = what.equals(WORDS) || what.equals(TIER);
    if (wordy == cells[3].isBlank()) {
      throw new IllegalArgumentException(
          "words must stand in rows of words and tier, and only there");
    }
    if (what.equals(TIER)) {
      if (!(weight >= 0 && weight <= 1)) {
        throw new IllegalArgumentException("the weight of a tier is its quality, from 0 to 1");
      }
      listed.forEach(tier -> tiers.put(tier, weight));
      return;
    }
    var counts = new Weight(weight, cells[2].isBlank() ? 1 : number(cells[2], "of"));
    if (counts.of <= 0) {
      throw new IllegalArgumentException("of must be above 0");
    }
    if (what.equals(WORDS)) {
      family(counts, listed);
    } else if (weights.put(feature(what), counts) != null) {
      throw new IllegalArgumentException("what must not be there twice");
    }
  }

  private void family(Weight weight, List<String> members) {
    families.add(new Family(weight, listed, members.size()));
    for (String word : members) {
      if (words.put(word, listed++) != null) {
        throw new IllegalArgumentException("a word must not be there twice");
      }
    }
  }

  private static Feature feature(String what) {
    for (Feature feature : Feature.values()) {
      if (feature.name().toLowerCase(Locale.ROOT).equals(what)) {
        return feature;
      }
    }
    var known = new ArrayList<String>();
    for (Feature feature : Feature.values()) {
      known.add(feature.name().toLowerCase(Locale.ROOT));
    }
    throw new IllegalArgumentException(
        "what must be one of " + String.join(", ", known) + ", words, tier");
  }

  private static double number(String cell, String name) {
    try {
      double value = Double.parseDouble(cell.strip());
      if (Double.isFinite(value)) {
        return value;
      }
    } catch (NumberFormatException wrong) {
      // As one that is too large.
    }
    throw new IllegalArgumentException(name + " must be a number");
  }

  /** From 0 to 1. */
  double of(Call call) {
    var seen = new BitSet(listed);
    var features =
        new Features(
            call,
            word -> {
              Integer known = words.get(word);
              if (known != null) {
                seen.set(known);
              }
            });
    double sum = 0;
    for (var entry : weights.entrySet()) {
      sum += entry.getValue().times(features.of(entry.getKey()));
    }
    for (Family family : families) {
      int there = seen.get(family.first, family.first + family.count).cardinality();
      sum += family.weight.times(there);
    }
    return 1 / (1 + Math.exp(-sum));
  }

  /** Of targets of that tier; empty where nobody said. */
  OptionalDouble quality(String tier) {
    Double known = tier.isEmpty() ? null : tiers.get(tier.toLowerCase(Locale.ROOT));
    return known == null ? OptionalDouble.empty() : OptionalDouble.of(known);
  }
}
