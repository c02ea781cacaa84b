package dev.lintel;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;

/**
 * One message of AWS's binary event stream ({@code application/vnd.amazon.eventstream}): lengths
 * and their checksum, headers of text, a payload of JSON, and the checksum of it all. As in
 * Smithy's specification: https://smithy.io/2.0/aws/amazon-eventstream.html (November 2026).
 */
public final class AwsEvent {
  /** The content type of a stream of them. */
  public static final String STREAM = "application/vnd.amazon.eventstream";

  /** Lengths of message and headers, and their checksum. */
  public static final int PRELUDE = 12;

  /** Everything of a message that is neither headers nor payload. */
  public static final int FRAME = PRELUDE + 4;

  /** The type of a header whose value is text, the only one that model streams have. */
  public static final int TEXT = 7;

  private final byte[] headers;

  private AwsEvent(String messageType, String typeName, String type) {
    var all = new Bytes(96);
    header(typeName, type, all);
    header(":content-type", Answer.JSON, all);
    header(":message-type", messageType, all);
    headers = all.take();
  }

  /** An event of that name, such as {@code messageStart}. */
  public static AwsEvent named(String name) {
    return new AwsEvent("event", ":event-type", name);
  }

  /** An error that ends the stream, such as {@code throttlingException}. */
  public static AwsEvent exception(String name) {
    return new AwsEvent("exception", ":exception-type", name);
  }

  /** Adds the message with that payload. */
  public void write(byte[] payload, Bytes out) {
    int length = FRAME + headers.length + payload.length;
    var message = new byte[length];
    var buffer = ByteBuffer.wrap(message).putInt(length).putInt(headers.length);
    buffer.putInt(crc(message, 8)).put(headers).put(payload);
    buffer.putInt(crc(message, length - 4));
    out.add(message);
  }

  private static int crc(byte[] bytes, int to) {
    var crc = new CRC32();
    crc.update(bytes, 0, to);
    return (int) crc.getValue();
  }

  private static void header(String name, String value, Bytes out) {
    byte[] key = name.getBytes(StandardCharsets.UTF_8);
    byte[] text = value.getBytes(StandardCharsets.UTF_8);
    out.add(new byte[] {(byte) key.length}).add(key);
    out.add(new byte[] {TEXT, (byte) (text.length >> 8), (byte) text.length}).add(text);
  }
}
