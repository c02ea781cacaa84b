package dev.lintel.judge;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Allowance;
import dev.lintel.Body;
import dev.lintel.Call;
import dev.lintel.CallRecords;
import dev.lintel.CallThread;
import dev.lintel.Caller;
import dev.lintel.Capture;
import dev.lintel.Captured;
import dev.lintel.Chat;
import dev.lintel.Chunk;
import dev.lintel.Failure;
import dev.lintel.Fakes;
import dev.lintel.Handler;
import dev.lintel.Headers;
import dev.lintel.Inbound;
import dev.lintel.Json;
import dev.lintel.Judging;
import dev.lintel.Measure;
import dev.lintel.Mode;
import dev.lintel.OnCallThread;
import dev.lintel.Opinion;
import dev.lintel.Opinions;
import dev.lintel.Part;
import dev.lintel.Policy;
import dev.lintel.Request;
import dev.lintel.Ruled;
import dev.lintel.Soon;
import dev.lintel.Span;
import dev.lintel.Target;
import dev.lintel.Terms;
import dev.lintel.Trail;
import dev.lintel.dialect.OpenAiChat;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A model says how well calls were answered. */
class JudgeTest {
  private static final Allowance BUDGET =
      Allowance.of(
          "judge.max_cost_usd",
          "#judge",
          Measure.PICO_USD,
          1,
          new Span.Calendar(Span.Unit.DAY, ZoneOffset.UTC));

  private static final Judging ALL =
      new Judging("bench", 1, "Is it right?", 5, Set.of(), List.of(BUDGET));

  private static final String GOOD = "{\"score\": 4, \"label\": \"good\"}";

  private final List<Call> asked = new CopyOnWriteArrayList<>();
  private final List<Opinion> kept = new CopyOnWriteArrayList<>();
  private final AtomicInteger keptElsewhere = new AtomicInteger();
  private volatile Optional<byte[]> record = Optional.of(new byte[0]);
  private volatile Handler answering = (call, sink) -> sink.emit(Chunk.of(new Part.Text(GOOD)));

  private final CallRecords records =
      new CallRecords() {
        @Override
        public Optional<byte[]> find(String id) {
          return record;
        }

        @Override
        public Page list(Question question) {
          throw new UnsupportedOperationException();
        }
      };

  private final Opinions opinions =
      new Opinions() {
        @Override
        public boolean keep(Opinion opinion) {
          return kept.add(opinion);
        }

        @Override
        public List<Opinion> of(List<String> callIds) {
          return List.of();
        }

        @Override
        public List<Sum> sums(List<String> by, Optional<String> tenant, Instant from, Instant to) {
          return List.of();
        }
      };

  private final Judge judge =
      new Judge(
          (call, sink) -> {
            asked.add(call);
            answering.handle(call, sink);
          },
          body -> read(Json.text(body)),
          records,
          () -> opinions,
          text -> text.replace("ann@example.com", "[email]"),
          body -> CallThread.start(OnCallThread.loop(), body),
          () -> 0.5,
          InstantSource.system());

  private final Captured.Taker taker =
      judge.beside(
          new Captured.Taker() {
            @Override
            public boolean hold(long bytes) {
              return true;
            }

            @Override
            public void take(Captured captured) {
              keptElsewhere.incrementAndGet();
            }
          });

  @AfterEach
  void close() {
    judge.close();
  }

  private static Request read(String body) {
    return new OpenAiChat()
        .read(
            new Inbound(
                Map.of(),
                Map.of(),
                Headers.NONE,
                Body.scan(body.getBytes(java.nio.charset.StandardCharsets.UTF_8))));
  }

  private static Captured captured(Capture.Level level, Map<String, String> terms, String model) {
    var trail = Trail.begin(System.nanoTime());
    var target = new Target(Fakes.provider("p"), "m");
    Chat chat =
        (Chat)
            read(
                "{\"model\":\""
                    + model
                    + "\",\"messages\":[{\"role\":\"user\",\"content\":\"I am ann@example.com\"}]}");
    trail.calledBy(
        new Caller("t", "a", "k", Optional.of(Set.of("m")), true, "eu", true)
            .under(useCase -> useCase.equals("care") ? Policy.counting(List.of()) : Policy.NONE));
    trail.asked(
        chat, Terms.NONE.with(terms), Fakes.model(Fakes.retry(1), target).among(List.of(target)));
    trail.asking(target);
    return new Captured(
        trail,
        level,
        chat,
        List.of(Chunk.of(new Part.Text("Hello ann@")), Chunk.of(new Part.Text("example.com"))),
        20,
        Optional.empty(),
        false,
        Instant.now().plusSeconds(3600));
  }

