package dev.lintel.route;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.BreakerRule;
import dev.lintel.BreakerRules;
import dev.lintel.Call;
import dev.lintel.CallThread;
import dev.lintel.Caller;
import dev.lintel.Failure;
import dev.lintel.Headers;
import dev.lintel.Health.Word;
import dev.lintel.Leave;
import dev.lintel.Provider;
import dev.lintel.RawRequest;
import dev.lintel.Request;
import dev.lintel.Trail;
import dev.lintel.VirtualTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ProbesTest {
  private static final Call CALL =
      Call.begin(
          new Trail("id", Instant.EPOCH, 0),
          "",
          Caller.UNKNOWN,
          new Request.Unread(
              Targets.SILENT, new RawRequest(Map.of(), Map.of(), Headers.NONE, new byte[0])));
  private static final Map<String, Duration> EVERY = Map.of("p", Duration.ofSeconds(10));

  private final VirtualTime time = new VirtualTime();
  private final Standings standings = new Standings(time, time.wall());
  private final Provider provider = Targets.provider("p", "a");
  private final List<Long> asked = new ArrayList<>();
  private boolean well;
  private Duration takes = Duration.ZERO;
  private Map<String, Duration> every = EVERY;
  private final Probes probes =
      new Probes(standings, this::answers, body -> time.start(body), time);

  @BeforeEach
  void open() {
    standings.use(
        new BreakerRules(
            Map.of("p", new BreakerRule(1, Duration.ZERO, Duration.ofSeconds(60), 0)), Map.of()));
    for (int i = 0; i < 1_000; i++) {
      time.after(Duration.ofMillis(100L * i), () -> probes.look(every, Map.of("p", provider)));
    }
  }

  @Test
  void who_is_well_is_never_asked() {
    time.run();

    assertThat(asked).isEmpty();
  }

  @Test
  void who_rests_is_asked_at_each_interval_until_calls_may_ask_it() {
    fail(Optional.empty());
    time.run();

    assertThat(asked).containsExactly(10L, 20L, 30L, 40L, 50L);
  }

  @Test
  void one_that_answers_is_half_open_before_its_time() {
    fail(Optional.empty());
    time.after(Duration.ofSeconds(15), () -> well = true);
    time.run(Duration.ofSeconds(25));

    assertThat(asked).containsExactly(10L, 20L);
    assertThat(standings.health(provider).word()).isEqualTo(Word.HALF_OPEN);
  }

  @Test
  void one_that_said_how_long_it_rests_is_left_alone_for_that_long() {
    well = true;
    fail(Optional.of(Duration.ofSeconds(45)));
    time.run(Duration.ofSeconds(44));

    assertThat(standings.health(provider).word()).isEqualTo(Word.COOLING);
  }

  @Test
  void no_second_probe_begins_while_one_is_under_way() {
    takes = Duration.ofSeconds(25);
    fail(Optional.empty());
    time.run();

    assertThat(asked).containsExactly(10L, 45L);
  }

  @Test
  void without_an_interval_nobody_is_asked() {
    every = Map.of();
    fail(Optional.empty());
    time.run();

    assertThat(asked).isEmpty();
  }

  private boolean answers(Provider asking) {
    asked.add(Math.round(time.getAsLong() / 1e9));
    if (!takes.isZero()) {
      CallThread.current().await(() -> false, time.getAsLong() + takes.toNanos());
    }
    return well;
  }

  private void fail(Optional<Duration> wait) {
    var pass =
        (Leave.Pass) standings.of(provider, "m", 0).ask(CALL, provider.credentials().getFirst());
    pass.failed(
        Failure.of(Failure.Kind.UPSTREAM_UNAVAILABLE, "down").upstream(503).retryAfter(wait));
  }
}
