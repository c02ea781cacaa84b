package dev.lintel.filter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lintel.Attempt;
import dev.lintel.Call;
import dev.lintel.Chunk;
import dev.lintel.Credential;
import dev.lintel.Failure;
import dev.lintel.Failure.Kind;
import dev.lintel.Fakes;
import dev.lintel.Handler;
import dev.lintel.Lesson;
import dev.lintel.Model;
import dev.lintel.OnCallThread;
import dev.lintel.Part;
import dev.lintel.Ranking;
import dev.lintel.Sink;
import dev.lintel.Target;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class FailoverTest {
  private final Fakes.Wellness health = new Fakes.Wellness();
  private final Fakes.Recorder sink = new Fakes.Recorder();
  private final List<String> asked = new ArrayList<>();
  private final Target first = health.watched(Fakes.provider("p"), "one");
  private final Target second = health.watched(Fakes.provider("q"), "two");

  @Test
  void answers_from_the_first_target_when_it_is_well() {
    Call call = run(Fakes.model(Fakes.retry(3), first, second), answering("hello"));
    assertThat(sink.text()).isEqualTo("hello");
    assertThat(asked).containsExactly("p/one#none");
    assertThat(call.trail().attempts()).extracting(Attempt::kind).containsExactly(Optional.empty());
    assertThat(health.log).containsExactly("ok p/one#none");
  }

  @Test
  void fails_over_before_the_first_content() {
    Call call =
        run(
            Fakes.model(Fakes.retry(3), first, second),
            (at, out) -> {
              out.emit(Chunk.of(new Part.Start("id-of-" + target(at), "")));
              if (target(at).equals("p/one")) {
                throw Failure.of(Kind.UPSTREAM_UNAVAILABLE, "down").upstream(503);
              }
              out.emit(Chunk.of(new Part.Text("hello")));
            });
    assertThat(asked).containsExactly("p/one#none", "q/two#none");
    assertThat(sink.text()).isEqualTo("hello");
    assertThat(sink.chunks).as("nothing of the first reply is seen").hasSize(2);
    assertThat(call.trail().attempts()).extracting(Attempt::status).containsExactly(503, 200);
  }

  @Test
  void a_strategy_learns_how_each_try_ended_but_for_what_the_caller_did_wrong() {
    var learned = new ArrayList<String>();
    var lesson =
        new Lesson() {
          @Override
          public void answered(Target target, long nanos, Optional<BigDecimal> cost) {
            learned.add("answered " + target.name());
          }

          @Override
          public void failed(Target target) {
            learned.add("failed " + target.name());
          }

          @Override
          public void rated(OptionalDouble before, double score) {}
        };
    Model model =
        Fakes.model(Fakes.retry(3), first, second)
            .by((call, all) -> Ranking.AS_WRITTEN.teaching(lesson));
    Call call =
        run(
            model,
            (at, out) -> {
              if (target(at).equals("p/one")) {
                throw Failure.of(Kind.UPSTREAM_UNAVAILABLE, "down").upstream(503);
              }
              out.emit(Chunk.of(new Part.Text("hello")));
            });
    assertThat(learned).containsExactly("failed p/one", "answered q/two");
    assertThat(call.trail().lesson()).isSameAs(lesson);

    assertFails(model, failing(Kind.INVALID_REQUEST, 400), Kind.INVALID_REQUEST);
    assertThat(learned).hasSize(2);
  }

  @Test
  void only_reports_after_the_first_content() {
    assertFails(
        Fakes.model(Fakes.retry(3), first, second),
        (at, out) -> {
          out.emit(Chunk.of(new Part.Text("half")));
          throw Failure.of(Kind.UPSTREAM_UNAVAILABLE, "cut");
        },
        Kind.UPSTREAM_UNAVAILABLE);
    assertThat(asked).containsExactly("p/one#none");
    assertThat(sink.text()).isEqualTo("half");
  }

  @Test
  void a_bad_request_is_tried_nowhere_else() {
    assertFails(
        Fakes.model(Fakes.retry(3), first, second),
        failing(Kind.INVALID_REQUEST, 400),
        Kind.INVALID_REQUEST);
    assertThat(asked).hasSize(1);
  }

  @Test
  void an_empty_reply_is_a_failure() {
    assertFails(Fakes.model(Fakes.retry(1), first), (at, out) -> {}, Kind.UPSTREAM_ERROR);
  }

  @Test
  void a_limited_key_gives_way_to_the_next_one() {
    Target target = health.watched(Fakes.provider("p", "k1", "k2"), "one");
    run(
        Fakes.model(Fakes.retry(3), target),
        (at, out) -> {
          if (key(at).equals("k1")) {
            throw Failure.of(Kind.UPSTREAM_RATE_LIMITED, "slow down").upstream(429);
          }
          out.emit(Chunk.of(new Part.Text("hello")));
        });
    assertThat(asked).containsExactly("p/one#k1", "p/one#k2");
  }

  @Test
  void the_caller_is_told_the_shortest_wait_of_all_tries() {
    Handler limited =
        (at, out) -> {
          throw Failure.of(Kind.UPSTREAM_RATE_LIMITED, "slow down")
              .upstream(429)
              .retryAfter(Optional.of(Duration.ofSeconds(target(at).equals("p/one") ? 20 : 60)));
        };
    assertThatThrownBy(() -> run(Fakes.model(Fakes.retry(2), first, second), limited))
        .isInstanceOfSatisfying(
            Failure.class, told -> assertThat(told.retryAfter()).contains(Duration.ofSeconds(20)));
    assertThat(asked).hasSize(2);
  }

  @Test
  void keys_take_turns() {
    Target target = health.watched(Fakes.provider("p", "k1", "k2"), "one");
    var failover = new Failover((trail, event) -> {});
    Model model = Fakes.model(Fakes.retry(3), target);
    for (int i = 0; i < 4; i++) {
      OnCallThread.run(() -> failover.apply(Fakes.call(model), sink, noting(answering("x"))));
    }
    assertThat(asked).containsExactly("p/one#k1", "p/one#k2", "p/one#k1", "p/one#k2");
  }

  @Test
  void a_refused_key_is_not_asked_again_for_any_model_of_its_provider() {
    var provider = Fakes.provider("p");
    assertFails(
        Fakes.model(
            Fakes.retry(5),
            health.watched(provider, "one"),
            health.watched(provider, "other"),
            second),
        (at, out) -> {
          throw target(at).startsWith("p/")
              ? Failure.of(Kind.UPSTREAM_ERROR, "bad key")
                  .upstream(401)
                  .again(Failure.Again.ELSEWHERE)
              : Failure.of(Kind.NOT_FOUND, "no such model").upstream(404);
        },
        Kind.NOT_FOUND);
    assertThat(asked).containsExactly("p/one#none", "q/two#none");
  }

  @Test
  void asks_the_same_target_again_only_after_all_others() {
    assertFails(
        Fakes.model(Fakes.retry(3), first, second),
        failing(Kind.UPSTREAM_ERROR, 500),
        Kind.UPSTREAM_ERROR);
    assertThat(asked).containsExactly("p/one#none", "q/two#none", "p/one#none");
  }

  @Test
  void resting_targets_are_passed_over_while_another_is_well() {
    health.resting.add("p/one");
    run(Fakes.model(Fakes.retry(3), first, second), answering("hello"));
    assertThat(asked).containsExactly("q/two#none");
  }

  @Test
  void when_all_rest_the_one_that_rests_least_is_asked() {
    health.resting.addAll(List.of("q/two", "p/one"));
    run(Fakes.model(Fakes.retry(3), first, second), answering("hello"));
    assertThat(asked).containsExactly("q/two#none");
  }

  @Test
  void a_wait_longer_than_the_call_may_take_fails_at_once() {
    long began = System.nanoTime();
    assertFails(
        Fakes.model(Fakes.retry(3), first),
        (at, out) -> {
          throw Failure.of(Kind.UPSTREAM_RATE_LIMITED, "later")
              .upstream(429)
              .retryAfter(Optional.of(Duration.ofHours(1)));
        },
        Kind.UPSTREAM_RATE_LIMITED);
    assertThat(asked).hasSize(1);
    assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(5));
  }

  @Test
  void a_caller_who_left_counts_against_nobody() {
    assertFails(
        Fakes.model(Fakes.retry(3), first, second),
        (at, out) -> {
          throw Failure.cancelled();
        },
        Kind.CANCELLED);
    assertThat(asked).hasSize(1);
    assertThat(health.log).containsExactly("left p/one#none");
  }

  @Test
  void a_call_whose_own_time_is_up_counts_against_nobody() {
    assertFails(
        Fakes.model(Fakes.retry(3), first, second),
        (at, out) -> {
          throw Failure.of(Kind.TIMEOUT, "too late")
              .again(Failure.Again.NOWHERE)
              .blame(Failure.Blame.NOBODY);
        },
        Kind.TIMEOUT);
    assertThat(asked).hasSize(1);
    assertThat(health.log).containsExactly("left p/one#none");
  }

  @Test
  void a_reader_who_is_too_slow_counts_against_nobody() {
    Sink slow =
        chunk -> {
          throw Failure.of(Kind.TIMEOUT, "not read").blame(Failure.Blame.NOBODY);
        };
    assertThatThrownBy(() ->
            OnCallThread.run(() ->
                new Failover((t, e) -> {})
                    .apply(Fakes.call(Fakes.model(Fakes.retry(3), first)), slow, answering("x"))))
        .isInstanceOf(Failure.class);
    assertThat(health.log).containsExactly("left p/one#none");
  }

  @Test
  void a_targets_own_timeout_counts_against_it() {
    assertFails(Fakes.model(Fakes.retry(1), first), failing(Kind.TIMEOUT, 0), Kind.TIMEOUT);
    assertThat(health.log).containsExactly("failed p/one#none");
  }

  @Test
  void the_try_under_way_is_counted() {
    var counts = new ArrayList<Integer>();
    Call call =
        run(
            Fakes.model(Fakes.retry(3), first, second),
            (at, out) -> {
              counts.add(at.trail().tries());
              if (target(at).equals("p/one")) {
                throw Failure.of(Kind.UPSTREAM_UNAVAILABLE, "down");
              }
              out.emit(Chunk.of(new Part.Text("x")));
            });
    assertThat(counts).containsExactly(1, 2);
    assertThat(call.trail().tries()).isEqualTo(2);
  }

  @Test
  void a_fault_of_the_gateway_is_on_the_record_and_gives_the_probe_back() {
    Model model = Fakes.model(Fakes.retry(3), first, second);
    Call call = Fakes.call(model);
    assertThatThrownBy(() ->
            OnCallThread.run(() ->
                new Failover((t, e) -> {})
                    .apply(
                        call,
                        sink,
                        (at, out) -> {
                          throw new IllegalStateException("a bug");
                        })))
        .isInstanceOf(IllegalStateException.class);
    assertThat(health.log).containsExactly("left p/one#none");
    assertThat(call.trail().attempts()).hasSize(1);
  }

  @Test
  void a_callers_own_key_is_the_only_one_used_and_nobodys_health_depends_on_it() {
    Model model =
        Fakes.model(Fakes.retry(1), health.watched(Fakes.provider("p", "k1", "k2"), "one"));
    Call plain = Fakes.call(model);
    Call own =
        plain.with(
            plain.request(),
            plain.terms(),
            Optional.of(new Credential("own", "s")),
            model,
            plain.deadline());
    assertThatThrownBy(() ->
            OnCallThread.run(() ->
                new Failover((t, e) -> {})
                    .apply(own, sink, noting(failing(Kind.UPSTREAM_ERROR, 401)))))
        .isInstanceOf(Failure.class);
    assertThat(asked).containsExactly("p/one#own");
    assertThat(health.log).isEmpty();
  }

  private Call run(Model model, Handler next) {
    Call call = Fakes.call(model);
    OnCallThread.run(() -> new Failover((trail, event) -> {}).apply(call, sink, noting(next)));
    return call;
  }

  private void assertFails(Model model, Handler next, Kind kind) {
    assertThatThrownBy(() -> run(model, next))
        .isInstanceOfSatisfying(
            Failure.class, failure -> assertThat(failure.kind()).isEqualTo(kind));
  }

  private Handler noting(Handler next) {
    return (at, out) -> {
      asked.add(target(at) + "#" + key(at));
      next.handle(at, out);
    };
  }

  private static Handler answering(String text) {
    return (Call at, Sink out) -> out.emit(Chunk.of(new Part.Text(text)));
  }

  private static Handler failing(Kind kind, int status) {
    return (at, out) -> {
      throw Failure.of(kind, "no").upstream(status);
    };
  }

  private static String target(Call call) {
    return call.target().orElseThrow().target().name();
  }

  private static String key(Call call) {
    return call.target().orElseThrow().credential().id();
  }
}
