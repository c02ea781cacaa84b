package dev.lintel.server;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Locale;
import java.util.Set;
import java.util.zip.GZIPInputStream;
import java.util.zip.Inflater;
import java.util.zip.InflaterInputStream;

/** A compressed body that has been read whole and is unpacked piece by piece. */
final class Packed implements AutoCloseable {
  private static final Set<String> KNOWN = Set.of("gzip", "x-gzip", "deflate", "x-deflate");

  private final Inflater inflater;
  private final InputStream unpacked;

  /** Throws where its first bytes are those of something else. */
  Packed(String encoding, byte[] bytes, int length) throws IOException {
    var packed = new ByteArrayInputStream(bytes, 0, length);
    boolean gzip = encoding.toLowerCase(Locale.ROOT).endsWith("gzip");
    inflater = new Inflater(!isZlib(bytes, length));
    unpacked = gzip ? new GZIPInputStream(packed) : new InflaterInputStream(packed, inflater);
  }

  static boolean isKnown(String encoding) {
    return KNOWN.contains(encoding.toLowerCase(Locale.ROOT));
  }

  /** Some clients send the bare format where zlib's is meant (RFC 9110 §8.4.1.2). */
  private static boolean isZlib(byte[] bytes, int length) {
    return length > 1
        && (bytes[0] & 0x0f) == 8
        && ((bytes[0] & 0xff) << 8 | bytes[1] & 0xff) % 31 == 0;
  }

  /** As {@link InputStream#read(byte[], int, int)}. */
  int read(byte[] into, int at, int most) throws IOException {
    return unpacked.read(into, at, most);
  }

  /** Gives its memory outside the heap back. */
  @Override
  public void close() {
    try {
      unpacked.close();
    } catch (IOException never) {
      throw new UncheckedIOException(never);
    } finally {
      inflater.end();
    }
  }
}
