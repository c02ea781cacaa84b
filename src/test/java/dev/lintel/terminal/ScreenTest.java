package dev.lintel.terminal;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class ScreenTest {
  @Test
  void a_frame_overwrites_what_was_there_and_scrolls_nothing() {
    assertThat(Screen.frame(List.of("one", "two")))
        .isEqualTo("\u001b[Hone\u001b[K\r\ntwo\u001b[K\u001b[J");
  }
}
