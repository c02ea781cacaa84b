package dev.lintel.dialect;

import dev.lintel.Block.Media.Kind;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Bedrock's words for the formats of media, and the names that it lets documents have: {@code
 * ImageFormat}, {@code DocumentFormat}, {@code VideoFormat} and {@code AudioFormat} of its API.
 */
final class BedrockMedia {
  private static final int LONGEST_NAME = 200;

  /** A format, with its media types: the first one is what is read, all of them are written. */
  private record Form(String word, List<String> types) {
    Form(String word, String... types) {
      this(word, List.of(types));
    }
  }

  private static final Map<Kind, List<Form>> FORMS =
      Map.of(
          Kind.IMAGE,
          List.of(
              new Form("png", "image/png"),
              new Form("jpeg", "image/jpeg", "image/jpg"),
              new Form("gif", "image/gif"),
              new Form("webp", "image/webp")),
          Kind.DOCUMENT,
          List.of(
              new Form("pdf", "application/pdf"),
              new Form("csv", "text/csv"),
              new Form("doc", "application/msword"),
              new Form(
                  "docx",
                  "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
              new Form("xls", "application/vnd.ms-excel"),
              new Form("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
              new Form("html", "text/html", "application/xhtml+xml"),
              new Form(
                  "txt", "text/plain", "application/json", "application/xml", "application/yaml"),
              new Form("md", "text/markdown", "text/x-markdown")),
          Kind.VIDEO,
          List.of(
              new Form("mkv", "video/x-matroska", "video/matroska"),
              new Form("mov", "video/quicktime", "video/mov"),
              new Form("mp4", "video/mp4"),
              new Form("webm", "video/webm"),
              new Form("flv", "video/x-flv", "video/flv"),
              new Form("mpeg", "video/mpeg"),
              new Form("mpg", "video/mpg"),
              new Form("wmv", "video/x-ms-wmv", "video/wmv"),
              new Form("three_gp", "video/3gpp")),
          Kind.AUDIO,
          List.of(
              new Form("mp3", "audio/mp3", "audio/mpeg"),
              new Form("wav", "audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave"),
              new Form("opus", "audio/opus"),
              new Form("aac", "audio/aac", "audio/x-aac"),
              new Form("flac", "audio/flac", "audio/x-flac"),
              new Form("ogg", "audio/ogg"),
              new Form("m4a", "audio/m4a", "audio/x-m4a"),
              new Form("mp4", "audio/mp4"),
              new Form("mka", "audio/x-matroska"),
              new Form("pcm", "audio/pcm", "audio/l16"),
              new Form("webm", "audio/webm")));

  private BedrockMedia() {}

  /** The media type of a format; a type of its own making where the format is a new one. */
  static String mime(Kind kind, String format) {
    return forms(kind)
        .filter(form -> form.word.equals(format))
        .findFirst()
        .map(form -> form.types.getFirst())
        .orElse(
            format.isEmpty()
                ? ""
                : (kind == Kind.DOCUMENT ? "application" : word(kind)) + "/" + format);
  }

  /**
   * Bedrock's word for the media type, else for the ending of the name; empty where it has none.
   */
  static Optional<String> format(Kind kind, String mime, String name) {
    String type = mime.toLowerCase(Locale.ROOT);
    Optional<Form> known = forms(kind).filter(form -> form.types.contains(type)).findFirst();
    if (known.isEmpty()) {
      String ending = name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
      known = forms(kind).filter(form -> form.word.equals(ending)).findFirst();
    }
    return known
        .map(Form::word)
        .or(() ->
            kind == Kind.DOCUMENT && type.startsWith("text/")
                ? Optional.of("txt")
                : Optional.empty());
  }

  private static Stream<Form> forms(Kind kind) {
    return Stream.ofNullable(FORMS.get(kind)).flatMap(List::stream);
  }

  /** The field of a content block that holds such media. */
  static String word(Kind kind) {
    return kind.name().toLowerCase(Locale.ROOT);
  }

  /** The kind that a field of a content block holds. */
  static Optional<Kind> kind(String word) {
    return Arrays.stream(Kind.values()).filter(kind -> word(kind).equals(word)).findFirst();
  }

  /**
   * A name of letters, digits, hyphens, parentheses, square brackets and single spaces, which is
   * what Bedrock allows; never empty.
   */
  static String name(String given) {
    var name = new StringBuilder();
    for (int i = 0; i < given.length() && name.length() < LONGEST_NAME; i++) {
      char c = given.charAt(i);
      boolean plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
      if (plain || "-()[]".indexOf(c) >= 0) {
        name.append(c);
      } else if (!Character.isWhitespace(c)) {
        name.append('-');
      } else if (!name.isEmpty() && name.charAt(name.length() - 1) != ' ') {
        name.append(' ');
      }
    }
    String clean = name.toString().strip();
    return clean.isEmpty() ? "document" : clean;
  }
}
