package dev.lintel;

/** Something that an event of a reply says. */
public sealed interface Part
    permits Part.Start,
        Part.Text,
        Part.Thought,
        Part.ToolUse,
        Part.Media,
        Part.Refusal,
        Usage,
        Part.Stop,
        Part.Native,
        Part.Piece {

  /** Whether the caller has been answered once it saw this: the commit point of failover. */
  default boolean content() {
    return switch (this) {
      case Start s -> false;
      case Usage u -> false;
      case Text t -> !t.text.isEmpty();
      case Thought t -> !t.text.isEmpty() || !t.signature.isEmpty();
      case Refusal r -> !r.text.isEmpty();
      case ToolUse t -> true;
      case Media m -> true;
      case Stop s -> true;
      case Native n -> true;
      case Piece p -> true;
    };
  }

  /**
   * The reply begins.
   *
   * @param id the provider's, empty where it gave none
   * @param model as the provider names it, empty where it does not
   */
  record Start(String id, String model) implements Part {}

  record Text(String text) implements Part {}

  /**
   * A piece of thinking. A signature ends the thought it belongs to: what follows is the next one.
   *
   * @param sealed the signature is the thought itself, unreadable: Anthropic's {@code
   *     redacted_thinking}
   */
  record Thought(String text, String signature, String vendor, boolean sealed) implements Part {}

  /**
   * A piece of a tool call. Pieces of one call share its index, and calls may interleave; the first
   * piece of each has the id and the name, later ones leave both empty.
   *
   * @param index from 0, one a call of the reply
   * @param arguments the next piece of the arguments' JSON text
   * @param signature a vendor's proof that belongs to the call, empty where none
   */
  record ToolUse(
      int index, String id, String name, String arguments, String signature, String vendor)
      implements Part {}

  /** An image or a sound that the model made, in base64. */
  record Media(String mime, String base64) implements Part {}

  /** A piece of the words with which the model refuses. */
  record Refusal(String text) implements Part {}

  /**
   * The reply is complete.
   *
   * @param vendor the dialect whose word it is
   * @param word the provider's own, such as {@code end_turn}
   * @param detail the stop sequence that was met, or what the provider said of a refusal; empty
   *     where nothing
   */
  record Stop(Reason reason, String vendor, String word, String detail) implements Part {
    public enum Reason {
      END,
      LENGTH,
      TOOL_USE,
      STOP_SEQUENCE,
      REFUSAL,
      CONTENT_FILTER,
      /** The provider paused a long turn and expects to be asked to go on. */
      PAUSE,
      CONTEXT_EXCEEDED
    }
  }

  /**
   * Something that one dialect alone can say; the extra holds the event's or block's own fields.
   */
  record Native(Extra extra) implements Part {}

  /** A piece of an answer to something else than a chat; a chat's writer never sees one. */
  sealed interface Piece extends Part permits Vector, Score, Count, Data, Head {}

  /**
   * An embedding.
   *
   * @param index of the input it belongs to, from 0; as many with the same as formats were asked
   * @param values an array of numbers, or a string where the format is {@code BASE64}; to be
   *     written, and not looked into: an array may be a leaf that only knows its text
   */
  record Vector(int index, Embed.Format format, tools.jackson.databind.JsonNode values)
      implements Piece {}

  /**
   * How well a document fits a query.
   *
   * @param index of the document in the request, from 0
   */
  record Score(int index, java.math.BigDecimal relevance) implements Piece {}

  /** How many tokens a prompt has. */
  record Count(long tokens) implements Piece {}

  /**
   * Bytes that the gateway hands on without looking into them.
   *
   * @param type the media type of the whole of which they are a part
   */
  record Data(String type, byte[] bytes) implements Piece {}

  /** How a reply begins that is handed on as it is, with what status it may have. */
  record Head(int status, java.util.Map<String, String> headers) implements Piece {}
}
