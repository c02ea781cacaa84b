package dev.lintel.filter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.lintel.Body;
import dev.lintel.Call;
import dev.lintel.CallThread;
import dev.lintel.Chat;
import dev.lintel.Chunk;
import dev.lintel.Failure;
import dev.lintel.Fakes;
import dev.lintel.Handler;
import dev.lintel.Headers;
import dev.lintel.Inbound;
import dev.lintel.OnCallThread;
import dev.lintel.Part;
import dev.lintel.Prompt;
import dev.lintel.Target;
import dev.lintel.TokenCounter;
import dev.lintel.Usage;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** A counter that has to make itself ready first keeps nobody waiting who has no time. */
class EstimateTest {
  private static final long ANSWERED = 16;

  private final Counter counter = new Counter();
  private final Fakes.Recorder sink = new Fakes.Recorder();

  @Test
  void who_waits_for_an_error_does_not_wait_for_a_counter() {
    Call call = call(Duration.ofMinutes(1));
    Failure broken =
        catchThrowableOfType(
            Failure.class,
            () ->
                run(
                    call,
                    (asked, out) -> {
                      say(out);
                      throw Failure.of(Failure.Kind.UPSTREAM_UNAVAILABLE, "It broke off.");
                    }));
    assertThat(broken.kind()).isEqualTo(Failure.Kind.UPSTREAM_UNAVAILABLE);
    assertThat(counter.counted).isFalse();
    assertThat(call.trail().usage().source()).isEqualTo(Usage.Source.ESTIMATE);
    assertThat(call.trail().usage().output()).isEqualTo(ANSWERED / 4);
  }

  @Test
  void neither_does_a_call_whose_time_is_almost_over() {
    run(call(Duration.ofMillis(500)), (asked, out) -> say(out));
    assertThat(counter.counted).isFalse();
  }

  @Test
  void a_reply_that_is_complete_is_counted() {
    run(call(Duration.ofMinutes(1)), (asked, out) -> say(out));
    assertThat(counter.counted).isTrue();
  }

  @Test
  void so_is_one_that_broke_once_the_counter_is_ready() {
    counter.ready = true;
    Call call = call(Duration.ofMinutes(1));
    catchThrowableOfType(
        Failure.class,
        () ->
            run(
                call,
                (asked, out) -> {
                  say(out);
                  throw Failure.cancelled();
                }));
    assertThat(call.trail().usage().output()).isEqualTo(77);
  }

  private static void say(dev.lintel.Sink out) {
    out.emit(Chunk.of(new Part.Text("sixteen letters.")));
  }

  private void run(Call call, Handler next) {
    OnCallThread.run(() -> new Estimate(counter).apply(call, sink, next));
  }

  private static Call call(Duration left) {
    Chat chat =
        Chat.read(
            new Fakes.NamedDialect("openai"),
            "m",
            true,
            false,
            new Inbound(
                Map.of(),
                Map.of(),
                Headers.NONE,
                Body.scan("{\"model\":\"m\"}".getBytes(StandardCharsets.UTF_8))),
            inbound -> {
              throw Failure.invalid("It is passed on unread.");
            });
    Call call = Fakes.call(Fakes.model(Fakes.retry(1), new Target(Fakes.provider("p"), "m")), chat);
    return call.with(
        chat, call.terms(), call.ownKey(), call.resolved(), CallThread.nanoTime() + left.toNanos());
  }

  private static final class Counter implements TokenCounter {
    private boolean ready;
    private boolean counted;

    @Override
    public long prompt(Prompt prompt, String model) {
      counted = true;
      return 77;
    }

    @Override
    public long text(String text, String model) {
      counted = true;
      return text.isEmpty() ? 0 : 77;
    }

    @Override
    public boolean ready(String model) {
      return ready;
    }
  }
}
