package dev.lintel.dialect;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Frame;
import dev.lintel.Headers;
import dev.lintel.Part;
import dev.lintel.Usage;
import java.util.Arrays;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.FieldSource;

/** What is passed through is read for its usage as the vendors tell it. */
class PassThroughReaderTest {
  private static final String JSON = "application/json; charset=utf-8";
  private static final String EVENTS = "text/event-stream";
  private static final String FRAMES = "application/vnd.amazon.eventstream";

  static final Arguments[] REPLIES = {
    Arguments.of(JSON, "{'usage':{'prompt_tokens':7,'completion_tokens':3,'total_tokens':10}}"),
    Arguments.of(JSON, "{'usage':{'input_tokens':7,'output_tokens':3}}"),
    Arguments.of(JSON, "{'usage':{'inputTokens':7,'outputTokens':3,'totalTokens':10}}"),
    Arguments.of(JSON, "{'usage':{'billed_units':{'input_tokens':7.0,'output_tokens':3}}}"),
    Arguments.of(JSON, "{'meta':{'billed_units':{'input_tokens':7,'output_tokens':3}}}"),
    Arguments.of(JSON, "{'usageMetadata':{'promptTokenCount':7,'candidatesTokenCount':3}}"),
    Arguments.of(
        JSON, "[{'a':1},{'usageMetadata':{'promptTokenCount':7,'candidatesTokenCount':3}}]"),
    Arguments.of(
        JSON,
        "{'data':'" + "x".repeat(1 << 20) + "','usage':{'prompt_tokens':7,'completion_tokens':3}}"),
    Arguments.of(
        EVENTS,
        "data: {'type':'message_start','message':{'usage':{'input_tokens':7,'cache_read_input_tokens':0,'output_tokens':1}}}\n\n"
            + "data: {'delta':{'text':'"
            + "y".repeat(50_000)
            + "'}}\n\ndata: {'type':'message_delta','usage':{'output_tokens':3}}\n\n"),
    Arguments.of(
        EVENTS,
        "data: {'type':'message-end','delta':{'usage':{'billed_units':{'input_tokens':7,'output_tokens':3}}}}\n\n"),
    Arguments.of(
        EVENTS,
        "data: {'type':'response.completed','response':{'usage':{'input_tokens':7,'output_tokens':3}}}\n\n"),
    Arguments.of(
        FRAMES,
        "\0\0:event-type\7{'delta':{'text':'y'}}\0\0:event-type{'metrics':{},'usage':{'inputTokens':7,'outputTokens':3}}\0\1"),
    Arguments.of(
        FRAMES,
        "\0\0{'bytes':'e30='}\0\0{'bytes':'"
            + Base64.getEncoder()
                .encodeToString(
                    "{\"amazon-bedrock-invocationMetrics\":{\"inputTokenCount\":7,\"outputTokenCount\":3}}"
                        .getBytes(UTF_8))
            + "','p':'ab'}\0"),
  };

  private static Optional<Usage> read(Map<String, String> head, String body, int piece) {
    var reader = new PassThroughReader();
    var _ =
        reader.opaque(
            200,
            new Headers() {
              @Override
              public Optional<String> get(String name) {
                return Optional.ofNullable(head.get(name));
              }

              @Override
              public void each(java.util.function.BiConsumer<String, String> to) {
                head.forEach(to);
              }
            });
    byte[] bytes = body.replace('\'', '"').getBytes(UTF_8);
    for (int at = 0; at < bytes.length; at += piece) {
      byte[] next = Arrays.copyOfRange(bytes, at, Math.min(bytes.length, at + piece));
      reader.event(new Frame("", false, "", next, 0, next.length, next, 0, 0));
    }
    for (Part part : reader.event(Frame.NONE).parts()) {
      if (part instanceof Usage usage) {
        return Optional.of(usage);
      }
    }
    return Optional.empty();
  }

  @ParameterizedTest
  @FieldSource("REPLIES")
  void usage_is_found_where_each_vendor_tells_it(String type, String body) {
    for (int piece : new int[] {4096, body.length()}) {
      Optional<Usage> usage = read(Map.of("content-type", type), body, piece);
      assertThat(usage).isPresent();
      assertThat(usage.get().prompt()).isEqualTo(7);
      assertThat(usage.get().output()).isEqualTo(3);
      assertThat(usage.get().source()).isEqualTo(Usage.Source.PROVIDER);
    }
  }

  @Test
  void where_the_body_says_nothing_the_head_may() {
    var head =
        Map.of(
            "content-type",
            "application/json",
            "x-amzn-bedrock-input-token-count",
            "7",
            "x-amzn-bedrock-output-token-count",
            "3");
    assertThat(read(head, "{'results':[]}", 100)).contains(Usage.of(7, 3, Usage.Source.PROVIDER));
    assertThat(read(Map.of("content-type", "application/json"), "{'results':[]}", 100)).isEmpty();
    assertThat(read(Map.of("x-amzn-bedrock-input-token-count", "many"), "x", 100)).isEmpty();
  }
}