  private static Captured captured(Capture.Level level) {
    return captured(level, Map.of("use_case", "care"), "m");
  }

  private long came(Judge.Outcome outcome) {
    return judge.came(outcome.word());
  }

  private void until(Judge.Outcome outcome, long count) {
    Soon.until(() -> came(outcome) == count);
  }

  /** What the judge was asked last. */
  private String question() {
    return ((Chat) asked.getLast().request())
        .original()
        .orElseThrow()
        .body()
        .value("messages")
        .orElseThrow()
        .toString();
  }

  @Test
  void nothing_is_judged_unless_somebody_wants_it() {
    taker.take(captured(Capture.Level.FULL));
    judge.use(Optional.of(ALL));
    judge.use(Optional.empty());
    taker.take(captured(Capture.Level.FULL));
    judge.use(Optional.of(new Judging("bench", 0.5, "?", 5, Set.of(), List.of())));
    taker.take(captured(Capture.Level.FULL));

    assertThat(asked).isEmpty();
    assertThat(keptElsewhere).hasValue(3);
  }

  @Test
  void its_score_is_kept_as_the_judge_s_word() {
    judge.use(Optional.of(ALL));
    Captured captured = captured(Capture.Level.FULL);
    taker.take(captured);
    until(Judge.Outcome.SCORED, 1);

    Opinion said = kept.getFirst();
    assertThat(said.callId()).isEqualTo(captured.trail().id());
    assertThat(said.source()).isEqualTo("judge");
    assertThat(said.score()).isEqualTo(0.75);
    assertThat(said.label()).isEqualTo("good");
    assertThat(said.comment()).isEmpty();
    assertThat(List.of(said.tenant(), said.app(), said.useCase(), said.target()))
        .containsExactly("t", "a", "care", "p/m");
  }

  @Test
  void what_a_policy_lets_be_kept_redacted_the_judge_sees_redacted() {
    judge.use(Optional.of(ALL));
    taker.take(captured(Capture.Level.REDACTED));
    until(Judge.Outcome.SCORED, 1);
    assertThat(question())
        .contains("I am [email]", "Hello [email]", "Is it right?")
        .doesNotContain("ann@");

    taker.take(captured(Capture.Level.FULL));
    until(Judge.Outcome.SCORED, 2);
    assertThat(question()).contains("I am ann@example.com");
  }

  @Test
  void what_may_not_be_kept_or_trained_with_no_judge_sees() {
    judge.use(Optional.of(ALL));
    taker.take(captured(Capture.Level.METADATA));
    taker.take(captured(Capture.Level.FULL, Map.of("training", "opted_out"), "m"));
    Captured whole = captured(Capture.Level.FULL);
    taker.take(
        new Captured(
            whole.trail(),
            whole.level(),
            whole.request(),
            whole.chunks(),
            0,
            Optional.of(Failure.internal()),
            false,
            whole.until()));
    taker.take(
        new Captured(
            whole.trail(),
            whole.level(),
            whole.request(),
            whole.chunks(),
            0,
            Optional.empty(),
            true,
            whole.until()));
    // One that is: so that those before have had their turn.
    taker.take(captured(Capture.Level.FULL));
    until(Judge.Outcome.SCORED, 1);

    assertThat(asked).hasSize(1);
    assertThat(keptElsewhere).hasValue(5);
  }

