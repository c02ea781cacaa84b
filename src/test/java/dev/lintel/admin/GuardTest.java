package dev.lintel.admin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Acts;
import dev.lintel.Admin;
import dev.lintel.Answer;
import dev.lintel.Exchange;
import dev.lintel.Failure;
import dev.lintel.Json;
import dev.lintel.dialect.OpenAiChat;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What cannot be recorded is not done. */
class GuardTest {
  /** A store that takes so many acts and their ends, and then is away. */
  private static final class Failing implements Acts {
    int room;

    @Override
    public long add(Act act) {
      take();
      return 1;
    }

    @Override
    public void end(long number, Instant at, int status, String detail) {
      take();
    }

    private void take() {
      if (room-- <= 0) {
        throw Failure.of(Failure.Kind.UNAVAILABLE, "away");
      }
    }

    @Override
    public List<Act> list(long before, int limit, Optional<String> by) {
      return List.of();
    }
  }

  private final Failing acts = new Failing();
  private final AtomicInteger done = new AtomicInteger();
  private final AtomicInteger changed = new AtomicInteger();
  private final Guard guard =
      new Guard(
          new Guard.Doors(
              exchange -> "key", key -> Optional.of(Admin.KEY), exchange -> Optional.empty()),
          new Attempts(() -> 0),
          () -> acts,
          () -> Instant.EPOCH,
          new OpenAiChat(),
          false,
          changed::incrementAndGet);

  private int status(String method, Operation operation) {
    var asked = new Asked(method, "", Runnable::run);
    guard.over(operation).serve(asked);
    assertThat(asked.answers).hasSize(1);
    return asked.answers.getFirst().status();
  }

  private void act(Exchange exchange) {
    done.incrementAndGet();
    exchange.answer(Answer.json(200, Json.object()), Map.of());
  }

  @Test
  void a_write_that_cannot_be_recorded_is_refused_and_reads_go_on() {
    assertThat(status("POST", Operation.post("/things", "Does.", Schema.ANY, this::act)))
        .isEqualTo(503);
    assertThat(done).hasValue(0);
    assertThat(status("GET", Operation.get("/things", "Shows.", Schema.ANY, this::act)))
        .isEqualTo(200);
  }

  @Test
  void what_was_begun_and_done_is_answered_also_where_its_end_cannot_be_recorded() {
    acts.room = 1;
    assertThat(status("POST", Operation.post("/things", "Does.", Schema.ANY, this::act)))
        .isEqualTo(200);
    assertThat(done).hasValue(1);
  }
}
