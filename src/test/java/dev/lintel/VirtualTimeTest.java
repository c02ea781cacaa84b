package dev.lintel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class VirtualTimeTest {
  private final VirtualTime time = new VirtualTime();
  private final List<String> log = new ArrayList<>();

  @Test
  void an_hour_passes_at_once_and_in_order() {
    for (int minutes : List.of(60, 1)) {
      time.start(() -> {
        long until = CallThread.nanoTime() + Duration.ofMinutes(minutes).toNanos();
        CallThread.current().await(() -> false, until);
        log.add("waited " + minutes);
      });
    }
    time.after(Duration.ofMinutes(30), () -> log.add("half past"));
    time.run();
    assertThat(log).containsExactly("waited 1", "half past", "waited 60");
    assertThat(time.wall().instant().getEpochSecond()).isEqualTo(3600);
  }

  @Test
  void threads_that_a_thread_starts_share_its_time() {
    time.start(() ->
        CallThread.start(
            CallThread.current().loop(),
            () -> {
              CallThread.current().await(() -> false, CallThread.nanoTime() + 1_000_000_000L);
              log.add("second " + CallThread.nanoTime());
            }));
    time.run();
    assertThat(log).containsExactly("second 1000000001");
  }

  @Test
  void a_wait_without_end_is_found() {
    var woken = new boolean[1];
    CallThread thread =
        time.start(() -> CallThread.current().await(() -> woken[0], Long.MAX_VALUE));
    assertThatThrownBy(time::run).isInstanceOf(IllegalStateException.class);
    woken[0] = true;
    thread.wake();
    time.run();
  }
}
