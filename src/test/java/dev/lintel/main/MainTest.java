package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class MainTest {
  @Test
  void reads_the_command_that_is_asked_for_alone() {
    assertThat(Main.line(new String[] {"start", "--config", "lintel.yaml"}).getSubcommands())
        .containsOnlyKeys("start");
  }

  @Test
  void offers_every_command_to_whoever_names_none_of_them() {
    assertThat(Main.line(new String[] {"--help"}).getSubcommands())
        .containsKeys("start", "check", "plan", "apply", "explain", "whatif", "report");
    assertThat(Main.line(new String[] {"strat"}).getSubcommands())
        .containsOnlyKeys(Main.line(new String[0]).getSubcommands().keySet());
  }
}
