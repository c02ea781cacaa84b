package dev.lintel.filter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lintel.Call;
import dev.lintel.Failure;
import dev.lintel.Fakes;
import dev.lintel.Headers;
import dev.lintel.RawRequest;
import dev.lintel.Replay;
import dev.lintel.Replays;
import dev.lintel.Request;
import dev.lintel.Target;
import dev.lintel.Trail;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class OnceTest {
  private final List<String> log = new ArrayList<>();
  private final AtomicInteger asked = new AtomicInteger();
  private Replays.Found found = new Replays.Found.Free();

  private final Replays replays =
      new Replays() {
        @Override
        public Found take(Key key, byte[] question, String callId) {
          log.add(key.tenant() + " " + key.app() + " " + key.name());
          log.add(HexFormat.of().formatHex(question));
          return found;
        }

        @Override
        public void keep(Key key, Replay reply) {
          log.add("keep");
        }

        @Override
        public void free(Key key, String callId) {
          log.add("free");
        }
      };

  @Test
  void a_call_without_a_key_does_not_even_ask_for_the_store() {
    var once =
        new Once(
            () -> {
              throw new AssertionError("asked for the store");
            },
            10);
    once.apply(call(Map.of(), "", Map.of()), chunk -> {}, (at, out) -> asked.incrementAndGet());
    assertThat(asked).hasValue(1);
  }

  @Test
  void a_call_that_holds_its_key_goes_on_with_a_keeper() {
    Call call = keyed(" k ", Map.of(), "body", Map.of());
    apply(call);
    assertThat(asked).hasValue(1);
    assertThat(log.getFirst()).isEqualTo("t a k");
    call.trail().keeper().orElseThrow().drop();
    assertThat(log).endsWith("free");
  }

  @Test
  void a_kept_reply_is_the_answer_and_nobody_is_asked() {
    var reply = new Replay(200, "text/plain", Map.of(), new byte[0], false, "req_first");
    found = new Replays.Found.Kept(reply);
    Call call = keyed("k", Map.of(), "body", Map.of("x-request-id", "mine"));
    apply(call);
    assertThat(asked).hasValue(0);
    assertThat(call.trail().replay()).contains(reply);
    assertThat(call.trail().cost()).hasValueSatisfying(cost -> assertThat(cost).isZero());
    assertThat(call.trail().terms().along()).containsEntry("x-request-id", "mine");
  }

  @Test
  void the_question_is_path_query_and_body_but_not_the_callers_key() {
    apply(keyed("k", Map.of("key", "sk-1"), "body", Map.of()));
    apply(keyed("k", Map.of("key", "sk-2"), "body", Map.of()));
    apply(keyed("k", Map.of("alt", "sse"), "body", Map.of()));
    apply(keyed("k", Map.of(), "other", Map.of()));
    assertThat(log.get(1)).isEqualTo(log.get(3)).isNotEqualTo(log.get(5)).isNotEqualTo(log.get(7));
  }

  @Test
  void an_upload_is_known_by_its_length_and_must_have_one() {
    var form = "multipart/form-data";
    apply(keyed("k", Map.of(), "", Map.of("content-type", form, "content-length", "10")));
    apply(keyed("k", Map.of(), "", Map.of("content-type", form, "content-length", "11")));
    assertThat(log.get(1)).isNotEqualTo(log.get(3));
    assertThatThrownBy(() -> apply(keyed("k", Map.of(), "", Map.of("content-type", form))))
        .isInstanceOfSatisfying(
            Failure.class, failure -> assertThat(failure.param()).contains("content-length"));
  }

  private void apply(Call call) {
    new Once(() -> replays, 10).apply(call, chunk -> {}, (at, out) -> asked.incrementAndGet());
  }

  private static Call keyed(
      String key, Map<String, String> query, String body, Map<String, String> headers) {
    Call call = call(query, body, headers);
    call.trail().keyed(new Trail.Keyed(key, "/v1/x"));
    return call;
  }

  private static Call call(Map<String, String> query, String body, Map<String, String> headers) {
    return Fakes.call(
        Fakes.model(Fakes.retry(1), new Target(Fakes.provider("p"), "m")),
        new Request.Unread(
            new Fakes.NamedDialect("openai"),
            new RawRequest(
                Map.of(), query, Headers.of(headers), body.getBytes(StandardCharsets.UTF_8))));
  }
}
