package dev.lintel.terminal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class ScreenTest {
  @Test
  void a_frame_overwrites_what_was_there_and_scrolls_nothing() {
    assertThat(Screen.frame(List.of("one", "two")))
        .isEqualTo("\u001b[Hone\u001b[K\r\ntwo\u001b[K\u001b[J");
  }

  @Test
  void what_was_there_before_comes_back_once() {
    var out = new ByteArrayOutputStream();
    var screen = new Screen(new PrintStream(out, true, StandardCharsets.UTF_8));
    screen.enter();
    assertThat(screen.draw(List.of("one"))).isTrue();
    screen.leave();
    screen.leave();
    // Somebody else's window by now.
    assertThat(screen.draw(List.of("two"))).isTrue();
    assertThat(out.toString(StandardCharsets.UTF_8))
        .isEqualTo(
            "\u001b[?1049h\u001b[?25l\u001b[?7l\u001b[Hone\u001b[K\u001b[J"
                + "\u001b[?7h\u001b[?25h\u001b[?1049l");
  }

  @Test
  void nobody_is_drawn_for_who_has_gone() {
    var screen =
        new Screen(
            new PrintStream(
                new OutputStream() {
                  @Override
                  public void write(int one) throws IOException {
                    throw new IOException("Broken pipe");
                  }
                }));
    screen.enter();
    assertThat(screen.draw(List.of("one"))).isFalse();
    screen.leave();
  }
}
