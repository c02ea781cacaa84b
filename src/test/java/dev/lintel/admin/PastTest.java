package dev.lintel.admin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Failure;
import dev.lintel.Json;
import dev.lintel.Usage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.node.ObjectNode;

class PastTest {
  private static ObjectNode record(String more) {
    var record =
        (ObjectNode)
            Json.parse(
                "{\"request_id\":\"req_1\",\"time\":\"2026-11-01T00:00:00Z\",\"tenant\":\"t\",\"app\":\"a\",\"model\":\"m\",\"kind\":null,\"attempts\":[]}");
    return record.setAll((ObjectNode) Json.parse("{" + more.replace('\'', '"') + "}"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '`',
      value = {
        "'shadow_of':'req_2'; a shadow",
        "'replay_of':'req_2'; given again",
        "'app':null; its caller was not known",
        "'model':null; before a model was asked for",
        "'endpoint':'embeddings'; no chat, but embeddings",
        "'target':'p/*'; passed through",
        "'kind':'invalid_request'; for what it was in itself: invalid_request",
        "'kind':'authentication'; for what it was in itself: authentication",
        "'cost_usd':'0','attempts':[{'target':'p/m','cost_usd':'0.1'}]; another call paid",
      })
  void what_cannot_be_made_again_says_why(String more, String why) {
    assertThat(Past.unrepeatable(record(more))).get().asString().contains(why);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '`',
      value = {
        "'endpoint':'chat'",
        "'kind':'permission'",
        "'kind':'not_found'",
        "'kind':'rate_limited','policy':[{'rule':'r','mode':'enforce','kind':'rate_limited'}]",
        "'kind':'invalid_request','policy':[{'rule':'r','mode':'enforce','kind':'invalid_request'}]",
        "'kind':'invalid_request','attempts':[{'target':'p/m','kind':'invalid_request'}]",
      })
  void everything_else_can(String more) {
    assertThat(Past.unrepeatable(record(more))).isEmpty();
  }

  @Test
  void an_older_record_is_read_as_far_as_it_goes() {
    Past past =
        Past.of(
            record(
                "'user':'ann','usage':{'input':10,'cache_read':5,'output':7,'source':'provider'},'ttft_ms':null,'kind':'a_later_kind'"));
    assertThat(past.sized()).isFalse();
    assertThat(past.inputTokens()).isEqualTo(15);
    assertThat(past.terms()).containsEntry("user", "ann").hasSize(1);
    assertThat(past.ttftMs()).isEqualTo(-1);
    assertThat(past.kind()).contains(Failure.Kind.INTERNAL);
    assertThat(past.usage().source()).isEqualTo(Usage.Source.PROVIDER);
    assertThat(past.refused()).isTrue();
  }
}
