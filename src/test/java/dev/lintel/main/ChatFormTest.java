package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lintel.Failure;
import dev.lintel.Json;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

class ChatFormTest {
  private static JsonNode form(String dialect, String request, String reply) {
    ObjectNode said = Json.object().put("request_id", "req_1").put("dialect", dialect);
    said.set("request", Json.parse(request));
    said.set("reply", Json.parse(reply));
    return new ChatForm().of(said, "fast");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "openai"
            + "|{\"model\":\"fast\",\"stream\":true,\"messages\":[{\"role\":\"system\",\"content\":\"Be brief.\"},{\"role\":\"user\",\"content\":\"Hi\"}]}"
            + "|{\"id\":\"x\",\"object\":\"chat.completion\",\"created\":1,\"model\":\"m\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"Hello\"},\"finish_reason\":\"stop\"}]}",
        "anthropic"
            + "|{\"model\":\"fast\",\"max_tokens\":9,\"system\":\"Be brief.\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}"
            + "|{\"id\":\"m\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"m\",\"content\":[{\"type\":\"text\",\"text\":\"Hello\"}],\"stop_reason\":\"end_turn\",\"stop_sequence\":null,\"usage\":{\"input_tokens\":3,\"output_tokens\":1}}",
        "gemini"
            + "|{\"systemInstruction\":{\"parts\":[{\"text\":\"Be brief.\"}]},\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"Hi\"}]}]}"
            + "|{\"candidates\":[{\"index\":0,\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\"Hello\"}]},\"finishReason\":\"STOP\"}]}",
        "responses"
            + "|{\"model\":\"fast\",\"instructions\":\"Be brief.\",\"input\":\"Hi\"}"
            + "|{\"id\":\"r\",\"object\":\"response\",\"status\":\"completed\",\"model\":\"m\",\"output\":[{\"type\":\"message\",\"id\":\"i\",\"status\":\"completed\",\"role\":\"assistant\",\"content\":[{\"type\":\"output_text\",\"text\":\"Hello\",\"annotations\":[]}]}]}",
        "bedrock"
            + "|{\"system\":[{\"text\":\"Be brief.\"}],\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"Hi\"}]}]}"
            + "|{\"output\":{\"message\":{\"role\":\"assistant\",\"content\":[{\"text\":\"Hello\"}]}},\"stopReason\":\"end_turn\",\"usage\":{\"inputTokens\":3,\"outputTokens\":1,\"totalTokens\":4}}",
        "cohere"
            + "|{\"model\":\"fast\",\"messages\":[{\"role\":\"system\",\"content\":\"Be brief.\"},{\"role\":\"user\",\"content\":\"Hi\"}]}"
            + "|{\"id\":\"c\",\"finish_reason\":\"COMPLETE\",\"message\":{\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":\"Hello\"}]}}"
      })
  void a_chat_of_any_dialect_is_said_in_openais(String dialect, String request, String reply) {
    JsonNode form = form(dialect, request, reply);
    assertThat(Json.text(form.path("messages")))
        .isEqualTo(
            "[{\"role\":\"system\",\"content\":\"Be brief.\"},{\"role\":\"user\",\"content\":\"Hi\"}]");
    assertThat(form.at("/answer/content").asString()).isEqualTo("Hello");
    assertThat(form.path("finish_reason").asString()).isEqualTo("stop");
    assertThat(form.has("tools")).isFalse();
  }

  @Test
  void tools_and_their_calls_are_said_too() {
    JsonNode form =
        form(
            "anthropic",
            """
            {"model":"fast","max_tokens":9,"tools":[{"name":"weather","input_schema":{"type":"object"}}],
             "messages":[{"role":"user","content":"Oslo?"}]}
            """,
            """
            {"id":"m","type":"message","role":"assistant","model":"m","stop_reason":"tool_use","stop_sequence":null,
             "content":[{"type":"tool_use","id":"t1","name":"weather","input":{"city":"Oslo"}}],
             "usage":{"input_tokens":3,"output_tokens":1}}
            """);
    assertThat(form.at("/tools/0/function/name").asString()).isEqualTo("weather");
    assertThat(form.at("/answer/tool_calls/0/function/arguments").asString())
        .isEqualTo("{\"city\":\"Oslo\"}");
    assertThat(form.path("finish_reason").asString()).isEqualTo("tool_calls");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "responses|{\"model\":\"fast\",\"previous_response_id\":\"r0\",\"input\":\"Hi\"}",
        "simple|{\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}",
        "openai|\"no object\"",
        "openai|{\"model\":\"fast\"}",
        "anthropic|{\"model\":\"fast\",\"max_tokens\":9,\"messages\":[{\"role\":\"user\",\"content\":7}]}"
      })
  void what_is_no_whole_conversation_is_none(String dialect, String request) {
    assertThatThrownBy(() -> form(dialect, request, "{\"output\":[]}")).isInstanceOf(Failure.class);
  }
}
