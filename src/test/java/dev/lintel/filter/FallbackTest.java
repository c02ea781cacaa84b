package dev.lintel.filter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.lintel.Attempt;
import dev.lintel.Call;
import dev.lintel.Chunk;
import dev.lintel.Failure;
import dev.lintel.Failure.Kind;
import dev.lintel.Fakes;
import dev.lintel.Frame;
import dev.lintel.Handler;
import dev.lintel.Model;
import dev.lintel.OnCallThread;
import dev.lintel.Part;
import dev.lintel.Part.Stop.Reason;
import dev.lintel.Ranking;
import dev.lintel.Routing;
import dev.lintel.Routing.Cause;
import dev.lintel.Target;
import dev.lintel.Timeouts;
import dev.lintel.Usage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class FallbackTest {
  private static final Map<Cause, List<String>> ONE_EACH =
      Map.of(
          Cause.CONTEXT_LENGTH, List.of("larger"),
          Cause.CONTENT_POLICY, List.of("laxer"),
          Cause.OVERLOADED, List.of("idler"),
          Cause.BUDGET, List.of("cheaper"),
          Cause.ANY, List.of("other"));

  private final Fakes.Wellness health = new Fakes.Wellness();
  private final Fakes.Recorder sink = new Fakes.Recorder();
  private final List<String> asked = new ArrayList<>();
  private final Map<String, Model> models = new HashMap<>();

  /** How each model's target answers; those without an entry say hello. */
  private final Map<String, Handler> answers = new HashMap<>();

  @ParameterizedTest
  @CsvSource({
    "CONTEXT_LENGTH_EXCEEDED, 400, larger",
    "PAYLOAD_TOO_LARGE, 413, larger",
    "CONTENT_BLOCKED, 400, laxer",
    "UPSTREAM_OVERLOADED, 529, idler",
    "UPSTREAM_RATE_LIMITED, 429, idler",
    "BUDGET_EXCEEDED, 0, cheaper",
    "NOT_FOUND, 404, other",
    "UPSTREAM_UNAVAILABLE, 503, other",
    "UPSTREAM_ERROR, 500, other",
    "UPSTREAM_ERROR, 401, other",
    "TIMEOUT, 0, other",
    "UNAVAILABLE, 0, other",
  })
  void each_cause_has_its_list(Kind kind, int status, String answering) {
    models("main", ONE_EACH, "larger", "laxer", "idler", "cheaper", "other");
    answers.put("main", failing(kind, status));
    Call call = run();
    assertThat(sink.text()).isEqualTo("hello from " + answering);
    assertThat(call.trail().model()).as("what was asked for stays").isEmpty();
    assertThat(call.trail().target().map(Target::name)).contains("p/" + answering);
    assertThat(call.trail().attempts())
        .extracting(Attempt::target)
        .containsExactly("p/main", "p/" + answering);
    assertThat(call.trail().attempts().getFirst().kind()).contains(kind);
  }

  @ParameterizedTest
  @EnumSource(
      value = Kind.class,
      names = {
        "CONTEXT_LENGTH_EXCEEDED",
        "CONTENT_BLOCKED",
        "UPSTREAM_OVERLOADED",
        "UPSTREAM_RATE_LIMITED",
        "BUDGET_EXCEEDED",
        "UPSTREAM_ERROR"
      })
  void any_covers_what_has_no_list_of_its_own(Kind kind) {
    models("main", Map.of(Cause.ANY, List.of("other")), "other");
    answers.put("main", failing(kind, 500));
    run();
    assertThat(sink.text()).isEqualTo("hello from other");
  }

  @ParameterizedTest
  @EnumSource(
      value = Kind.class,
      names = {
        "INVALID_REQUEST",
        "AUTHENTICATION",
        "PERMISSION",
        "RATE_LIMITED",
        "CANCELLED",
        "INTERNAL"
      })
  void what_would_fail_everywhere_is_asked_nowhere_else(Kind kind) {
    models("main", ONE_EACH, "other");
    answers.put("main", failing(kind, 0));
    assertThat(failure().kind()).isEqualTo(kind);
    assertThat(asked).containsExactly("main");
  }

  @Test
  void a_call_whose_own_time_is_over_is_asked_nowhere_else() {
    models("main", ONE_EACH, "other");
    answers.put(
        "main",
        (call, out) -> {
          throw Errand.late();
        });
    assertThat(failure().kind()).isEqualTo(Kind.TIMEOUT);
    assertThat(asked).containsExactly("main");
  }

  @Test
  void an_upload_that_is_gone_is_asked_nowhere_else() {
    models("main", ONE_EACH, "other");
    answers.put(
        "main",
        (call, out) -> {
          throw Failure.of(Kind.UPSTREAM_ERROR, "cut").again(Failure.Again.NOWHERE);
        });
    assertThat(failure().kind()).isEqualTo(Kind.UPSTREAM_ERROR);
    assertThat(asked).containsExactly("main");
  }

  @Test
  void a_list_of_its_own_is_not_added_to_by_any() {
    models(
        "main",
        Map.of(Cause.OVERLOADED, List.of("idler"), Cause.ANY, List.of("other")),
        "idler",
        "other");
    answers.put("main", failing(Kind.UPSTREAM_OVERLOADED, 529));
    answers.put("idler", failing(Kind.UPSTREAM_ERROR, 500));
    assertThat(failure().kind()).isEqualTo(Kind.UPSTREAM_OVERLOADED);
    assertThat(asked).containsExactly("main", "idler");
  }

  @Test
  void the_named_models_are_asked_in_their_order_and_a_fallbacks_own_before_the_next() {
    models("main", Map.of(Cause.ANY, List.of("b", "d")), "d");
    models("b", Map.of(Cause.ANY, List.of("c", "main")), "c");
    for (String name : List.of("main", "b", "c")) {
      answers.put(name, failing(Kind.UPSTREAM_ERROR, 500));
    }
    run();
    assertThat(asked).as("none twice").containsExactly("main", "b", "c", "d");
    assertThat(sink.text()).isEqualTo("hello from d");
  }

  @Test
  void a_fallback_that_finds_the_request_wrong_gives_way_to_the_next() {
    models("main", Map.of(Cause.ANY, List.of("b", "c")), "b", "c");
    answers.put("main", failing(Kind.UPSTREAM_ERROR, 500));
    answers.put("b", failing(Kind.INVALID_REQUEST, 400));
    run();
    assertThat(sink.text()).isEqualTo("hello from c");
  }

  @Test
  void each_model_has_its_own_number_of_tries() {
    models.put("other", model("other", 2, Map.of()));
    models.put("main", model("main", 3, Map.of(Cause.ANY, List.of("other"))));
    answers.put("main", failing(Kind.UPSTREAM_ERROR, 500));
    answers.put("other", failing(Kind.UPSTREAM_ERROR, 500));
    failure();
    assertThat(asked).containsExactly("main", "main", "main", "other", "other");
  }

  @Test
  void nothing_is_asked_after_the_first_content() {
    models("main", ONE_EACH, "other");
    answers.put(
        "main",
        (call, out) -> {
          out.emit(Chunk.of(new Part.Text("half")));
          throw Failure.of(Kind.UPSTREAM_UNAVAILABLE, "cut");
        });
    assertThat(failure().message()).isEqualTo("cut");
    assertThat(asked).containsExactly("main");
    assertThat(sink.text()).isEqualTo("half");
  }

  @Test
  void a_fallback_that_breaks_off_is_reported_as_it_is() {
    models("main", Map.of(Cause.ANY, List.of("other", "third")), "other", "third");
    answers.put("main", failing(Kind.UPSTREAM_ERROR, 500));
    answers.put(
        "other",
        (call, out) -> {
          out.emit(Chunk.of(new Part.Text("half")));
          throw Failure.of(Kind.UPSTREAM_UNAVAILABLE, "cut");
        });
    assertThat(failure().message()).isEqualTo("cut");
    assertThat(asked).containsExactly("main", "other");
  }

  @Test
  void when_all_fail_the_caller_learns_why_the_first_did_and_the_least_wait() {
    models("main", ONE_EACH, "idler");
    answers.put(
        "main",
        (call, out) -> {
          throw limited(90);
        });
    answers.put(
        "idler",
        (call, out) -> {
          throw limited(7);
        });
    Failure failure = failure();
    assertThat(failure.message()).isEqualTo("wait 90");
    assertThat(failure.retryAfter()).contains(Duration.ofSeconds(7));
  }

  @Test
  void a_failure_of_a_provider_says_more_than_that_nobody_may_be_asked() {
    models("main", ONE_EACH, "other");
    answers.put("main", failing(Kind.UNAVAILABLE, 0));
    answers.put("other", failing(Kind.UPSTREAM_ERROR, 500));
    assertThat(failure().kind()).isEqualTo(Kind.UPSTREAM_ERROR);
  }

  @Test
  void a_wrong_request_at_a_fallback_does_not_hide_that_nobody_may_be_asked() {
    models("main", ONE_EACH, "other");
    answers.put("main", failing(Kind.UNAVAILABLE, 0));
    answers.put("other", failing(Kind.INVALID_REQUEST, 400));
    assertThat(failure().kind()).isEqualTo(Kind.UNAVAILABLE);
  }

  @Test
  void targets_that_rest_for_a_limit_are_overloaded() {
    models("main", ONE_EACH, "idler", "other");
    answers.put(
        "main",
        (call, out) -> {
          throw Failure.of(Kind.UNAVAILABLE, "all rest", limited(9));
        });
    run();
    assertThat(sink.text()).isEqualTo("hello from idler");
  }

  @Test
  void who_rests_is_left_alone_while_another_model_answers() {
    models("main", Map.of(Cause.ANY, List.of("other")), "other");
    health.resting.add("p/main");
    Call call = run();
    assertThat(asked).containsExactly("other");
    assertThat(call.trail().tries()).isEqualTo(1);
  }

  @Test
  void who_rests_is_asked_after_all_where_the_other_models_fail() {
    models("main", Map.of(Cause.ANY, List.of("b", "c")), "b", "c");
    health.resting.add("p/main");
    answers.put("b", failing(Kind.UPSTREAM_ERROR, 500));
    answers.put("c", failing(Kind.UPSTREAM_RATE_LIMITED, 429));
    run();
    assertThat(asked).containsExactly("b", "c", "main");
    assertThat(sink.text()).isEqualTo("hello from main");
  }

  @Test
  void a_model_that_falls_back_for_another_cause_alone_asks_who_rests() {
    models("main", Map.of(Cause.CONTEXT_LENGTH, List.of("larger")), "larger");
    health.resting.add("p/main");
    run();
    assertThat(asked).containsExactly("main");
  }

  @Test
  void a_long_wait_is_not_begun_where_another_model_may_answer() {
    models.put("other", model("other", 1, Map.of()));
    models.put("main", model("main", 3, Map.of(Cause.OVERLOADED, List.of("other"))));
    answers.put(
        "main",
        (call, out) -> {
          throw limited(5);
        });
    run();
    assertThat(asked).containsExactly("main", "other");
  }

  @ParameterizedTest
  @EnumSource(
      value = Reason.class,
      names = {"CONTENT_FILTER", "REFUSAL"})
  void a_reply_that_is_nothing_but_a_refusal_is_one(Reason reason) {
    models("main", ONE_EACH, "laxer");
    answers.put(
        "main",
        (call, out) -> {
          out.emit(Chunk.of(new Part.Start("id", "m")));
          out.emit(
              Chunk.of(
                  new Part.Stop(reason, "openai", "content_filter", ""),
                  Usage.of(5, 0, Usage.Source.PROVIDER)));
        });
    Call call = run();
    assertThat(sink.text()).isEqualTo("hello from laxer");
    assertThat(sink.chunks).as("nothing of the refusal is seen").hasSize(1);
    assertThat(call.trail().attempts().getFirst())
        .satisfies(first -> assertThat(first.status()).isEqualTo(200))
        .satisfies(first -> assertThat(first.kind()).contains(Kind.CONTENT_BLOCKED));
    assertThat(health.log).contains("left p/main#none");
  }

  @Test
  void words_of_refusal_that_come_first_are_one_too() {
    models("main", ONE_EACH, "laxer");
    answers.put("main", (call, out) -> out.emit(Chunk.of(new Part.Refusal("I will not."))));
    run();
    assertThat(sink.text()).isEqualTo("hello from laxer");
  }

  @Test
  void a_refusal_after_content_or_with_nobody_left_to_ask_goes_out_as_it_came() {
    var stop = new Part.Stop(Reason.CONTENT_FILTER, "openai", "content_filter", "");
    models("main", ONE_EACH, "laxer");
    answers.put(
        "main",
        (call, out) -> {
          out.emit(Chunk.of(new Part.Text("half")));
          out.emit(Chunk.of(stop));
        });
    run();
    assertThat(sink.text()).isEqualTo("half");
    answers.put(
        "main", (call, out) -> out.emit(new Chunk(List.of(stop), Frame.whole("x", new byte[1]))));
    answers.put("laxer", (call, out) -> out.emit(Chunk.of(stop)));
    sink.chunks.clear();
    run();
    assertThat(sink.chunks).containsExactly(Chunk.of(stop));
  }

  @Test
  void a_model_without_fallbacks_is_left_alone() {
    models.put("main", model("main", 1, Map.of()));
    answers.put("main", failing(Kind.UPSTREAM_ERROR, 500));
    assertThat(failure().kind()).isEqualTo(Kind.UPSTREAM_ERROR);
  }

  private void models(String name, Map<Cause, List<String>> fallback, String... others) {
    models.put(name, model(name, 1, fallback));
    for (String other : others) {
      models.putIfAbsent(other, model(other, 1, Map.of()));
    }
  }

  private Model model(String name, int attempts, Map<Cause, List<String>> fallback) {
    var routing =
        new Routing(
            List.of(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            false,
            fallback,
            true);
    return new Model(
        name,
        List.of(health.watched(Fakes.provider("p"), name)),
        (call, all) -> Ranking.AS_WRITTEN,
        Timeouts.USUAL,
        Fakes.retry(attempts),
        Optional.empty(),
        routing);
  }

  private static Failure limited(int seconds) {
    return Failure.of(Kind.UPSTREAM_RATE_LIMITED, "wait " + seconds)
        .upstream(429)
        .retryAfter(Optional.of(Duration.ofSeconds(seconds)));
  }

  private static Handler failing(Kind kind, int status) {
    return (call, out) -> {
      throw Failure.of(kind, "no").upstream(status);
    };
  }

  private Call run() {
    Call call = Fakes.call(models.get("main"));
    OnCallThread.run(() -> handle(call));
    return call;
  }

  private Failure failure() {
    return catchThrowableOfType(Failure.class, this::run);
  }

  private void handle(Call call) {
    var failover = new Failover((trail, event) -> {});
    Handler chain =
        (at, out) ->
            failover.apply(
                at,
                out,
                (to, reply) -> {
                  String name = to.target().orElseThrow().target().model();
                  asked.add(name);
                  answers
                      .getOrDefault(
                          name,
                          (same, say) -> say.emit(Chunk.of(new Part.Text("hello from " + name))))
                      .handle(to, reply);
                });
    new Fallback(name -> Optional.ofNullable(models.get(name))).apply(call, sink, chain);
  }
}
