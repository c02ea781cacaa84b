package dev.lintel.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;
import org.junit.jupiter.api.Test;

class PackedTest {
  private static final byte[] TEXT = "a gate, a gate, a gate".getBytes(StandardCharsets.UTF_8);

  private static byte[] deflated(boolean bare) throws IOException {
    var bytes = new ByteArrayOutputStream();
    try (var out = new DeflaterOutputStream(bytes, new Deflater(6, bare))) {
      out.write(TEXT);
    }
    return bytes.toByteArray();
  }

  @Test
  void deflate_is_taken_with_zlibs_head_and_without() throws IOException {
    for (boolean bare : new boolean[] {false, true}) {
      byte[] bytes = deflated(bare);
      try (var packed = new Packed("deflate", bytes, bytes.length)) {
        byte[] into = new byte[100];
        int length = packed.read(into, 0, 100);
        assertThat(new String(into, 0, length, StandardCharsets.UTF_8))
            .isEqualTo(new String(TEXT, StandardCharsets.UTF_8));
        assertThat(packed.read(into, 0, 1)).isNegative();
      }
    }
  }

  @Test
  void what_is_no_gzip_or_breaks_off_is_told() throws IOException {
    assertThatThrownBy(() -> new Packed("gzip", TEXT, TEXT.length)).isInstanceOf(IOException.class);
    byte[] bytes = deflated(false);
    try (var packed = new Packed("deflate", bytes, bytes.length - 6)) {
      assertThatThrownBy(
              () -> {
                while (packed.read(new byte[100], 0, 100) >= 0) {
                  // To its end.
                }
              })
          .isInstanceOf(IOException.class);
    }
  }
}
