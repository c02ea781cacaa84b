package dev.lintel.filter;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Attempt;
import dev.lintel.Body;
import dev.lintel.Call;
import dev.lintel.CallThread;
import dev.lintel.Caller;
import dev.lintel.Chat;
import dev.lintel.Chunk;
import dev.lintel.Event;
import dev.lintel.Facts;
import dev.lintel.Failure;
import dev.lintel.Failure.Kind;
import dev.lintel.Fakes;
import dev.lintel.Frame;
import dev.lintel.Handler;
import dev.lintel.Inbound;
import dev.lintel.Json;
import dev.lintel.Listener;
import dev.lintel.Model;
import dev.lintel.Part;
import dev.lintel.Price;
import dev.lintel.Profile;
import dev.lintel.Ranking;
import dev.lintel.Routing;
import dev.lintel.Sink;
import dev.lintel.Target;
import dev.lintel.Terms;
import dev.lintel.Timeouts;
import dev.lintel.Trail;
import dev.lintel.Traits;
import dev.lintel.Usage;
import dev.lintel.VirtualTime;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.node.ObjectNode;

class CoalesceTest {
  private static final Price A_CENT =
      new Price() {
        @Override
        public Optional<BigDecimal> cost(Usage usage) {
          return Optional.of(new BigDecimal("0.01"));
        }

        @Override
        public ObjectNode json() {
          return Json.object().put("input", 1);
        }
      };

  private static final Chunk STOP =
      Chunk.of(
          new Part.Stop(Part.Stop.Reason.END, "openai", "stop", ""),
          Usage.of(5, 7, Usage.Source.PROVIDER));

  private final VirtualTime time = new VirtualTime();
  private final List<String> log = new ArrayList<>();
  private final Coalesce coalesce = new Coalesce();
  private int asked;
  private int made;
  private Handler provider =
      (call, out) -> {
        pause(100);
        out.emit(Chunk.of(new Part.Text("one ")));
        out.flush();
        pause(100);
        out.emit(Chunk.of(new Part.Text("two")));
        out.emit(STOP);
        out.flush();
        pause(10);
      };

  @Test
  void concurrent_calls_that_ask_the_same_are_one() {
    Caught first = at(0).call();
    Caught second = at(50).call();
    time.run();
    assertThat(asked).isEqualTo(1);
    assertThat(List.of(first.text(), second.text())).containsOnly("one two");
    assertThat(first.trail.target().map(Target::name)).contains("p/one");
    assertThat(second.trail.target().map(Target::name)).contains("p/one");
    assertThat(second.trail.attempts()).hasSize(1);
    assertThat(second.trail.usage().output()).isEqualTo(7);
    assertThat(second.trail.id()).isNotEqualTo(first.trail.id());
  }

  @Test
  void a_call_that_comes_late_is_told_the_beginning_too() {
    Caught first = at(0).call();
    Caught second = at(150).call();
    time.run();
    assertThat(asked).isEqualTo(1);
    assertThat(second.text()).isEqualTo("one two");
    assertThat(second.began).isEqualTo(first.began + 50);
  }

  @Test
  void a_call_that_comes_when_the_reply_is_complete_is_asked_anew() {
    at(0).call();
    at(500).call();
    time.run();
    assertThat(asked).isEqualTo(2);
  }

  @Test
  void nobody_joins_a_reply_that_has_become_long() {
    provider =
        (call, out) -> {
          out.emit(
              new Chunk(
                  List.of(new Part.Text("long ")), Frame.whole("openai", new byte[2_000_000])));
          out.flush();
          pause(200);
          out.emit(STOP);
        };
    Caught first = at(0).call();
    Caught second = at(100).call();
    time.run();
    assertThat(asked).isEqualTo(2);
    assertThat(List.of(first.text(), second.text())).containsOnly("long ");
  }

  @Test
  void what_differs_in_anything_that_matters_is_asked_apart() {
    at(0).call();
    at(0).body("{\"x\":2}").call();
    at(0).app("b").call();
    at(0).terms(Map.of("tier", "high")).call();
    at(0).header("anthropic-beta", "x").call();
    at(0).keyed().call();
    at(0).alone().call();
    at(0).header("x-stainless-retry-count", "1").call();
    time.run();
    assertThat(asked).as("the last is as the first").isEqualTo(7);
  }

