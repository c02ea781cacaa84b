package dev.lintel.dialect;

import dev.lintel.Adaptation;
import dev.lintel.Block;
import dev.lintel.Block.Media.Source;
import dev.lintel.Json;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/** Writes images, sounds, films and documents as content parts. */
record OpenAiMedia(boolean own, Adaptation adaptation) {

  /** {@code null} where this dialect has no place for it, which is then reported. */
  @Nullable ObjectNode part(Block.Media media) {
    ObjectNode part =
        switch (media.kind()) {
          case IMAGE -> url("image_url", media);
          case VIDEO -> own ? url("video_url", media) : null;
          case AUDIO -> audio(media);
          case DOCUMENT -> document(media);
        };
    if (part == null) {
      adaptation.drop(media.kind().name().toLowerCase(java.util.Locale.ROOT));
    }
    return part;
  }

  private @Nullable ObjectNode url(String name, Block.Media media) {
    String url =
        switch (media.source()) {
          case Source.Inline inline -> MediaData.of(media.mime(), inline.base64()).url();
          case Source.Link link -> link.url();
          case Source.Stored stored -> "";
          case Source.Plain plain -> "";
        };
    if (url.isEmpty()) {
      return null;
    }
    ObjectNode part = Json.object().put("type", name);
    OpenAiRequestWriter.extra(media.extra(), part.putObject(name).put("url", url), adaptation);
    return part;
  }

  private @Nullable ObjectNode audio(Block.Media media) {
    if (!(media.source() instanceof Source.Inline inline)) {
      return null;
    }
    ObjectNode part = Json.object().put("type", "input_audio");
    ObjectNode audio =
        part.putObject("input_audio")
            .put("data", inline.base64())
            .put("format", format(media.mime()));
    OpenAiRequestWriter.extra(media.extra(), audio, adaptation);
    return part;
  }

  /** OpenAI's word for a type of sound. */
  private static String format(String mime) {
    String name = mime.substring(mime.indexOf('/') + 1);
    return switch (name) {
      case "mpeg", "mpga" -> "mp3";
      case "x-wav", "wave", "vnd.wave" -> "wav";
      default -> name;
    };
  }

  private @Nullable ObjectNode document(Block.Media media) {
    ObjectNode part = Json.object().put("type", "file");
    ObjectNode file = Json.object();
    switch (media.source()) {
      case Source.Plain plain -> {
        return Json.object().put("type", "text").put("text", plain.text());
      }
      case Source.Inline inline ->
          file.put("filename", media.name().isEmpty() ? "document" + ending(media) : media.name())
              .put("file_data", MediaData.of(media.mime(), inline.base64()).url());
      case Source.Stored stored -> {
        // A file of another provider is not there.
        if (!own) {
          return null;
        }
        file.put("file_id", stored.id());
        if (!media.name().isEmpty()) {
          file.put("filename", media.name());
        }
      }
      case Source.Link link -> {
        return null;
      }
    }
    OpenAiRequestWriter.extra(media.extra(), file, adaptation);
    return part.set("file", file);
  }

  private static String ending(Block.Media media) {
    return media.mime().equals("application/pdf") ? ".pdf" : "";
  }
}
