package dev.lintel.rule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lintel.Body;
import dev.lintel.Call;
import dev.lintel.Condition;
import dev.lintel.Fakes;
import dev.lintel.Headers;
import dev.lintel.Inbound;
import dev.lintel.Model;
import dev.lintel.Request;
import dev.lintel.Target;
import dev.lintel.Terms;
import dev.lintel.dialect.OpenAiChat;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CelConditionsTest {
  private static final Instant NOW = Instant.parse("2026-11-21T14:30:00Z");

  private static final String BODY =
      """
      {"model":"m","stream":true,"max_tokens":50,"user":"ann",
       "tools":[{"type":"function","function":{"name":"f","parameters":{}}}],
       "messages":[{"role":"user","content":[{"type":"text","text":"Hello"},
         {"type":"image_url","image_url":{"url":"https://example.com/a.png"}}]}]}\
      """;

  private final Condition.Language language = new CelConditions();

  @ParameterizedTest
  @ValueSource(
      strings = {
        "terms.use_case == 'support'",
        "terms.use_case == \"support\" && request.input_tokens < 500",
        "terms.region == ''",
        "caller.tenant == 't' && caller.app == 'a'",
        "caller.user == 'ann'",
        "request.dialect == 'openai'",
        "request.stream",
        "request.input_tokens > 20 && request.input_tokens < 200",
        "request.max_tokens == 50",
        "request.tools == 1",
        "request.images == 1",
        "now.getHours() == 14 && now.getHours('Europe/Berlin') == 15",
        "now > timestamp('2026-01-01T00:00:00Z')",
        "now.getDayOfWeek() in [0, 6]",
        "terms.use_case.matches('^(a+)+$') || terms.use_case.startsWith('sup')",
        "['a', 'b'].exists(x, x == 'b')",
      })
  void holds(String text) {
    assertThat(language.read(text).holds(call(BODY), NOW)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "terms.use_case == 'other'",
        "!request.stream",
        "request.input_tokens / 0 == 1",
        "int(terms.user) > 3",
        "terms.tier == 'high'",
      })
  void does_not_hold_or_cannot_be_told(String text) {
    assertThat(language.read(text).holds(call(BODY), NOW)).isFalse();
  }

  @Test
  void what_was_not_given_is_empty_or_nothing() {
    Call call =
        call(
            """
            {"model":"m","messages":[{"role":"user","content":"Hello"}]}\
            """);
    assertThat(
            language
                .read(
                    "terms.tags == '' && request.max_tokens == 0 && request.tools == 0 && request.images == 0 && caller.user == ''")
                .holds(call, NOW))
        .isTrue();
  }

  @Test
  void the_conversation_is_read_only_for_what_needs_it() {
    Call call = call("{\"model\":\"m\",\"messages\":[{\"role\":\"nobody\"}]}");
    assertThat(language.read("request.input_tokens < 100 && !request.stream").holds(call, NOW))
        .isTrue();
    assertThat(language.read("request.tools == 0").holds(call, NOW))
        .as("what cannot be read has none, and is for its provider to refuse")
        .isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"sk-0001",
        "terms.user == 'sk-0001",
        "terms.user \"sk-0001\"",
        "terms.user 'sk-0001'",
        "[ 'sk-0001' : 'sk-0001' }",
        "terms.user.'sk-0001'('sk-0001')"
      })
  void no_text_of_a_condition_is_told_beside_its_fault(String condition) {
    assertThatThrownBy(() -> language.read(condition))
        .hasMessageStartingWith("column ")
        .hasMessageNotContaining("0001");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "terms.use_caes == 'x' | column 1: 'terms' has no 'use_caes'; it has: cache, channel,",
        "caller.key == 'x' | column 1: 'caller' has no 'key'; it has: app, tenant, user",
        "request.tools | column 8: expected type 'bool' but found 'int'",
        "terms['user'] == 'x' | column 1: 'terms' stands alone",
        "request.tools > 'a' | column 15: found no matching overload for '_>_' applied to '(int, string)'",
        "1 + | column 4: mismatched input '<EOF>'",
        "usr == 'x' | column 1: undeclared reference to 'usr'",
        "~~ | column 1: mismatched input '<EOF>'",
      })
  void what_is_wrong_is_said_in_one_line(String text, String message) {
    assertThatThrownBy(() -> language.read(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(message)
        .message()
        .doesNotContain("\n");
  }

  @Test
  void a_text_that_is_too_deep_or_too_long_is_refused() {
    assertThatThrownBy(() -> language.read("(".repeat(200) + "true" + ")".repeat(200)))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> language.read("true" + " || true".repeat(5000)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void no_condition_goes_on_for_long() {
    String list = "[" + "1,".repeat(200) + "1]";
    Condition nested =
        language.read(list + ".all(a, " + list + ".all(b, " + list + ".all(c, a + b + c > 0)))");
    assertThat(nested.holds(call(BODY), NOW)).as("given up, so it does not hold").isFalse();
  }

  private static Call call(String body) {
    Request request =
        new OpenAiChat()
            .read(
                new Inbound(
                    Map.of(),
                    Map.of(),
                    Headers.NONE,
                    Body.scan(body.getBytes(StandardCharsets.UTF_8))));
    Model model = Fakes.model(Fakes.retry(1), new Target(Fakes.provider("p"), "m"));
    Terms terms = Terms.read(Headers.of(Map.of("x-lintel-use-case", "support")), Optional.empty());
    return Fakes.call(model, request).with(request, terms, Optional.empty(), model, Long.MAX_VALUE);
  }
}
