package dev.lintel.matrix;

import dev.lintel.Json;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a client of the matrix asks, in no dialect's words.
 *
 * @param media an attachment beside the text
 * @param schema of the answer
 * @param maxTokens 0 for none
 * @param stop a stop sequence
 * @param unknown whether a field is sent that nobody knows
 * @param before an earlier turn of the model with what its tools answered
 */
public record Ask(
    String text,
    Optional<Media> media,
    List<Tool> tools,
    boolean thinking,
    Optional<ObjectNode> schema,
    int maxTokens,
    Optional<String> stop,
    boolean unknown,
    Optional<Said> before) {

  /** The name of the field that nobody knows. */
  public static final String UNKNOWN = "x_unknown";

  /** What every tool answers. */
  public static final String RESULT = "sunny-42";

  public record Media(Kind kind, String mime, String base64) {
    public enum Kind {
      IMAGE,
      PDF,
      /** Plain text in UTF-8. */
      TEXT
    }

    public String url() {
      return "data:" + mime + ";base64," + base64;
    }

    public boolean image() {
      return kind == Kind.IMAGE;
    }

    /** What a client calls the attached file. */
    public String file() {
      return switch (kind) {
        case IMAGE -> "image.png";
        case PDF -> "paper.pdf";
        case TEXT -> "paper.txt";
      };
    }

    public String text() {
      return new String(Base64.getDecoder().decode(base64), StandardCharsets.UTF_8);
    }
  }

  public record Tool(String name, ObjectNode schema) {
    public static Tool of(String name) {
      return new Tool(
          name,
          (ObjectNode)
              Json.parse(
                  "{\"type\":\"object\",\"properties\":{\"city\":{\"type\":\"string\"}},\"required\":[\"city\"]}"));
    }

    public static Tool bare(String name) {
      return new Tool(name, (ObjectNode) Json.parse("{\"type\":\"object\",\"properties\":{}}"));
    }
  }

  public static Ask text(String words) {
    return new Ask(
        words,
        Optional.empty(),
        List.of(),
        false,
        Optional.empty(),
        0,
        Optional.empty(),
        false,
        Optional.empty());
  }

  public Ask media(Media attached) {
    return new Ask(
        text, Optional.of(attached), tools, thinking, schema, maxTokens, stop, unknown, before);
  }

  public Ask tools(Tool... given) {
    return new Ask(text, media, List.of(given), thinking, schema, maxTokens, stop, unknown, before);
  }

  public Ask thinks() {
    return new Ask(text, media, tools, true, schema, maxTokens, stop, unknown, before);
  }

  public Ask schema(String json) {
    return new Ask(
        text,
        media,
        tools,
        thinking,
        Optional.of((ObjectNode) Json.parse(json)),
        maxTokens,
        stop,
        unknown,
        before);
  }

  public Ask most(int tokens) {
    return new Ask(text, media, tools, thinking, schema, tokens, stop, unknown, before);
  }

  public Ask stop(String sequence) {
    return new Ask(
        text, media, tools, thinking, schema, maxTokens, Optional.of(sequence), unknown, before);
  }

  public Ask withUnknown() {
    return new Ask(text, media, tools, thinking, schema, maxTokens, stop, true, before);
  }

  public Ask after(Said turn) {
    return new Ask(
        text, media, tools, thinking, schema, maxTokens, stop, unknown, Optional.of(turn));
  }
}