  @Test
  void the_first_who_is_there_at_the_end_pays_and_nobody_else_does() {
    Caught first = at(0).call();
    Caught second = at(10).call();
    Caught third = at(20).call();
    time.after(Duration.ofMillis(150), () -> first.thread.cancel());
    time.run();
    assertThat(first.failure).isEqualTo(Kind.CANCELLED);
    assertThat(first.text()).isEqualTo("one ");
    assertThat(first.trail.cost()).contains(BigDecimal.ZERO);
    assertThat(second.trail.cost()).contains(new BigDecimal("0.01"));
    assertThat(third.trail.cost()).contains(BigDecimal.ZERO);
    assertThat(List.of(second.text(), third.text())).containsOnly("one two");
    assertThat(first.trail.attempts())
        .extracting(Attempt::kind)
        .containsExactly(Optional.of(Kind.CANCELLED));
    assertThat(second.trail.attempts()).extracting(Attempt::kind).containsExactly(Optional.empty());
  }

  @Test
  void what_it_cost_is_known_before_the_end_of_the_reply_is_seen() {
    Caught first = at(0).call();
    Caught second = at(10).call();
    time.run();
    assertThat(first.costAtStop).contains(new BigDecimal("0.01"));
    assertThat(second.costAtStop).contains(BigDecimal.ZERO);
  }

  @Test
  void when_all_have_left_the_call_is_ended_and_the_last_pays() {
    provider =
        (call, out) -> {
          out.emit(Chunk.of(new Part.Text("one "), Usage.of(5, 1, Usage.Source.PROVIDER)));
          out.flush();
          try {
            pause(60_000);
          } catch (Failure left) {
            log.add("ended at " + millis());
            throw left;
          }
        };
    Caught first = at(0).call();
    Caught second = at(10).call();
    time.after(Duration.ofMillis(100), () -> first.thread.cancel());
    time.after(Duration.ofMillis(200), () -> second.thread.cancel());
    time.run();
    assertThat(log).containsExactly("req_1", "ended at 200", "req_2");
    assertThat(first.trail.cost()).contains(BigDecimal.ZERO);
    assertThat(second.trail.cost()).contains(new BigDecimal("0.01"));
    assertThat(second.trail.attempts())
        .extracting(Attempt::kind)
        .containsExactly(Optional.of(Kind.CANCELLED));
    assertThat(second.trail.usage().output()).isEqualTo(1);
    at(0).call();
    time.run(Duration.ofSeconds(1));
    assertThat(asked).as("nobody joins what was ended").isEqualTo(2);
    time.run();
  }

  @Test
  void one_whose_time_is_over_fails_alone() {
    Caught first = at(0).within(150).call();
    Caught second = at(100).within(150).call();
    time.run();
    assertThat(asked).isEqualTo(1);
    assertThat(first.failure).isEqualTo(Kind.TIMEOUT);
    assertThat(first.trail.attempts())
        .extracting(Attempt::kind)
        .containsExactly(Optional.of(Kind.TIMEOUT));
    assertThat(first.ended).isEqualTo(150);
    assertThat(second.text()).isEqualTo("one two");
    assertThat(second.failure).isNull();
  }

  @Test
  void one_alone_whose_time_is_over_ends_the_call() {
    Caught first = at(0).within(50).call();
    time.run();
    assertThat(first.failure).isEqualTo(Kind.TIMEOUT);
    assertThat(first.trail.attempts())
        .extracting(Attempt::kind)
        .containsExactly(Optional.of(Kind.TIMEOUT));
    assertThat(millis()).isLessThan(100);
  }

  @Test
  void one_whose_time_is_over_while_two_targets_are_asked_has_both_on_its_record() {
    Handler usual = provider;
    provider =
        (call, out) -> {
          call.trail().asking(new Target(Fakes.provider("q"), "two"));
          usual.handle(call, out);
        };
    Caught first = at(0).within(50).call();
    time.run();
    assertThat(first.trail.attempts())
        .extracting(Attempt::target)
        .containsExactly("p/one", "q/two");
    assertThat(first.trail.tries()).isEqualTo(2);
  }

  @Test
  void a_failure_is_everybodys() {
    provider =
        (call, out) -> {
          pause(100);
          throw Failure.of(Kind.UPSTREAM_ERROR, "no").upstream(500);
        };
    Caught first = at(0).call();
    Caught second = at(10).call();
    time.run();
    assertThat(asked).as("two tries of one call").isEqualTo(2);
    for (Caught one : List.of(first, second)) {
      assertThat(one.failure).isEqualTo(Kind.UPSTREAM_ERROR);
      assertThat(one.trail.attempts()).hasSize(2);
    }
    assertThat(log).as("a record each").containsExactly("req_1", "req_2");
  }

  @Test
  void a_fault_of_the_gateway_leaves_nobody_waiting() {
    provider =
        (call, out) -> {
          throw new IllegalStateException("bug");
        };
    Caught first = at(0).call();
    time.run();
    assertThat(first.failure).isEqualTo(Kind.INTERNAL);
  }

