package dev.lintel.dialect;

import dev.lintel.Adaptation;
import dev.lintel.Block;
import dev.lintel.Embed;
import dev.lintel.Embed.Format;
import dev.lintel.Failure;
import dev.lintel.Json;
import dev.lintel.Part;
import dev.lintel.Usage;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/**
 * What the languages of vectors share: how each calls the common options, and what holds of inputs
 * and replies in all of them.
 */
record EmbedWords(String dimensions, String purpose, String title, String formats) {
  private static final Map<String, EmbedWords> BY_DIALECT =
      Map.of(
          OpenAiEmbeddings.NAME,
          new EmbedWords("dimensions", "input_type", "title", "encoding_format"),
          GeminiEmbeddings.NAME,
          new EmbedWords("outputDimensionality", "taskType", "title", "formats"),
          CohereEmbeddings.NAME,
          new EmbedWords("output_dimension", "input_type", "title", "embedding_types"));

  private static final Set<Format> FLOATS = EnumSet.of(Format.FLOAT, Format.BASE64);

  /** The caller's own words. */
  static EmbedWords of(Embed embed) {
    EmbedWords words = BY_DIALECT.get(embed.dialect().name());
    if (words == null) {
      throw new IllegalArgumentException("nobody asks for vectors in " + embed.dialect().name());
    }
    return words;
  }

  /** Leaves out what the target has no word for. */
  void drop(Embed.Options options, boolean purposeToo, Adaptation adaptation) {
    if (purposeToo && options.purpose().isPresent()) {
      adaptation.drop(purpose);
    }
    if (!options.title().isEmpty()) {
      adaptation.drop(title);
    }
  }

  /** Throws {@link Failure}, good for another target, unless floats are all that is wanted. */
  void requireFloats(Embed embed) {
    if (!FLOATS.containsAll(embed.formats())) {
      throw elsewhere(
          formats, "'" + formats + "' asks for more than floats, which is all the target gives.");
    }
  }

  /** The input as one text. Throws {@link Failure}, good for another target, where it is none. */
  static String text(Embed.Input input) {
    var texts = new ArrayList<String>(1);
    for (Block block : blocks(input)) {
      if (!(block instanceof Block.Text text)) {
        throw elsewhere(
            input.place(), "'" + input.place() + "' is no text, which is all the target takes.");
      }
      texts.add(text.text());
    }
    return String.join("\n", texts);
  }

  /** The input's texts and images. Throws {@link Failure}, good for another target, for tokens. */
  static List<Block> blocks(Embed.Input input) {
    return switch (input.content()) {
      case Embed.Blocks blocks -> blocks.list();
      case Embed.Tokens tokens ->
          throw elsewhere(
              input.place(),
              "'" + input.place() + "' is given as tokens, which the target cannot read.");
    };
  }

  static Failure elsewhere(String place, String message) {
    return Failure.invalid(message).at(place).again(Failure.Again.ELSEWHERE);
  }

  /** A text of a caller's; one without a character has no vector. */
  static Embed.Blocks given(String place, String text) {
    if (text.isEmpty()) {
      throw Failure.invalid("'" + place + "' must not be empty.").at(place);
    }
    return new Embed.Blocks(List.of(new Block.Text(text)));
  }

  /**
   * Throws {@link Failure} naming the field where there are none, or more than the vendor takes.
   */
  static void count(String field, int inputs, int most) {
    if (inputs == 0) {
      throw Failure.invalid("'" + field + "' must not be empty.").at(field);
    }
    if (inputs > most) {
      throw Failure.invalid(
              "'" + field + "' may have " + most + " elements at most; it has " + inputs + ".")
          .at(field);
    }
  }

  /** Throws {@link Failure} naming the field unless it is above 0. */
  static int positive(String field, int number) {
    if (number < 1) {
      throw Failure.invalid("'" + field + "' must be a whole number above 0.").at(field);
    }
    return number;
  }

  /** A provider's vector: numbers, or a string of base64. */
  static Part.Vector vector(int index, JsonNode values) {
    if (values.isString()) {
      return new Part.Vector(index, Format.BASE64, values);
    }
    if (!Numbers.are(values)) {
      throw Garbled.reply("a vector that is no array of numbers");
    }
    return new Part.Vector(index, Format.FLOAT, values);
  }

  /** The vectors, where there is one for each input and for nothing else. */
  static List<Part.Vector> complete(Embed embed, List<Part.Vector> vectors) {
    var known = new HashMap<Integer, Set<Format>>();
    for (Part.Vector vector : vectors) {
      if (!known
          .computeIfAbsent(vector.index(), i -> EnumSet.noneOf(Format.class))
          .add(vector.format())) {
        throw Garbled.reply("two vectors for one input");
      }
    }
    int wanted = embed.inputs().size();
    for (int i = 0; i < wanted; i++) {
      if (!known.containsKey(i)) {
        throw Garbled.reply("no vector for input " + i + " of " + wanted);
      }
    }
    if (known.size() > wanted) {
      throw Garbled.reply("vectors for more inputs than it was asked for");
    }
    return vectors;
  }

  /** What the provider counted; an estimate that says so where it did not. */
  static Usage usage(Embed embed, Optional<Long> counted) {
    return counted
        .map(tokens -> Usage.of(tokens, 0, Usage.Source.PROVIDER))
        .orElseGet(() -> Usage.of(embed.estimatedTokens(), 0, Usage.Source.ESTIMATE));
  }

  static Optional<Long> number(JsonNode node) {
    return node.isNumber() ? Optional.of(Math.max(0, node.asLong(0))) : Optional.empty();
  }

  /** The vectors of a reply by their inputs, in the inputs' order. */
  static List<List<Part.Vector>> byInput(List<Part> parts) {
    var lists = new ArrayList<List<Part.Vector>>();
    for (Part part : parts) {
      if (part instanceof Part.Vector vector) {
        while (lists.size() <= vector.index()) {
          lists.add(new ArrayList<>(1));
        }
        lists.get(vector.index()).add(vector);
      }
    }
    return lists;
  }

  /** The values of one input as the caller wants them. */
  static JsonNode values(Format format, List<Part.Vector> ofInput) {
    return Floats.in(format, ofInput)
        .orElseThrow(() -> Garbled.reply("no vectors as " + format.word()));
  }

  /** Whether each vector came in a format that was asked for, and each of those came. */
  static boolean asAsked(Embed embed, List<Part> parts) {
    var wanted = EnumSet.copyOf(embed.formats());
    var came = EnumSet.noneOf(Format.class);
    for (Part part : parts) {
      if (part instanceof Part.Vector vector) {
        came.add(vector.format());
      }
    }
    return came.equals(wanted);
  }

  static Usage usage(List<Part> parts) {
    for (Part part : parts) {
      if (part instanceof Usage usage) {
        return usage;
      }
    }
    return Usage.UNKNOWN;
  }

  static String model(List<Part> parts, String otherwise) {
    for (Part part : parts) {
      if (part instanceof Part.Start start && !start.model().isEmpty()) {
        return start.model();
      }
    }
    return otherwise;
  }

  /** The provider's id of the reply; empty where it gave none. */
  static String id(List<Part> parts) {
    for (Part part : parts) {
      if (part instanceof Part.Start start) {
        return start.id();
      }
    }
    return "";
  }

  static JsonNode texts(List<String> texts) {
    var array = Json.array();
    texts.forEach(array::add);
    return array;
  }
}
