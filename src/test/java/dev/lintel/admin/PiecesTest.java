package dev.lintel.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lintel.Answer;
import dev.lintel.Failure;
import dev.lintel.dialect.OpenAiChat;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PiecesTest {
  private final List<String> done = new ArrayList<>();

  /** Writes down what is done with it. */
  private final class Streamed extends Asked {
    Streamed() {
      super("GET", "", Runnable::run);
    }

    @Override
    public void answer(Answer answer, Map<String, String> headers) {
      done.add("answer " + answer.status());
    }

    @Override
    public void begin(int status, String contentType, Map<String, String> headers) {
      done.add("begin " + status + " " + contentType);
    }

    @Override
    public void write(byte[] bytes, long deadline) {
      done.add("write " + bytes.length);
    }

    @Override
    public void end() {
      done.add("end");
    }

    @Override
    public void abort() {
      done.add("abort");
    }
  }

  private List<String> served(Pieces.Writing writing) {
    Pieces.answer(new OpenAiChat(), writing).serve(new Streamed());
    return done;
  }

  @Test
  void small_pieces_are_sent_as_larger_ones() {
    assertThat(
            served((exchange, out) -> {
              for (int i = 0; i < 40; i++) {
                out.accept(new byte[1000]);
              }
            }))
        .containsExactly("begin 200 application/x-ndjson", "write 33000", "write 7000", "end");
  }

  @Test
  void what_fails_before_the_first_piece_is_sent_has_a_status_of_its_own() {
    assertThat(
            served((exchange, out) -> {
              out.accept(new byte[1000]);
              throw Failure.of(Failure.Kind.UNAVAILABLE, "The store is away.");
            }))
        .containsExactly("answer 503");
  }

  @Test
  void what_fails_later_is_broken_off() {
    assertThat(
            served((exchange, out) -> {
              out.accept(new byte[100_000]);
              throw Failure.of(Failure.Kind.UNAVAILABLE, "The store is away.");
            }))
        .containsExactly("begin 200 application/x-ndjson", "write 100000", "abort");
  }

  @Test
  void a_bug_in_the_middle_is_no_end_either() {
    assertThatThrownBy(() ->
            served((exchange, out) -> {
              out.type("text/csv");
              out.accept(new byte[100_000]);
              throw new IllegalStateException("a bug");
            }))
        .hasMessage("a bug");
    assertThat(done).containsExactly("begin 200 text/csv", "write 100000", "abort");
  }
}
