package dev.lintel.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class BodyMemoryTest {
  private final BodyMemory memory = new BodyMemory(100);
  private final List<String> admitted = new ArrayList<>();

  private final Map<String, Long> tickets = new HashMap<>();

  private void reserve(String name, long bytes, long held) {
    long ticket = tickets.computeIfAbsent(name.split(" ")[0], first -> memory.ticket());
    memory.reserve(ticket, bytes, held, Runnable::run, () -> admitted.add(name));
  }

  @Test
  void what_does_not_fit_waits_its_turn() {
    reserve("a", 60, 0);
    reserve("b", 60, 0);
    reserve("small", 10, 0);
    assertThat(admitted).containsExactly("a");
    memory.release(60);
    assertThat(admitted).containsExactly("a", "b", "small");
  }

  @Test
  void one_larger_than_all_the_room_passes_alone() {
    reserve("huge", 500, 0);
    reserve("b", 1, 0);
    assertThat(admitted).containsExactly("huge");
    memory.release(500);
    assertThat(admitted).containsExactly("huge", "b");
  }

  @Test
  void those_that_grow_never_wait_for_one_another() {
    for (String name : List.of("a", "b", "c", "d")) {
      reserve(name, 25, 0);
    }
    for (String name : List.of("a", "b", "c", "d")) {
      reserve(name + " more", 50, 25);
    }
    // One has more than there is, for nobody else can give anything back.
    assertThat(admitted).containsExactly("a", "b", "c", "d", "a more");
    memory.release(75);
    assertThat(admitted).endsWith("a more", "b more");
    memory.release(75);
    memory.release(75);
    assertThat(admitted).endsWith("c more", "d more");
  }

  @Test
  void of_those_that_grow_the_oldest_is_the_first_every_time() {
    for (String name : List.of("a", "b", "c", "d")) {
      reserve(name, 25, 0);
    }
    for (String name : List.of("d", "c", "b", "a")) {
      reserve(name + " more", 25, 25);
    }
    assertThat(admitted).endsWith("d", "a more");
    reserve("a again", 50, 50);
    reserve("a for the last time", 100, 100);
    assertThat(admitted).endsWith("a more", "a again", "a for the last time");
    memory.release(200);
    assertThat(admitted).endsWith("b more");
  }

  @Test
  void one_that_grows_waits_for_those_that_are_whole() {
    reserve("whole", 70, 0);
    reserve("grows", 20, 0);
    reserve("grows more", 40, 20);
    assertThat(admitted).containsExactly("whole", "grows");
    memory.release(70);
    assertThat(admitted).endsWith("grows more");
  }
}
