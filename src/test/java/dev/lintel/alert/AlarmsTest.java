package dev.lintel.alert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lintel.Alarm;
import dev.lintel.AlertRule;
import dev.lintel.AlertRule.Bound;
import dev.lintel.AlertRule.Figure;
import dev.lintel.AlertRule.Function;
import dev.lintel.AlertRule.Match;
import dev.lintel.AlertRule.Severity;
import dev.lintel.AlertRule.Unit;
import dev.lintel.Notice;
import dev.lintel.Sample;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Rules over metrics that a test turns by hand. */
class AlarmsTest {
  private static final Instant BEGIN = Instant.parse("2026-11-22T07:00:00Z");

  private final List<Notice> told = new ArrayList<>();
  private List<Sample> samples = List.of();
  private Duration passed = Duration.ZERO;
  private final Alarms alarms =
      new Alarms(
          names -> samples, told::add, "n1", () -> BEGIN.plus(passed), () -> passed.toNanos());

  private static AlertRule rule(Figure figure, Bound bound, Duration lasting) {
    return new AlertRule(
        "r",
        "figure",
        figure,
        bound,
        lasting,
        Severity.WARNING,
        Set.of(),
        Duration.ofHours(1),
        false,
        false);
  }

  private static Figure figure(Function function, Optional<List<String>> by, double least) {
    return new Figure(
        function,
        "m_total",
        function == Function.RATIO ? Map.of("kind", new Match(true, Set.of("ok"))) : Map.of(),
        by,
        Duration.ofMinutes(5),
        0.95,
        least);
  }

  private static Sample single(double value, String... labels) {
    var map = new java.util.HashMap<String, String>();
    for (int i = 0; i < labels.length; i += 2) {
      map.put(labels[i], labels[i + 1]);
    }
    return new Sample("m_total", map, List.of(), List.of(value));
  }

  private void after(Duration time, Sample... now) {
    passed = passed.plus(time);
    samples = List.of(now);
    alarms.look();
  }

  private List<String> states() {
    return told.stream().map(notice -> notice.data().path("state").asString()).toList();
  }

  private Optional<Double> value() {
    return alarms.all().getFirst().alarms().stream().findFirst().flatMap(Alarm::value);
  }

  private static final Duration STEP = Duration.ofSeconds(10);
  private static final Bound OVER_ONE = new Bound(true, 1, Unit.NUMBER);

  @Test
  void a_rule_is_told_once_as_long_as_it_holds_and_again_after_its_time_and_when_it_recovers() {
    alarms.use(List.of(rule(figure(Function.VALUE, Optional.empty(), 0), OVER_ONE, STEP)));
    after(STEP, single(2, "p", "a"), single(1, "p", "b"));
    assertThat(told).isEmpty();
    assertThat(alarms.all().getFirst().alarms())
        .extracting(Alarm::state)
        .containsExactly(Alarm.State.PENDING);

    after(STEP, single(2, "p", "a"));
    after(STEP, single(3, "p", "a"));
    assertThat(states()).containsExactly("firing");
    assertThat(told.getFirst().data().path("summary").asString())
        .isEqualTo("r: figure 2, above 1 (p=a)");
    assertThat(told.getFirst().data().path("since").asString())
        .isEqualTo(BEGIN.plus(STEP).toString());

    after(Duration.ofHours(1), single(2, "p", "a"));
    assertThat(states()).containsExactly("firing", "firing");
    assertThat(told.getLast().data().path("repeated").asBoolean()).isTrue();

    after(Duration.ofSeconds(5), single(1, "p", "a"));
    assertThat(states()).hasSize(2);
    after(Duration.ofSeconds(5), single(1, "p", "a"));
    assertThat(states()).containsExactly("firing", "firing", "recovered");
    assertThat(told.getLast().data().path("summary").asString())
        .isEqualTo("r: figure 1, no longer above 1 (p=a)");
    assertThat(alarms.all().getFirst().alarms()).isEmpty();
  }

  @Test
  void what_holds_for_a_moment_is_not_told() {
    alarms.use(List.of(rule(figure(Function.VALUE, Optional.empty(), 0), OVER_ONE, STEP)));
    after(STEP, single(2));
    after(Duration.ofSeconds(2), single(1));
    after(Duration.ofSeconds(2), single(2));
    after(Duration.ofSeconds(7), single(2));
    assertThat(told).isEmpty();
  }

