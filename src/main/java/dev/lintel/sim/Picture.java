package dev.lintel.sim;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/** A small PNG in one colour (W3C PNG, third edition). */
final class Picture {
  private static final byte[] MAGIC = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
  private static final int SIDE = 8;

  private Picture() {}

  /** In base64; the colour is the number's last 24 bits. */
  static String png(int colour) {
    byte[] header =
        ByteBuffer.allocate(13).putInt(SIDE).putInt(SIDE).put(new byte[] {8, 2, 0, 0, 0}).array();
    ByteBuffer rows = ByteBuffer.allocate(SIDE * (1 + 3 * SIDE));
    for (int row = 0; row < SIDE; row++) {
      rows.put((byte) 0);
      for (int column = 0; column < SIDE; column++) {
        rows.put((byte) (colour >> 16)).put((byte) (colour >> 8)).put((byte) colour);
      }
    }
    var png = new ByteArrayOutputStream();
    png.writeBytes(MAGIC);
    chunk(png, "IHDR", header);
    chunk(png, "IDAT", deflated(rows.array()));
    chunk(png, "IEND", new byte[0]);
    return Base64.getEncoder().encodeToString(png.toByteArray());
  }

  private static byte[] deflated(byte[] rows) {
    try (var deflater = new Deflater()) {
      deflater.setInput(rows);
      deflater.finish();
      byte[] room = new byte[rows.length + 64];
      return Arrays.copyOf(room, deflater.deflate(room));
    }
  }

  private static void chunk(ByteArrayOutputStream png, String type, byte[] data) {
    byte[] body =
        ByteBuffer.allocate(4 + data.length)
            .put(type.getBytes(StandardCharsets.US_ASCII))
            .put(data)
            .array();
    var crc = new CRC32();
    crc.update(body);
    png.writeBytes(ByteBuffer.allocate(4).putInt(data.length).array());
    png.writeBytes(body);
    png.writeBytes(ByteBuffer.allocate(4).putInt((int) crc.getValue()).array());
  }
}
