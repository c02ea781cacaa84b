package dev.lintel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("threads")
class CallThreadTest {

  @Test
  void waits_until_somebody_wakes_it_and_the_condition_holds() {
    var ready = new AtomicBoolean();
    boolean answer =
        OnCallThread.call(() -> {
          CallThread me = CallThread.current();
          me.loop()
              .execute(() -> {
                ready.set(true);
                me.wake();
              });
          return me.await(ready::get, Long.MAX_VALUE - 1);
        });
    assertThat(answer).isTrue();
  }

  @Test
  void gives_up_at_the_deadline() {
    boolean answer =
        OnCallThread.call(
            () -> CallThread.current().await(() -> false, System.nanoTime() + 20_000_000));
    assertThat(answer).isFalse();
  }

  @Test
  void a_cancelled_call_ends_its_wait_at_once_and_every_later_one() {
    assertThatThrownBy(() ->
            OnCallThread.run(() -> {
              CallThread me = CallThread.current();
              me.loop().execute(me::cancel);
              try {
                me.await(() -> false, Long.MAX_VALUE - 1);
              } catch (Failure first) {
                me.await(() -> false, Long.MAX_VALUE - 1);
              }
            }))
        .isInstanceOfSatisfying(
            Failure.class, failure -> assertThat(failure.kind()).isEqualTo(Failure.Kind.CANCELLED));
  }

  @Test
  void work_that_would_hold_the_loop_runs_elsewhere() {
    Thread worker = OnCallThread.call(() -> CallThread.current().offload(Thread::currentThread));
    assertThat(worker.isVirtual()).isFalse();
    assertThat(worker.getName()).startsWith("lintel-blocking");
  }

  @Test
  void what_offloaded_work_throws_comes_out() {
    assertThatThrownBy(() ->
            OnCallThread.run(() ->
                CallThread.current()
                    .offload(() -> {
                      throw new IllegalArgumentException("x");
                    })))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void rides_on_the_loop_it_was_given_where_the_jdk_allows_it() throws Exception {
    var carrier = new CompletableFuture<String>();
    OnCallThread.loop()
        .execute(() ->
            CallThread.start(
                OnCallThread.loop(), () -> carrier.complete(Thread.currentThread().toString())));
    boolean onLoop = carrier.get().contains("test-loop");
    assertThat(onLoop).isEqualTo(CallThread.mode().equals("loop"));
  }
}
