package dev.lintel.main;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;

/** Writes multipart/form-data as clients do. */
final class Multiparts {
  static final String BOUNDARY = "----lintel-7d1e";
  static final String TYPE = "multipart/form-data; boundary=" + BOUNDARY;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  Multiparts field(String name, String value) {
    text("--" + BOUNDARY + "\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n");
    text(value + "\r\n");
    return this;
  }

  Multiparts file(String name, String filename, String type, byte[] bytes) {
    out.writeBytes(head(name, filename, type).getBytes(UTF_8));
    out.writeBytes(bytes);
    text("\r\n");
    return this;
  }

  static String head(String name, String filename, String type) {
    return "--%s\r\nContent-Disposition: form-data; name=\"%s\"; filename=\"%s\"\r\nContent-Type: %s\r\n\r\n"
        .formatted(BOUNDARY, name, filename, type);
  }

  /** The closing boundary, with the line end before it where a file precedes. */
  byte[] end() {
    text("--" + BOUNDARY + "--\r\n");
    return out.toByteArray();
  }

  /** What has been written so far. */
  byte[] open() {
    return out.toByteArray();
  }

  private void text(String text) {
    out.writeBytes(text.getBytes(UTF_8));
  }
}
