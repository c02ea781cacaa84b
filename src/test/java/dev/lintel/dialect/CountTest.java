package dev.lintel.dialect;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lintel.Adaptation;
import dev.lintel.Body;
import dev.lintel.Chunk;
import dev.lintel.Credential;
import dev.lintel.Dialect;
import dev.lintel.Failure;
import dev.lintel.Fakes;
import dev.lintel.Headers;
import dev.lintel.Inbound;
import dev.lintel.Json;
import dev.lintel.Outbound;
import dev.lintel.Part;
import dev.lintel.Provider;
import dev.lintel.Request;
import dev.lintel.Target;
import java.net.URI;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The counters of two vendors, each asked by clients of both. */
class CountTest {
  private static final AnthropicCount ANTHROPIC = new AnthropicCount();
  private static final GeminiCount GEMINI = new GeminiCount();

  private static final String CLAUDE =
      """
      {"model": "fast", "system": "Be short.", "messages": [{"role": "user", "content": "Hi"}],
       "thinking": {"type": "enabled", "budget_tokens": 1024},
       "tools": [{"name": "w", "input_schema": {"type": "object"}}], "brand_new": 1}
      """;

  @Test
  void anthropics_own_request_goes_out_as_it_came() {
    Outbound sent = write(ANTHROPIC, anthropic(CLAUDE));

    assertThat(sent.path()).isEqualTo("/v1/messages/count_tokens?beta=true");
    assertThat(sent.headers()).containsEntry("anthropic-version", "2023-06-01");
    assertThat(tree(sent)).isEqualTo(Json.parse(CLAUDE.replace("fast", "target")));
  }

  @Test
  void a_request_of_gemini_is_counted_by_claude_without_what_concerns_the_answer() {
    Outbound sent =
        write(
            ANTHROPIC,
            gemini(
                """
                {"generateContentRequest": {"model": "models/fast",
                  "systemInstruction": {"parts": [{"text": "Be short."}]},
                  "contents": [{"role": "user", "parts": [{"text": "Hi"}]}],
                  "generationConfig": {"temperature": 0.5, "maxOutputTokens": 9, "topK": 3}}}
                """));

    assertThat(sent.path()).isEqualTo("/v1/messages/count_tokens");
    assertThat(tree(sent))
        .isEqualTo(
            Json.parse(
                """
                {"model": "target", "system": [{"type": "text", "text": "Be short."}],
                 "messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}]}
                """));
  }

  @Test
  void a_request_of_anthropic_is_counted_by_google_as_a_whole() {
    Outbound sent = write(GEMINI, anthropic(CLAUDE));

    assertThat(sent.path()).isEqualTo("/v1beta/models/target:countTokens");
    var whole = tree(sent).path("generateContentRequest");
    assertThat(whole.path("model").asString()).isEqualTo("models/target");
    assertThat(whole.path("systemInstruction").toString()).contains("Be short.");
    assertThat(whole.path("contents").toString()).contains("Hi");
    assertThat(whole.path("tools").toString()).contains("\"w\"");
  }

  @Test
  void a_conversation_alone_is_whole_for_google_too() {
    Outbound sent =
        write(
            GEMINI,
            gemini("{\"contents\": [{\"role\": \"user\", \"parts\": [{\"text\": \"Hi\"}]}]}"));

    assertThat(tree(sent).path("generateContentRequest").path("contents").toString())
        .contains("Hi");
  }

  @Test
  void counts_are_read_and_told_in_each_ones_word() {
    Request asked = anthropic(CLAUDE);
    Chunk google =
        GEMINI
            .reader(asked)
            .whole("{\"totalTokens\": 7, \"promptTokensDetails\": []}".getBytes(UTF_8));
    Chunk claude =
        ANTHROPIC.reader(asked).whole("{\"input_tokens\": 42, \"new\": 1}".getBytes(UTF_8));

    assertThat(google.parts()).containsExactly(new Part.Count(7));
    assertThat(told(ANTHROPIC, asked, google)).isEqualTo("{\"input_tokens\":7}");
    assertThat(told(ANTHROPIC, asked, claude)).isEqualTo("{\"input_tokens\": 42, \"new\": 1}");
    assertThat(told(GEMINI, asked, claude)).isEqualTo("{\"totalTokens\":42}");
  }

  @Test
  void a_counter_that_is_not_there_counts_against_nobody() {
    for (int status : new int[] {404, 405, 501}) {
      Failure failure = ANTHROPIC.failure(status, Headers.NONE, new byte[0]);
      assertThat(failure.blame()).isEqualTo(Failure.Blame.NOBODY);
      assertThat(failure.again()).isEqualTo(Failure.Again.ELSEWHERE);
    }
    assertThat(ANTHROPIC.failure(401, Headers.NONE, new byte[0]).blame())
        .isEqualTo(Failure.Blame.KEY);
    assertThatThrownBy(() -> GEMINI.reader(anthropic(CLAUDE)).whole("{}".getBytes(UTF_8)))
        .isInstanceOfSatisfying(
            Failure.class, failure -> assertThat(failure.blame()).isEqualTo(Failure.Blame.NOBODY));
  }

  private static String told(Dialect dialect, Request asked, Chunk chunk) {
    return new String(dialect.writer(asked, Fakes.trail()).whole(List.of(chunk)), UTF_8);
  }

  private static Request anthropic(String body) {
    return ANTHROPIC.read(
        new Inbound(
            Map.of(), Map.of("beta", "true"), Headers.NONE, Body.scan(body.getBytes(UTF_8))));
  }

  private static Request gemini(String body) {
    return new Gemini()
        .read(
            new Inbound(
                Map.of("model", "fast", "method", "countTokens"),
                Map.of(),
                Headers.NONE,
                Body.scan(body.getBytes(UTF_8))));
  }

  private static Outbound write(Dialect dialect, Request request) {
    var provider =
        new Provider(
            "p",
            dialect,
            URI.create("http://127.0.0.1:1"),
            Provider.Auth.NONE,
            List.of(Credential.NONE),
            Map.of(),
            Provider.Transport.PLAIN,
            Provider.Quirks.NONE);
    return dialect.write(
        request, new Target(provider, "target"), new Adaptation(Fakes.trail(), false));
  }

  private static tools.jackson.databind.JsonNode tree(Outbound sent) {
    return Json.parse(new String(sent.body(), UTF_8));
  }
}
