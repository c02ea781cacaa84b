package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class HoldTest {
  private final AtomicInteger ended = new AtomicInteger();
  private final Hold hold = new Hold(ended::incrementAndGet);

  @Test
  void the_last_to_let_go_ends_it() {
    assertThat(hold.take()).isTrue();
    hold.release();
    assertThat(ended).hasValue(0);
    hold.release();
    assertThat(ended).hasValue(1);
  }

  @Test
  void nobody_takes_what_has_ended() {
    hold.release();
    assertThat(hold.take()).isFalse();
    assertThat(hold.take()).isFalse();
    assertThat(ended).hasValue(1);
  }
}
