package dev.lintel.filter;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Call;
import dev.lintel.Fakes;
import dev.lintel.Headers;
import dev.lintel.RawRequest;
import dev.lintel.Replay;
import dev.lintel.Replays;
import dev.lintel.Request;
import dev.lintel.Spool;
import dev.lintel.Target;
import dev.lintel.Trail;
import dev.lintel.Upload;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
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
            10,
            Spool.NOWHERE);
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
  void an_upload_is_known_by_what_it_says_and_not_by_its_boundary() {
    String form =
        "--%1$s\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n%2$s\r\n--%1$s--\r\n";
    for (int size : List.of(1, 7, 1000)) {
      log.clear();
      upload("x-1", form.formatted("x-1", "\r\n--x-"), size);
      upload("other", form.formatted("other", "\r\n--x-"), size);
      upload("x-1", form.formatted("x-1", "\r\n--y-"), size);
      assertThat(log.get(1)).isEqualTo(log.get(3)).isNotEqualTo(log.get(5));
    }
    assertThat(asked).hasValue(9);
  }

  /** Whoever comes next must find all of it again. */
  private void upload(String boundary, String body, int size) {
    var bytes = body.getBytes(StandardCharsets.UTF_8);
    var at = new AtomicInteger();
    Upload upload =
        new Upload() {
          @Override
          public long length() {
            return bytes.length;
          }

          @Override
          public byte[] next(BooleanSupplier enough) {
            int from = at.getAndAdd(size);
            return from >= bytes.length
                ? null
                : Arrays.copyOfRange(bytes, from, Math.min(bytes.length, from + size));
          }
        };
    var raw =
        new RawRequest(
                Map.of(),
                Map.of(),
                Headers.of(Map.of("content-type", "multipart/form-data; boundary=" + boundary)),
                new byte[0])
            .with(upload);
    Call call = call(new Request.Unread(new Fakes.NamedDialect("openai"), raw));
    call.trail().keyed(new Trail.Keyed("k", "/v1/x"));
    once(10)
        .apply(
            call,
            chunk -> {},
            (known, out) -> {
              asked.incrementAndGet();
              var found = new ByteArrayOutputStream();
              Upload again = ((Request.Unread) known.request()).raw().upload().orElseThrow();
              for (byte[] piece = again.next(); piece != null; piece = again.next()) {
                found.writeBytes(piece);
              }
              assertThat(found.toString(StandardCharsets.UTF_8)).isEqualTo(body);
            });
  }

  private Once once(long largest) {
    return new Once(() -> replays, largest, Spool.NOWHERE);
  }

  private void apply(Call call) {
    once(10).apply(call, chunk -> {}, (at, out) -> asked.incrementAndGet());
  }

  private static Call keyed(
      String key, Map<String, String> query, String body, Map<String, String> headers) {
    Call call = call(query, body, headers);
    call.trail().keyed(new Trail.Keyed(key, "/v1/x"));
    return call;
  }

  private static Call call(Map<String, String> query, String body, Map<String, String> headers) {
    return call(
        new Request.Unread(
            new Fakes.NamedDialect("openai"),
            new RawRequest(
                Map.of(), query, Headers.of(headers), body.getBytes(StandardCharsets.UTF_8))));
  }

  private static Call call(Request.Unread request) {
    return Fakes.call(Fakes.model(Fakes.retry(1), new Target(Fakes.provider("p"), "m")), request);
  }
}
