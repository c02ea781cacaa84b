package dev.lintel;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FormTest {
  private static final String TYPE = "multipart/form-data; boundary=\"b-1\"";
  private static final String WHOLE =
      """
      --b-1
      Content-Disposition: form-data; name="model"

      whisper
      --b-1
      content-disposition: form-data; filename="a \\"b\\".mp3"; name=file
      Content-Type: Audio/MPEG; x=y

      0123456789abcdefghij
      --b-1-not
      --b-1
      Content-Disposition: form-data; name="empty"


      --b-1--
      """
          .replace("\n", "\r\n");

  /** A body in pieces of that size. */
  private record Pieces(byte[] bytes, int size, int[] at) implements Upload {
    Pieces(String text, int size) {
      this(text.getBytes(UTF_8), size, new int[1]);
    }

    @Override
    public long length() {
      return bytes.length;
    }

    @Override
    public byte @Nullable [] next(BooleanSupplier enough) {
      int from = at[0];
      at[0] = Math.min(bytes.length, from + size);
      return from == bytes.length ? null : Arrays.copyOfRange(bytes, from, at[0]);
    }
  }

  private static Form read(String text, int size) {
    return Form.read(new Held(new Pieces(text, size), Spool.NOWHERE), TYPE, form -> false);
  }

  private static String sent(Upload upload) {
    var out = new ByteArrayOutputStream();
    for (byte[] bytes = upload.next(); bytes != null; bytes = upload.next()) {
      out.writeBytes(bytes);
    }
    assertThat((long) out.size()).isEqualTo(upload.length());
    return out.toString(ISO_8859_1);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 5, 7, 11, 64, 10_000})
  void reads_fields_and_files_in_pieces_of_any_size(int size) {
    String text = WHOLE.replace("--b-1-not\r\n", "-b-1\r\n--b-\r\n");
    Form form = read(text, size);
    assertThat(form.text("model")).hasValue("whisper");
    assertThat(form.text("empty")).hasValue("");
    assertThat(form.text("other")).isEmpty();
    Form.File file = form.files().getFirst();
    assertThat(file.name()).isEqualTo("file");
    assertThat(file.filename()).isEqualTo("a \"b\".mp3");
    assertThat(file.type()).isEqualTo("audio/mpeg");
    assertThat(new String(file.head(), UTF_8)).isEqualTo("0123456789abcdef");
    assertThat(sent(form.open(Map.of()))).isEqualTo(text);
  }

  @Test
  void changes_adds_and_leaves_out_fields_and_nothing_else() {
    String text = WHOLE.replace("--b-1-not\r\n", "");
    Form form = read(text, 50);
    var changes =
        Map.of(
            "model", Optional.of("my-ear"),
            "empty", Optional.<String>empty(),
            "new", Optional.of("value"));
    String end = "\r\nContent-Disposition: form-data; name=\"empty\"\r\n\r\n\r\n--b-1--\r\n";
    assertThat(sent(form.open(changes)))
        .isEqualTo(
            "--b-1\r\nContent-Disposition: form-data; name=\"new\"\r\n\r\nvalue\r\n"
                + text.replace("whisper", "my-ear").replace(end, "--\r\n"));
    // A second target gets the same.
    assertThat(sent(form.open(Map.of("model", Optional.of("x")))))
        .isEqualTo(text.replace("whisper", "x"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "--b-1",
        "--b-2\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--b-2--\r\n",
        "--b-1\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n",
        "--b-1\r\nContent-Disposition: form-data\r\n\r\n1\r\n--b-1--\r\n",
        "--b-1\r\nX: y\r\n\r\n1\r\n--b-1--\r\n",
        "--b-1\r\n\r\n1\r\n--b-1--\r\n",
        "--b-1 and more\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--b-1--\r\n",
        "--b-1\nContent-Disposition: form-data; name=\"a\"\n\n1\n--b-1--\n",
        "{\"model\":\"a\"}",
      })
  void what_is_no_form_is_refused(String text) {
    assertThatThrownBy(() -> read(text, 7))
        .isInstanceOfSatisfying(
            Failure.class,
            failure -> assertThat(failure.kind()).isEqualTo(Failure.Kind.INVALID_REQUEST));
  }

  @Test
  void heads_and_parts_are_bounded() {
    String long1 = "--b-1\r\nX: " + "y".repeat(9000) + "\r\n\r\n1\r\n--b-1--\r\n";
    assertThatThrownBy(() -> read(long1, 1000)).hasMessageContaining("8 KB");
    String part = "--b-1\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n";
    assertThatThrownBy(() -> read(part.repeat(300) + "--b-1--\r\n", 1000))
        .hasMessageContaining("256 parts");
  }

  @Test
  void a_field_that_stands_twice_is_named() {
    String part = "--b-1\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\n1\r\n";
    Form form = read(part + part + "--b-1--\r\n", 1000);
    assertThatThrownBy(() -> form.text("model"))
        .isInstanceOfSatisfying(
            Failure.class, failure -> assertThat(failure.param()).hasValue("model"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"multipart/form-data", "multipart/form-data; boundary=", ""})
  void a_boundary_is_needed(String type) {
    assertThatThrownBy(
            () -> Form.read(new Held(new Pieces(WHOLE, 9), Spool.NOWHERE), type, form -> false))
        .hasMessageContaining("boundary");
  }
}
