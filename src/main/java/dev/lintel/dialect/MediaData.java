package dev.lintel.dialect;

import dev.lintel.Block;
import dev.lintel.Failure;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Locale;
import java.util.Optional;

/**
 * Bytes in base64 with their media type, as a {@code data:} URL (RFC 2397) carries them.
 *
 * @param mime such as {@code image/png}; empty where neither the URL nor the bytes say it
 */
record MediaData(String mime, String base64) {

  /** The first bytes of the formats that models take. */
  private enum Magic {
    PNG("image/png", 0, "\u0089PNG"),
    JPEG("image/jpeg", 0, "\u00ff\u00d8\u00ff"),
    GIF("image/gif", 0, "GIF8"),
    WEBP("image/webp", 8, "WEBP"),
    WAV("audio/wav", 8, "WAVE"),
    MP3("audio/mp3", 0, "ID3"),
    /** MPEG-1 and 2 layer III frames without tags. */
    MP3_FRAME("audio/mp3", 0, "\u00ff\u00fb"),
    MP3_FRAME_CRC("audio/mp3", 0, "\u00ff\u00f3"),
    PDF("application/pdf", 0, "%PDF");

    private final String mime;
    private final int offset;

    /** One character a byte. */
    private final String bytes;

    Magic(String mime, int offset, String bytes) {
      this.mime = mime;
      this.offset = offset;
      this.bytes = bytes;
    }

    private boolean begins(byte[] head) {
      return new String(head, StandardCharsets.ISO_8859_1).startsWith(bytes, offset);
    }
  }

  /**
   * Reads a {@code data:} URL; empty where it is a URL of another kind. The media type is the one
   * its bytes show, because clients often declare a wrong one and providers refuse that.
   *
   * @param place the field it stands in, for the {@link Failure} where it is broken
   */
  static Optional<MediaData> parse(String url, String place) {
    if (!url.regionMatches(true, 0, "data:", 0, 5)) {
      return Optional.empty();
    }
    int comma = url.indexOf(',');
    if (comma < 0) {
      throw Failure.invalid("'" + place + "' is a data: URL without data.").at(place);
    }
    String head = url.substring(5, comma);
    String data = url.substring(comma + 1);
    int semicolon = head.indexOf(';');
    String declared =
        (semicolon < 0 ? head : head.substring(0, semicolon)).strip().toLowerCase(Locale.ROOT);
    if (!head.toLowerCase(Locale.ROOT).endsWith(";base64")) {
      data = encoded(data, place);
    }
    return Optional.of(of(declared, data));
  }

  private static String encoded(String data, String place) {
    try {
      // In a URL outside a form a plus is a plus.
      String text = URLDecoder.decode(data.replace("+", "%2B"), StandardCharsets.UTF_8);
      return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    } catch (IllegalArgumentException broken) {
      throw Failure.of(
              Failure.Kind.INVALID_REQUEST,
              "'" + place + "' is a data: URL with a broken percent sign.",
              broken)
          .at(place);
    }
  }

  /**
   * The same base64 in the alphabet that every vendor takes: Google's JSON takes that of URLs too
   * (RFC 4648, section 5), and Google's SDK for Python writes it.
   */
  static String standard(String base64) {
    return base64.replace('-', '+').replace('_', '/');
  }

  /** With the type that the bytes show, else the declared one. */
  static MediaData of(String declared, String base64) {
    return new MediaData(sniff(base64).orElse(declared), base64);
  }

  /** The media type that the first bytes show, where they are of a format that models take. */
  static Optional<String> sniff(String base64) {
    byte[] head;
    try {
      head = Base64.getDecoder().decode(base64.substring(0, Math.min(16, base64.length() & ~3)));
    } catch (IllegalArgumentException notBase64) {
      return Optional.empty();
    }
    for (Magic magic : Magic.values()) {
      if (magic.begins(head)) {
        return Optional.of(magic.mime);
      }
    }
    return Optional.empty();
  }

  static Block.Media.Kind kind(String mime) {
    if (mime.startsWith("image/")) {
      return Block.Media.Kind.IMAGE;
    }
    if (mime.startsWith("audio/")) {
      return Block.Media.Kind.AUDIO;
    }
    return mime.startsWith("video/") ? Block.Media.Kind.VIDEO : Block.Media.Kind.DOCUMENT;
  }

  /** The same as a {@code data:} URL. */
  String url() {
    return "data:" + mime + ";base64," + base64;
  }
}
