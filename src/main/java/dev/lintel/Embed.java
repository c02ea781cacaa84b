package dev.lintel;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import tools.jackson.databind.node.ArrayNode;

/**
 * Inputs of which a model shall make vectors, in no vendor's words.
 *
 * @param inputs at least one
 * @param formats in which the caller wants each vector; at least one
 * @param original what the caller sent, where nobody changed it
 */
public record Embed(
    Dialect dialect,
    String model,
    List<Input> inputs,
    List<Format> formats,
    Optional<Inbound> original)
    implements Request {

  public Embed {
    inputs = List.copyOf(inputs);
    formats = List.copyOf(formats);
  }

  /**
   * What one vector is made of.
   *
   * @param place the caller's name for it, such as {@code input[2]}
   */
  public record Input(String place, Content content, Options options) {
    /** A guess at its tokens, at least 1: four bytes a token; of an image nobody can tell. */
    public long estimatedTokens() {
      return switch (content) {
        case Tokens tokens -> Math.max(1, tokens.ids.size());
        case Blocks blocks ->
            Math.max(1, (blocks.list.stream().mapToLong(Embed::characters).sum() + 3) / 4);
      };
    }
  }

  private static long characters(Block block) {
    return block instanceof Block.Text text ? text.text().length() : 0;
  }

  /** An input as it may be given. */
  public sealed interface Content {}

  /** Texts and images that share one vector. */
  public record Blocks(List<Block> list) implements Content {
    public Blocks {
      list = List.copyOf(list);
    }
  }

  /** The tokens of a text, as the numbers that the asked model has for them. */
  public record Tokens(ArrayNode ids) implements Content {}

  /**
   * How an input is meant; most dialects know one for all inputs only.
   *
   * @param dimensions of the vector; empty for as many as the model has
   * @param purpose empty where nobody said
   * @param title of the document that is embedded; empty where it has none
   * @param extra fields that the common model has no word for
   */
  public record Options(
      OptionalInt dimensions, Optional<Purpose> purpose, String title, Extra extra) {}

  /** What the vectors are for. */
  public enum Purpose {
    DOCUMENT,
    QUERY,
    SIMILARITY,
    CLASSIFICATION,
    CLUSTERING,
    QUESTION,
    FACT,
    CODE_QUERY,
    IMAGE
  }

  /** How a vector is written. */
  public enum Format {
    FLOAT,
    /** The same as 32-bit floats, the least significant byte first, in base64. */
    BASE64,
    INT8,
    UINT8,
    /** A bit a dimension, eight to a signed byte. */
    BINARY,
    /** A bit a dimension, eight to an unsigned byte. */
    UBINARY;

    /** Such as {@code base64}. */
    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  @Override
  public boolean stream() {
    return false;
  }

  /** A request that has been read as one for vectors. */
  public static Embed of(Request request) {
    if (request instanceof Embed embed) {
      return embed;
    }
    throw new IllegalArgumentException("no request for vectors");
  }

  /**
   * The options of all inputs. Throws a {@link Failure}, good for another target, where they differ
   * and so cannot be said once.
   */
  public Options options() {
    Options first = inputs.getFirst().options;
    for (Input input : inputs) {
      if (!input.options.equals(first)) {
        throw Failure.invalid(
                "'"
                    + input.place
                    + "' has other options than the first; the target takes one set for all.")
            .at(input.place)
            .again(Failure.Again.ELSEWHERE);
      }
    }
    return first;
  }

  /** The same with other inputs; its original bytes are gone. */
  public Embed with(List<Input> others) {
    return new Embed(dialect, model, others, formats, Optional.empty());
  }

  /** A guess at the tokens of all inputs, at least 1. */
  public long estimatedTokens() {
    return inputs.stream().mapToLong(Input::estimatedTokens).sum();
  }
}