  @Test
  void a_slow_reader_holds_nobody_up() {
    Caught slow = at(0).pausing(1000).call();
    Caught quick = at(10).call();
    time.run();
    assertThat(quick.ended).isEqualTo(210);
    assertThat(slow.text()).isEqualTo("one two");
    assertThat(slow.ended).isGreaterThan(3000);
  }

  private void pause(long millis) {
    CallThread.current()
        .await(() -> false, CallThread.nanoTime() + Duration.ofMillis(millis).toNanos());
  }

  private long millis() {
    return time.getAsLong() / 1_000_000;
  }

  private Asking at(long millis) {
    return new Asking(millis);
  }

  /** What became of a call. */
  private final class Caught implements Sink {
    private final Fakes.Recorder recorder = new Fakes.Recorder();
    private final long pause;
    private Optional<BigDecimal> costAtStop = Optional.empty();
    private Trail trail;
    private CallThread thread;
    private Kind failure;
    private long began;
    private long ended;

    Caught(long pause) {
      this.pause = pause;
    }

    String text() {
      return recorder.text();
    }

    @Override
    public void emit(Chunk chunk) {
      if (pause > 0) {
        pause(pause);
      }
      began = began == 0 ? millis() : began;
      if (chunk == STOP) {
        costAtStop = trail.cost();
      }
      recorder.emit(chunk);
    }
  }

  /** A call that is to be made. */
  private final class Asking {
    private final long at;
    private String body = "{\"x\":1}";
    private String app = "a";
    private Map<String, String> terms = Map.of();
    private Map<String, String> headers = Map.of();
    private long within = 600_000;
    private long pausing;
    private boolean keyed;
    private boolean coalesced = true;

    Asking(long at) {
      this.at = at;
    }

    Asking body(String other) {
      body = other;
      return this;
    }

    Asking app(String other) {
      app = other;
      return this;
    }

    Asking terms(Map<String, String> given) {
      terms = given;
      return this;
    }

    Asking header(String name, String value) {
      headers = Map.of(name, value);
      return this;
    }

    Asking within(long millis) {
      within = millis;
      return this;
    }

    Asking pausing(long millis) {
      pausing = millis;
      return this;
    }

    Asking keyed() {
      keyed = true;
      return this;
    }

    Asking alone() {
      coalesced = false;
      return this;
    }

    Caught call() {
      var caught = new Caught(pausing);
      caught.trail = new Trail("req_" + ++made, Instant.EPOCH, 0);
      caught.trail.calledBy(new Caller("t", app, "k", Optional.empty(), false));
      if (keyed) {
        caught.trail.keyed(new Trail.Keyed("k", "/"));
      }
      time.after(Duration.ofMillis(at), () -> caught.thread = time.start(() -> serve(caught)));
      return caught;
    }

    private void serve(Caught caught) {
      var call =
          new Call(
              caught.trail,
              "key",
              caught.trail.caller(),
              new Terms(terms, false, Map.of(), false),
              chat(),
              Optional.empty(),
              Optional.of(model(coalesced)),
              Optional.empty(),
              CallThread.nanoTime() + Duration.ofMillis(within).toNanos());
      Listener ended =
          (trail, event) -> {
            if (event instanceof Event.Ended) {
              log.add(trail.id());
            }
          };
      try {
        new Observe(ended)
            .apply(call, caught, (to, out) -> coalesce.apply(to, out, CoalesceTest.this::failover));
      } catch (Failure failure) {
        caught.failure = failure.kind();
      } catch (IllegalStateException bug) {
        caught.failure = Kind.INTERNAL;
      }
      caught.ended = millis();
    }

    private Chat chat() {
      return Chat.read(
          new Fakes.NamedDialect("openai"),
          "m",
          true,
          false,
          new Inbound(
              Map.of(),
              Map.of(),
              name -> Optional.ofNullable(headers.get(name)),
              Body.scan(body.getBytes(UTF_8))),
          inbound -> {
            throw new AssertionError("nobody needs the conversation");
          });
    }
  }

  private static Model model(boolean coalesced) {
    var target =
        new Target(Fakes.provider("p"), "one", Profile.NONE, Facts.of(Traits.UNKNOWN, A_CENT));
    var routing =
        new Routing(
            List.of(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            coalesced,
            Map.of(),
            true);
    return new Model(
        "m",
        List.of(target),
        (call, all) -> Ranking.AS_WRITTEN,
        Timeouts.USUAL,
        Fakes.retry(2),
        Optional.empty(),
        routing);
  }

  private void failover(Call call, Sink sink) {
    new Failover((trail, event) -> {})
        .apply(
            call,
            sink,
            (to, out) -> {
              asked++;
              provider.handle(to, out);
            });
  }
}
