package dev.lintel.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Acts;
import dev.lintel.Acts.Act;
import dev.lintel.Store;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What every store does with acts. */
interface ActsContract {
  Store store();

  MovingClock clock();

  Store reopened();

  private Act act(String by, String what, int status) {
    return new Act(0, clock().instant(), by, what, status, "{\"a\":1}");
  }

  @Test
  default void an_act_is_there_before_it_has_ended_and_knows_its_end_afterwards() {
    long number = store().acts().add(act("ann", "PATCH /admin/v1/tenants/acme", 0));
    assertThat(store().acts().list(Long.MAX_VALUE, 10, Optional.empty()))
        .extracting(Act::number, Act::by, Act::what, Act::status, Act::at)
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple(
                number, "ann", "PATCH /admin/v1/tenants/acme", 0, clock().instant()));

    store().acts().end(number, clock().instant(), 200, "{\"b\":2}");
    assertThat(reopened().acts().list(Long.MAX_VALUE, 10, Optional.empty()))
        .extracting(Act::number, Act::status, Act::detail)
        .containsExactly(org.assertj.core.groups.Tuple.tuple(number, 200, "{\"b\":2}"));
  }

  @Test
  default void acts_are_listed_the_newest_first_page_by_page_and_by_who() {
    Acts acts = store().acts();
    for (int i = 0; i < 5; i++) {
      acts.add(act(i % 2 == 0 ? "ann" : "bob", "POST /" + i, 200));
    }
    List<Act> first = acts.list(Long.MAX_VALUE, 2, Optional.empty());
    assertThat(first).extracting(Act::what).containsExactly("POST /4", "POST /3");
    assertThat(acts.list(first.getLast().number(), 10, Optional.empty()))
        .extracting(Act::what)
        .containsExactly("POST /2", "POST /1", "POST /0");
    assertThat(acts.list(Long.MAX_VALUE, 10, Optional.of("bob")))
        .extracting(Act::what)
        .containsExactly("POST /3", "POST /1");
  }

  @Test
  default void numbers_have_no_gap_however_many_act_at_once() {
    Acts acts = store().acts();
    long before = acts.add(act("ann", "first", 200));
    List<Long> numbers =
        IntStream.range(0, 40)
            .parallel()
            .mapToObj(i -> acts.add(act("ann", "act " + i, 200)))
            .sorted()
            .toList();
    assertThat(numbers).isEqualTo(IntStream.rangeClosed(1, 40).mapToObj(i -> before + i).toList());
  }
}
