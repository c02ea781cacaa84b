package dev.lintel.admin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Answer;
import dev.lintel.CallRecords;
import dev.lintel.CallThread;
import dev.lintel.Failure;
import dev.lintel.Ids;
import dev.lintel.Json;
import dev.lintel.OnCallThread;
import dev.lintel.Soon;
import dev.lintel.dialect.OpenAiChat;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class WhatIfTest {
  private static final Instant BEGIN = Instant.parse("2026-11-01T00:00:00Z");

  /** Records in memory, the newest first. */
  private static final class Kept implements CallRecords {
    private final TreeMap<String, byte[]> byId = new TreeMap<>();
    private int largest;

    void add(Instant time) {
      String id = Ids.request(time);
      String record =
          "{\"request_id\":\""
              + id
              + "\",\"time\":\""
              + time
              + "\",\"tenant\":\"t\",\"app\":\"a\",\"model\":\"m\",\"usage\":{},\"attempts\":[]}";
      byId.put(id, record.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public Optional<byte[]> find(String id) {
      return Optional.ofNullable(byId.get(id));
    }

    @Override
    public Page list(Question asked) {
      String from = Ids.before(asked.from());
      List<String> ids =
          byId.headMap(asked.before().orElse("s"), false).descendingMap().keySet().stream()
              .takeWhile(id -> id.compareTo(from) >= 0)
              .limit(asked.limit() + 1L)
              .toList();
      boolean more = ids.size() > asked.limit();
      List<String> page = more ? ids.subList(0, asked.limit()) : ids;
      largest = Math.max(largest, page.size());
      return new Page(
          page.stream().map(byId::get).toList(),
          more ? Optional.of(page.getLast()) : Optional.empty());
    }
  }

  /** Takes calls, and may make others wait for it. */
  private static final class Slow implements WhatIf.Replaying {
    private final List<Instant> times = new ArrayList<>();
    private final CountDownLatch goOn;
    private final AtomicBoolean closed = new AtomicBoolean();

    Slow(CountDownLatch goOn) {
      this.goOn = goOn;
    }

    @Override
    public void call(Past past, Consumer<Outcome> told) {
      times.add(past.time());
      told.accept(
          new Outcome(Optional.empty(), "p/m", Optional.empty(), false, 1_000_000, List.of()));
      if (times.size() == 1) {
        try {
          goOn.await();
        } catch (InterruptedException ended) {
          throw new AssertionError(ended);
        }
      }
    }

    @Override
    public void finish() {}

    @Override
    public boolean hasModel(String name) {
      return true;
    }

    @Override
    public boolean hasApp(String tenant, String app) {
      return true;
    }

    @Override
    public List<String> notHeld() {
      return List.of();
    }

    @Override
    public void close() {
      closed.set(true);
    }
  }

  private static Asked asked(String body) {
    return new Asked("POST", body, OnCallThread.loop());
  }

  private final Kept records = new Kept();
  private final AtomicInteger built = new AtomicInteger();
  private Slow slow = new Slow(new CountDownLatch(0));
  private final WhatIf whatIf =
      new WhatIf(
          (file, text, begin) -> {
            built.incrementAndGet();
            return slow;
          },
          records,
          new OpenAiChat());

  private Asked ask(String more) {
    var asked = asked("{\"config\":\"x\"" + more + "}");
    OnCallThread.run(() -> whatIf.endpoint().serve(asked));
    return asked;
  }

  private static String span(Instant to) {
    return ",\"since\":\"" + BEGIN + "\",\"until\":\"" + to + "\"";
  }

  @Test
  void calls_are_taken_in_the_order_of_time_and_few_at_a_time() {
    for (int i = 0; i < 12_000; i++) {
      // Many in the first minute, and few in the days after it.
      records.add(BEGIN.plusMillis(i < 9000 ? 5L * i : 60_000L * i));
    }
    Answer answer = ask(span(BEGIN.plus(Duration.ofDays(20)))).answers.getFirst();
    assertThat(answer.status()).isEqualTo(200);
    assertThat(slow.times).hasSize(12_000).isSorted();
    assertThat(slow.closed).isTrue();
    assertThat(records.largest).isLessThanOrEqualTo(1000);
    var told = Json.parse(answer.body());
    assertThat(told.path("seen").asInt()).isEqualTo(12_000);
    assertThat(told.path("whole").asBoolean()).isTrue();
  }

  @Test
  void a_limit_takes_the_first_and_says_how_far_it_came() {
    for (int i = 0; i < 10; i++) {
      records.add(BEGIN.plusSeconds(i));
    }
    var told =
        Json.parse(ask(span(BEGIN.plusSeconds(60)) + ",\"limit\":4").answers.getFirst().body());
    assertThat(told.path("seen").asInt()).isEqualTo(4);
    assertThat(told.path("whole").asBoolean()).isFalse();
    assertThat(told.path("until").asString()).isEqualTo("2026-11-01T00:00:03Z");
  }

  @Test
  void there_is_one_at_a_time_and_who_leaves_ends_it() {
    var goOn = new CountDownLatch(1);
    slow = new Slow(goOn);
    records.add(BEGIN.plusSeconds(1));
    records.add(BEGIN.plusSeconds(2));
    var first = asked("{\"config\":\"x\"" + span(BEGIN.plusSeconds(60)) + "}");
    var failed = new ArrayList<Failure>();
    CallThread asking =
        CallThread.start(
            OnCallThread.loop(),
            () -> {
              try {
                whatIf.endpoint().serve(first);
              } catch (Failure left) {
                failed.add(left);
              }
            });
    Soon.until(() -> !slow.times.isEmpty());
    Asked second = ask(span(BEGIN.plusSeconds(60)));
    assertThat(second.answers.getFirst().status()).isEqualTo(429);
    assertThat(second.headers).containsEntry("retry-after", "5");
    assertThat(built).hasValue(1);
    asking.cancel();
    Soon.until(() -> !first.answers.isEmpty() || !failed.isEmpty());
    goOn.countDown();
    Soon.until(slow.closed::get);
    assertThat(slow.times).hasSize(1);
    slow = new Slow(new CountDownLatch(0));
    Soon.until(() -> ask(span(BEGIN.plusSeconds(60))).answers.getFirst().status() == 200);
    assertThat(slow.times).hasSize(2);
  }

  @Test
  void a_time_without_end_is_the_time_in_which_there_may_be_calls() {
    records.add(BEGIN);
    for (String span :
        List.of(
            ",\"since\":\"999999w\"",
            ",\"since\":\"-200000-01-01T00:00:00Z\",\"until\":\"9999-12-31T00:00:00Z\"")) {
      slow = new Slow(new CountDownLatch(0));
      assertThat(ask(span).answers.getFirst().status()).as(span).isEqualTo(200);
      assertThat(slow.times).as(span).containsExactly(BEGIN);
    }
  }

  @Test
  void wrong_input_names_its_field() {
    var wrong =
        Map.of(
            ",\"since\":\"yesterday\"", "since",
            ",\"until\":\"2026-13-01T00:00:00Z\"", "until",
            ",\"limit\":0", "limit",
            ",\"days\":7", "days",
            ",\"since\":\"2026-11-02T00:00:00Z\",\"until\":\"2026-11-01T00:00:00Z\"", "since");
    wrong.forEach((more, field) -> {
      Answer answer = ask(more).answers.getFirst();
      assertThat(answer.status()).as(more).isEqualTo(400);
      assertThat(Json.parse(answer.body()).path("error").path("param").asString())
          .as(more)
          .isEqualTo(field);
    });
    assertThat(built).hasValue(0);
  }
}
