package dev.lintel;

import java.util.List;

/** A piece of what a turn says. */
public sealed interface Block {

  /**
   * How long the provider shall remember the prompt up to this block; {@code NONE} where nothing
   * was asked.
   */
  enum Cache {
    NONE,
    /** Five minutes, the usual. */
    SHORT,
    /** One hour. */
    LONG
  }

  record Text(String text, Cache cache, Extra extra) implements Block {
    public Text(String text) {
      this(text, Cache.NONE, Extra.NONE);
    }
  }

  /**
   * An image, a sound, a film or a document.
   *
   * @param mime such as {@code image/png}; empty where nobody said
   * @param name a file name or title; empty where nobody said
   */
  record Media(Kind kind, String mime, Source source, String name, Cache cache, Extra extra)
      implements Block {
    public enum Kind {
      IMAGE,
      AUDIO,
      VIDEO,
      DOCUMENT
    }

    /** Where the bytes are. */
    public sealed interface Source {
      record Inline(String base64) implements Source {}

      record Link(String url) implements Source {}

      /** A file that the provider holds already. */
      record Stored(String id) implements Source {}

      /** A document given as plain text. */
      record Plain(String text) implements Source {}
    }
  }

  /**
   * What the model thought, kept so that its vendor can check it in the next turn.
   *
   * @param signature the vendor's proof, or the sealed thought itself where {@code sealed}; empty
   *     where there is none
   * @param vendor the dialect whose provider made the signature; no other may be sent it
   * @param sealed the thought's text is not shown: Anthropic's {@code redacted_thinking}
   */
  record Thought(String text, String signature, String vendor, boolean sealed) implements Block {}

  /**
   * The model's call of a tool.
   *
   * @param arguments JSON text, {@code {}} where there are none
   * @param signature a vendor's proof that belongs to this call (Gemini's {@code
   *     thoughtSignature}); empty where none
   * @param vendor the dialect whose provider made the signature
   */
  record ToolUse(
      String id,
      String name,
      String arguments,
      String signature,
      String vendor,
      Cache cache,
      Extra extra)
      implements Block {}

  /**
   * What a tool answered.
   *
   * @param name the tool's name; empty where the dialect does not say it
   */
  record ToolResult(
      String id, String name, List<Block> content, boolean error, Cache cache, Extra extra)
      implements Block {
    public ToolResult {
      content = List.copyOf(content);
    }
  }

  /** The words with which a model refused. */
  record Refusal(String text) implements Block {}

  /** A block that one dialect alone knows. */
  record Native(Extra extra) implements Block {}
}
