package dev.lintel.dialect;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.lintel.Adaptation;
import dev.lintel.Block;
import dev.lintel.Block.Media.Source;
import dev.lintel.Json;
import java.util.Base64;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes images, sounds, films and documents for Google, which wants the media type of each.
 *
 * @param own whether the caller speaks Gemini's dialect, and so may name what only Vertex takes
 */
record GeminiMedia(boolean own, Adaptation adaptation) {
  private static final Map<String, String> EXTENSIONS =
      Map.ofEntries(
          Map.entry("png", "image/png"),
          Map.entry("jpg", "image/jpeg"),
          Map.entry("jpeg", "image/jpeg"),
          Map.entry("webp", "image/webp"),
          Map.entry("gif", "image/gif"),
          Map.entry("heic", "image/heic"),
          Map.entry("heif", "image/heif"),
          Map.entry("pdf", "application/pdf"),
          Map.entry("txt", "text/plain"),
          Map.entry("mp3", "audio/mp3"),
          Map.entry("wav", "audio/wav"),
          Map.entry("mp4", "video/mp4"),
          Map.entry("webm", "video/webm"),
          Map.entry("mov", "video/mov"));

  /**
   * The part; empty where nothing of it can be sent.
   *
   * @param place the block's place, for reports
   */
  Optional<ObjectNode> write(Block.Media media, String place) {
    ObjectNode part = Json.object();
    switch (media.source()) {
      case Source.Inline bytes -> {
        MediaData data =
            own && !media.mime().isEmpty()
                ? new MediaData(media.mime(), bytes.base64())
                : MediaData.of(media.mime(), bytes.base64());
        if (data.mime().isEmpty()) {
          adaptation.drop(place);
          return Optional.empty();
        }
        inline(part, data.mime(), data.base64(), media.name());
      }
      case Source.Plain plain ->
          inline(
              part,
              media.mime().isEmpty() ? "text/plain" : media.mime(),
              Base64.getEncoder().encodeToString(plain.text().getBytes(UTF_8)),
              media.name());
      case Source.Link link -> {
        String mime = media.mime().isEmpty() ? typeOf(link.url()) : media.mime();
        // A film at YouTube needs no type, and only Gemini's clients ask for one.
        if (mime.isEmpty() && !own) {
          adaptation.drop(place);
          return Optional.empty();
        }
        file(part, mime, link.url(), media.name());
      }
      case Source.Stored stored -> {
        // Another vendor's file id means nothing here; Google's are URIs.
        if (!stored.id().contains("://") && !stored.id().startsWith("files/")) {
          adaptation.drop(place);
          return Optional.empty();
        }
        file(part, media.mime(), stored.id(), media.name());
      }
    }
    GeminiRequestWriter.put(media.extra(), part, place + ".", adaptation);
    return Optional.of(part);
  }

  private void inline(ObjectNode part, String mime, String base64, String name) {
    ObjectNode data = part.putObject("inlineData").put("mimeType", mime).put("data", base64);
    if (own && !name.isEmpty()) {
      data.put("displayName", name);
    }
  }

  private void file(ObjectNode part, String mime, String uri, String name) {
    ObjectNode data = part.putObject("fileData");
    if (!mime.isEmpty()) {
      data.put("mimeType", mime);
    }
    data.put("fileUri", uri);
    if (own && !name.isEmpty()) {
      data.put("displayName", name);
    }
  }

  /** Whether Google can be told what a link leads to. */
  static boolean isTyped(Block.Media media) {
    return !media.mime().isEmpty()
        || !(media.source() instanceof Source.Link link)
        || !typeOf(link.url()).isEmpty();
  }

  /** The type that the path's extension says; empty where it has none that is known. */
  private static String typeOf(String url) {
    int end = url.length();
    for (char mark : new char[] {'?', '#'}) {
      int at = url.indexOf(mark);
      end = at >= 0 && at < end ? at : end;
    }
    String path = url.substring(0, end);
    String extension = path.substring(path.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
    return EXTENSIONS.getOrDefault(extension, "");
  }
}