  @Test
  void the_judge_is_asked_under_the_call_s_own_policies_and_on_a_budget_of_its_own() {
    judge.use(Optional.of(ALL));
    Captured captured =
        captured(
            Capture.Level.FULL,
            Map.of("use_case", "care", "data_class", "secret", "max_cost_usd", "0.1"),
            "m");
    taker.take(captured);
    until(Judge.Outcome.SCORED, 1);

    Call question = asked.getFirst();
    assertThat(question.trail().judgeOf()).contains(captured.trail().id());
    assertThat(question.caller().tenant()).isEqualTo("t");
    assertThat(question.caller().keyId()).isEqualTo("judge");
    assertThat(question.caller().residency()).isEqualTo("eu");
    assertThat(question.caller().mayAsk("bench")).isTrue();
    assertThat(question.caller().policies().of("judge").allowances()).containsExactly(BUDGET);
    assertThat(question.terms().values())
        .containsEntry("use_case", "judge")
        .containsEntry("data_class", "secret")
        .containsEntry("priority", "low")
        .doesNotContainKey("max_cost_usd");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Five of five.",
        "",
        "{\"score\": 6, \"label\": \"good\"}",
        "{\"score\": 0, \"label\": \"good\"}",
        "{\"score\": 4.5, \"label\": \"good\"}",
        "{\"score\": \"4\", \"label\": \"good\"}",
        "{\"score\": 4}",
        "{\"score\": 4, \"label\": \"ann@example.com\"}",
        "{\"score\": 4, \"label\": \"good\", \"why\": \"So.\"}",
        "[4]",
        "{\"score\": 4, \"label\": \"good\"} and more"
      })
  void an_answer_that_is_no_verdict_is_counted_and_no_score(String answer) {
    answering = (call, sink) -> sink.emit(Chunk.of(new Part.Text(answer)));
    judge.use(Optional.of(ALL));
    taker.take(captured(Capture.Level.FULL));
    until(Judge.Outcome.BAD_ANSWER, 1);

    assertThat(kept).isEmpty();
  }

  @Test
  void those_for_whom_there_is_no_room_are_counted_and_nobody_waits() {
    var going = new CountDownLatch(1);
    answering =
        (call, sink) -> {
          CallThread.current()
              .offload(() -> {
                going.await();
                return true;
              });
          sink.emit(Chunk.of(new Part.Text(GOOD)));
        };
    judge.use(Optional.of(ALL));
    for (int i = 0; i < 300; i++) {
      taker.take(captured(Capture.Level.FULL));
    }
    long lost = came(Judge.Outcome.NO_ROOM);
    assertThat(lost).isBetween(90L, 100L);
    going.countDown();
    until(Judge.Outcome.SCORED, 300 - lost);
    assertThat(asked).hasSize(Math.toIntExact(300 - lost));
  }

  @Test
  void once_its_budget_is_spent_the_judge_is_asked_no_more_for_a_while() {
    answering =
        (call, sink) -> {
          throw Failure.of(Failure.Kind.BUDGET_EXCEEDED, "Spent.");
        };
    judge.use(Optional.of(ALL));
    taker.take(captured(Capture.Level.FULL));
    until(Judge.Outcome.OVER_BUDGET, 1);
    taker.take(captured(Capture.Level.FULL));
    until(Judge.Outcome.OVER_BUDGET, 2);

    assertThat(asked).hasSize(1);
  }

  @Test
  void a_call_that_was_forgotten_meanwhile_gets_no_score() {
    record = Optional.empty();
    judge.use(Optional.of(ALL));
    taker.take(captured(Capture.Level.FULL));
    until(Judge.Outcome.GONE, 1);

    assertThat(kept).isEmpty();
  }

  @Test
  void a_judge_that_fails_or_may_not_see_it_is_counted() {
    answering =
        (call, sink) -> {
          Failure no = Failure.of(Failure.Kind.PERMISSION, "No.");
          new Ruled<>(true, Mode.ENFORCE, "policies.p.models").against(call.trail(), no);
        };
    judge.use(Optional.of(ALL));
    taker.take(captured(Capture.Level.FULL));
    until(Judge.Outcome.KEPT_FROM_IT, 1);
    answering =
        (call, sink) -> {
          throw Failure.of(Failure.Kind.UPSTREAM_ERROR, "No.").upstream(500);
        };
    taker.take(captured(Capture.Level.FULL));
    until(Judge.Outcome.FAILED, 1);
  }

  @Test
  void only_answers_of_the_models_that_are_named_are_judged() {
    judge.use(Optional.of(new Judging("bench", 1, "?", 5, Set.of("other"), List.of(BUDGET))));
    taker.take(captured(Capture.Level.FULL));
    judge.use(Optional.of(new Judging("bench", 1, "?", 5, Set.of("m"), List.of(BUDGET))));
    taker.take(captured(Capture.Level.FULL));
    until(Judge.Outcome.SCORED, 1);

    assertThat(asked).hasSize(1);
  }
}
