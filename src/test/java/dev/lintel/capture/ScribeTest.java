package dev.lintel.capture;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Capture;
import dev.lintel.Captured;
import dev.lintel.Chat;
import dev.lintel.Fakes;
import dev.lintel.Payloads;
import dev.lintel.Sealer;
import dev.lintel.Terms;
import dev.lintel.Trail;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

class ScribeTest {
  private static final Sealer OPEN =
      new Sealer() {
        @Override
        public String seal(String what, String secret) {
          return what + " " + secret;
        }

        @Override
        public String open(String what, String sealed) {
          return sealed;
        }

        @Override
        public String renewed(String sealed) {
          return sealed;
        }
      };

  private final List<Payloads.Payload> stored = new CopyOnWriteArrayList<>();

  private final Payloads payloads =
      new Payloads() {
        @Override
        public void add(List<Payload> payloads) {
          stored.addAll(payloads);
        }

        @Override
        public Optional<Payload> find(String id, Instant now) {
          return Optional.empty();
        }

        @Override
        public Some some(
            Optional<String> tenant, Instant from, String before, int look, Instant now) {
          return new Some(List.of(), Optional.empty());
        }

        @Override
        public int forget(Instant now) {
          return 0;
        }

        @Override
        public long erase(String tenant, Optional<Instant> before, Optional<String> user) {
          return 0;
        }
      };

  private static Captured captured(String id) {
    return captured(id, 0);
  }

  private static Captured captured(String id, long held) {
    var trail = new Trail(id, Instant.now(), 0);
    var model = Fakes.model(Fakes.retry(1), new dev.lintel.Target(Fakes.provider("p"), "m"));
    Chat chat = Chat.sketch(Fakes.provider("p").dialect(), "m", false, 10, 5);
    trail.asked(chat, Terms.NONE, model);
    return new Captured(
        trail,
        Capture.Level.FULL,
        chat,
        List.of(),
        held,
        Optional.empty(),
        false,
        Instant.now().plusSeconds(3600));
  }

  private Scribe scribe(long most) {
    return new Scribe(() -> payloads, OPEN, text -> text, InstantSource.system(), most);
  }

  @Test
  void what_finds_no_room_is_lost_and_counted() {
    try (var scribe = scribe(1500)) {
      scribe.close();
      scribe.take(captured("req_1"));
      assertThat(scribe.lost()).isEqualTo(1);
    }
    try (var scribe = scribe(500)) {
      scribe.take(captured("req_2"));
      assertThat(scribe.lost()).isEqualTo(1);
      assertThat(scribe.waiting()).isZero();
    }
    assertThat(stored).isEmpty();
  }

  @Test
  void answers_under_way_find_no_more_room_than_there_is_and_give_it_back() {
    try (var scribe = scribe(5000)) {
      assertThat(scribe.hold(3000)).isTrue();
      assertThat(scribe.hold(3000)).isFalse();
      assertThat(scribe.hold(2000)).isTrue();
      scribe.take(captured("req_4", 2000));
      assertThat(scribe.lost()).isEqualTo(1);
      assertThat(scribe.waiting()).isEqualTo(3000);
    }
  }

  @Test
  void what_waits_when_it_closes_is_brought_to_the_store_sealed_for_its_call() {
    try (var scribe = scribe(1 << 20)) {
      scribe.take(captured("req_3"));
    }
    assertThat(stored).extracting(Payloads.Payload::id).containsExactly("req_3");
    assertThat(stored.getFirst().sealed()).startsWith("payload/req_3 {");
  }
}
