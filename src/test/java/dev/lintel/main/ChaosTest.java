package dev.lintel.main;

import org.junit.jupiter.api.Test;

/** Whatever happens, some things never do; a seed that shows one is run again by its number. */
class ChaosTest {
  @Test
  void nothing_that_must_not_happen_does() {
    new Turmoil(Long.getLong("lintel.chaos", 20261121)).run();
  }

  @Test
  void nor_does_it_otherwise() {
    new Turmoil(System.nanoTime()).run();
  }
}