  @Test
  void growth_is_that_of_the_window_and_begins_at_nothing_for_new_series() {
    alarms.use(
        List.of(
            rule(figure(Function.INCREASE, Optional.of(List.of()), 0), OVER_ONE, Duration.ZERO)));
    after(STEP, single(100, "p", "a"));
    after(STEP, single(101, "p", "a"));
    assertThat(told).isEmpty();
    after(STEP, single(101, "p", "a"), single(1, "p", "new"));
    assertThat(value()).contains(2.0);
    after(Duration.ofMinutes(6), single(101, "p", "a"), single(1, "p", "new"));
    after(Duration.ofMinutes(6), single(101, "p", "a"), single(1, "p", "new"));
    assertThat(states()).containsExactly("firing", "recovered");
  }

  @Test
  void a_rate_is_by_the_second() {
    alarms.use(
        List.of(rule(figure(Function.RATE, Optional.of(List.of()), 0), OVER_ONE, Duration.ZERO)));
    after(STEP, single(0));
    after(STEP, single(25));
    assertThat(value().orElseThrow()).isCloseTo(2.5, within(1e-9));
  }

  @Test
  void a_share_is_of_all_in_its_group_and_says_nothing_of_too_few() {
    Figure figure = figure(Function.RATIO, Optional.of(List.of("p")), 10);
    alarms.use(List.of(rule(figure, new Bound(true, 0.2, Unit.SHARE), Duration.ZERO)));
    after(STEP);
    after(STEP, single(5, "p", "a", "kind", "ok"), single(4, "p", "a", "kind", "bad"));
    assertThat(told).isEmpty();
    after(
        STEP,
        single(6, "p", "a", "kind", "ok"),
        single(4, "p", "a", "kind", "bad"),
        single(90, "p", "b", "kind", "ok"),
        single(10, "p", "b", "kind", "bad"));
    assertThat(states()).containsExactly("firing");
    assertThat(told.getFirst().data().path("labels").path("p").asString()).isEqualTo("a");
    assertThat(told.getFirst().data().path("summary").asString())
        .isEqualTo("r: figure 40 %, above 20 % (p=a)");
  }

  @Test
  void a_quantile_lies_straight_within_its_bucket() {
    Figure figure = figure(Function.QUANTILE, Optional.of(List.of()), 10);
    alarms.use(List.of(rule(figure, new Bound(true, 1, Unit.SECONDS), Duration.ZERO)));
    var bounds = List.of(1.0, 2.0, 4.0, Double.POSITIVE_INFINITY);
    after(STEP);
    after(STEP, new Sample("m_total", Map.of(), bounds, List.of(80.0, 10.0, 10.0, 0.0)));
    assertThat(value().orElseThrow()).isCloseTo(3.0, within(1e-9));
    after(STEP, new Sample("m_total", Map.of(), bounds, List.of(80.0, 10.0, 10.0, 900.0)));
    assertThat(value()).contains(4.0);
  }

  @Test
  void nobody_is_told_of_what_is_silent_until_it_no_longer_is() {
    AlertRule rule = rule(figure(Function.VALUE, Optional.empty(), 0), OVER_ONE, Duration.ZERO);
    AlertRule silent =
        new AlertRule(
            rule.name(),
            rule.what(),
            rule.figure(),
            rule.bound(),
            rule.lasting(),
            rule.severity(),
            rule.to(),
            rule.repeat(),
            rule.shared(),
            true);
    alarms.use(List.of(silent));
    after(STEP, single(2));
    assertThat(told).isEmpty();
    assertThat(alarms.all().getFirst().alarms())
        .extracting(Alarm::state)
        .containsExactly(Alarm.State.FIRING);
    alarms.use(List.of(rule));
    after(STEP, single(2));
    assertThat(states()).containsExactly("firing");
    alarms.use(List.of(silent));
    after(STEP, single(1));
    assertThat(states()).containsExactly("firing", "recovered");
  }

  @Test
  void what_is_gone_has_recovered_and_what_never_was_is_said() {
    alarms.use(List.of(rule(figure(Function.VALUE, Optional.empty(), 0), OVER_ONE, Duration.ZERO)));
    after(STEP);
    assertThat(alarms.all().getFirst().seen()).isFalse();
    after(STEP, single(2));
    after(STEP);
    assertThat(states()).containsExactly("firing", "recovered");
    assertThat(alarms.all().getFirst().seen()).isTrue();
    assertThat(told.getLast().data().path("summary").asString())
        .isEqualTo("r: figure no longer above 1");
  }
}
