package dev.lintel.admin;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class AttemptsTest {
  private final AtomicLong now = new AtomicLong();
  private final Attempts attempts = new Attempts(now::get);

  private void fail(String address, int times) {
    for (int i = 0; i < times; i++) {
      attempts.failed(address);
    }
  }

  @Test
  void an_address_has_to_wait_until_its_first_failure_is_a_minute_old() {
    fail("a", Attempts.MOST_OF_ONE - 1);
    assertThat(attempts.wait("a", "key")).isEmpty();
    now.addAndGet(Duration.ofSeconds(10).toNanos());
    fail("a", 1);
    assertThat(attempts.wait("a", "key")).contains(Duration.ofSeconds(50));
    assertThat(attempts.wait("b", "key")).isEmpty();
    now.addAndGet(Duration.ofSeconds(50).toNanos());
    assertThat(attempts.wait("a", "key")).isEmpty();
  }

  @Test
  void all_addresses_together_have_to_wait_but_for_keys_that_were_good_from_there() {
    attempts.good("admins", "right");
    for (int i = 0; i < Attempts.MOST_OF_ALL; i++) {
      fail("address " + i, 1);
    }
    assertThat(attempts.wait("new", "key")).isPresent();
    assertThat(attempts.wait("admins", "right")).isEmpty();
    assertThat(attempts.wait("admins", "other")).isPresent();
    assertThat(attempts.wait("elsewhere", "right")).isPresent();
  }

  @Test
  void however_many_addresses_fail_the_memory_of_them_is_bounded() {
    fail("first", Attempts.MOST_OF_ONE);
    for (int i = 0; i < 20_000; i++) {
      now.addAndGet(Duration.ofMinutes(1).toNanos());
      fail("address " + i, 1);
    }
    assertThat(attempts.wait("first", "key")).isEmpty();
    assertThat(attempts.failed("first")).isEqualTo(1);
  }
}
