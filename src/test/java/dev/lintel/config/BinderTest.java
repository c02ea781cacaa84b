package dev.lintel.config;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Ranking;
import dev.lintel.Spec;
import dev.lintel.Strategy;
import dev.lintel.config.Shape.Alone;
import dev.lintel.config.Shape.Key;
import dev.lintel.config.Shape.Kind;
import dev.lintel.config.Shape.NotYet;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;

class BinderTest {
  enum Colour {
    DARK_RED,
    GREEN
  }

  record House(
      int rooms,
      boolean empty,
      Optional<Colour> colour,
      Set<String> names,
      Map<Colour, Long> doors,
      @Key("1st") Optional<String> first,
      @NotYet Optional<Duration> age) {}

  record Street(List<Plot> plots, Optional<Spec<Strategy>> strategy, Optional<At<Lamp>> lamp) {}

  sealed interface Plot {}

  @Kind("park")
  record Park(String kind, Optional<Integer> trees) implements Plot {}

  record Built(Optional<String> kind, @Alone String owner) implements Plot {}

  record Lamp(int height, int watts) {
    static final Lamp USUAL = new Lamp(3, 40);

    Lamp {
      if (height > 10) {
        throw new IllegalArgumentException("is too high");
      }
    }
  }

  record Turning(Optional<Integer> by) implements Spec<Strategy> {
    @Override
    public Strategy build() {
      return (call, targets) -> Ranking.AS_WRITTEN;
    }
  }

  private final Faults faults = new Faults("f");
  private final Binder binder =
      new Binder(
          faults,
          new Elsewhere(
              new Environment(name -> Optional.of("from-" + name)),
              Map.of("vault", (reference, around) -> "kept at " + reference),
              () -> Prologue.NONE),
          Map.of(Strategy.class, Map.of("turning", Turning.class)));

  @Test
  void a_component_is_a_key_and_its_type_says_how_it_is_read() {
    assertThat(
            bind(
                "{ rooms: 3, empty: true, colour: dark_red, names: [ a, '${B}' ],"
                    + " doors: { green: 2 }, 1st: x, age: 2d }",
                House.class))
        .contains(
            new House(
                3,
                true,
                Optional.of(Colour.DARK_RED),
                Set.of("a", "from-B"),
                Map.of(Colour.GREEN, 2L),
                Optional.of("x"),
                Optional.of(Duration.ofDays(2))));
    assertThat(binder.notYet()).containsExactly("age");
  }

  @Test
  void what_may_be_left_out_is_empty_or_false() {
    assertThat(bind("{ rooms: 3, colour: , names: null }", House.class))
        .contains(
            new House(
                3,
                false,
                Optional.empty(),
                Set.of(),
                Map.of(),
                Optional.empty(),
                Optional.empty()));
  }

  @Test
  void a_record_s_usual_values_fill_what_is_left_out() {
    Street street = bind("lamp: { watts: 60 }", Street.class).orElseThrow();

    assertThat(street.lamp().orElseThrow().value()).contains(new Lamp(3, 60));
  }

  @Test
  void the_kind_chooses_the_case_and_one_component_may_stand_alone() {
    Street street =
        bind("plots: [ { kind: park, trees: 2 }, ann, { kind: shop, owner: bob } ]", Street.class)
            .orElseThrow();

    assertThat(street.plots())
        .containsExactly(
            new Park("park", Optional.of(2)),
            new Built(Optional.empty(), "ann"),
            new Built(Optional.of("shop"), "bob"));
  }

  @Test
  void a_spec_is_a_name_or_a_name_with_options() {
    assertThat(bind("strategy: turning", Street.class).orElseThrow().strategy())
        .contains(new Turning(Optional.empty()));
    assertThat(bind("strategy: { turning: { by: 2 } }", Street.class).orElseThrow().strategy())
        .contains(new Turning(Optional.of(2)));
  }

  @Test
  void what_a_record_refuses_is_a_fault_at_its_line() {
    bind("plots: ann\nlamp:\n  height: 11", Street.class);

    assertThat(found()).containsExactly("f:2: lamp is too high");
  }

  @Test
  void what_is_required_is_asked_for() {
    assertThat(bind("plots:\n  - kind: shop", Street.class).orElseThrow().plots()).isEmpty();

    assertThat(found()).containsExactly("f:2: plots[0] needs the key 'owner'");
  }

  private <T extends Record> Optional<T> bind(String yaml, Class<T> type) {
    return binder.bind(
        new Compose(LoadSettings.builder().build()).composeString(yaml).orElseThrow(), type);
  }

  private List<String> found() {
    try {
      faults.raise();
      return List.of();
    } catch (Faulty faulty) {
      return faulty.faults().stream().map(Fault::toString).toList();
    }
  }
}
