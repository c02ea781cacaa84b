package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Json;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** What no provider would take is refused by its name, or mended and reported. */
class BadInputScenario {
  private static TestGateway gateway;

  @BeforeAll
  static void start() {
    gateway =
        TestGateway.of(
            """
            providers:
              o: { kind: sim }
              a: { kind: sim, dialect: anthropic }
              g: { kind: sim, dialect: gemini }
              r: { kind: sim, dialect: responses }
              b: { kind: sim, dialect: bedrock }
            models: { m: o/small }
            """);
  }

  @AfterAll
  static void stop() {
    gateway.close();
  }

  private static HttpResponse<String> chat(String model, String rest) {
    return gateway.post("/v1/chat/completions", "{\"model\":\"" + model + "\"," + rest + "}");
  }

  private static HttpResponse<String> messages(String model, String turns) {
    return gateway.post(
        "/v1/messages",
        "{\"model\":\"" + model + "\",\"max_tokens\":50,\"messages\":[" + turns + "]}");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "a/s | \"nope\" | tools[0].function.parameters",
        "a/s | {\"type\":\"array\"} | tools[0].function.parameters.type",
        "g/s | {\"type\":\"string\"} | tools[0].function.parameters.type",
        "g/s | {\"type\":\"object\",\"properties\":[1]} | tools[0].function.parameters.properties",
        "a/s | {\"type\":\"object\",\"properties\":{\"a\":1}} | tools[0].function.parameters.properties.a",
        "a/s | {\"type\":\"object\",\"required\":\"a\"} | tools[0].function.parameters.required",
      })
  void a_tools_schema_that_is_no_objects_is_refused(String model, String schema, String place) {
    var reply =
        chat(
            model,
            "\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"t\",\"parameters\":"
                + schema
                + "}}]");
    assertThat(reply.statusCode()).isEqualTo(400);
    assertThat(Json.parse(reply.body()).at("/error/param").asString()).isEqualTo(place);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "/v1/responses | {\"model\":\"a/s\",\"input\":\"x\",\"tools\":[{\"type\":\"function\",\"name\":\"t\",\"parameters\":{\"type\":\"array\"}}]} | tools[0].parameters.type",
        "/v2/chat | {\"model\":\"a/s\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"t\",\"parameters\":{\"type\":\"array\"}}}]} | tools[0].function.parameters.type",
        "/model/a%2Fs/converse | {\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"x\"}]}],\"toolConfig\":{\"tools\":[{\"toolSpec\":{\"name\":\"t\",\"inputSchema\":{\"json\":{\"type\":\"array\"}}}}]}} | toolConfig.tools.0.toolSpec.inputSchema.json.type",
      })
  void a_tools_schema_is_read_in_every_dialect(String path, String body, String place) {
    var reply = gateway.post(path, body);
    assertThat(reply.statusCode()).isEqualTo(400);
    assertThat(reply.body()).contains("'" + place + "'");
  }

  @ParameterizedTest
  @ValueSource(strings = {"100000000000000000000", "0", "-1", "10.5"})
  void a_limit_that_is_none_is_refused(String limit) {
    var reply =
        chat("a/s", "\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"max_tokens\":" + limit);
    assertThat(reply.statusCode()).isEqualTo(400);
    assertThat(Json.parse(reply.body()).at("/error/param").asString()).isEqualTo("max_tokens");
  }

  @Test
  void a_wav_that_is_none_is_refused_where_it_is_read() {
    var reply =
        chat(
            "g/s",
            "\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"input_audio\",\"input_audio\":{\"data\":\"AAAAAAAAAAAAAAAAAAAAAAAA\",\"format\":\"wav\"}}]}]");
    assertThat(reply.statusCode()).isEqualTo(400);
    assertThat(Json.parse(reply.body()).at("/error/param").asString())
        .isEqualTo("messages[0].content[0].input_audio.data");
  }

  @ParameterizedTest
  @ValueSource(strings = {"o/s", "g/s", "r/s"})
  void a_history_with_a_call_or_a_result_missing_is_mended(String model) {
    var reply =
        messages(
            model,
            """
            {"role":"user","content":"x"},
            {"role":"assistant","content":[
              {"type":"tool_use","id":"toolu_1","name":"t","input":{}},
              {"type":"tool_use","id":"toolu_2","name":"t","input":{}}]},
            {"role":"user","content":[
              {"type":"tool_result","tool_use_id":"toolu_1","content":"one"},
              {"type":"tool_result","tool_use_id":"toolu_9","content":"nine"}]}
            """);
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
    assertThat(reply.headers().firstValue("x-lintel-adapted").orElse(""))
        .contains("mend:tool_use toolu_2", "mend:tool_result toolu_9");
  }

  @ParameterizedTest
  @CsvSource({"a/s, rename:messages[1]->system", "g/s, rename:messages[1]->systemInstruction"})
  void a_system_message_in_the_middle_moves_and_says_so(String model, String note) {
    var reply =
        chat(
            model,
            "\"messages\":[{\"role\":\"user\",\"content\":\"x\"},{\"role\":\"system\",\"content\":\"be\"},{\"role\":\"user\",\"content\":\"y\"}]");
    assertThat(reply.statusCode()).isEqualTo(200);
    assertThat(reply.headers().firstValue("x-lintel-adapted").orElse("")).contains(note);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"{\"role\":\"system\",\"content\":\"x\"}", "{\"role\":\"user\",\"content\":null}"})
  void a_conversation_of_instructions_or_of_nothing_has_an_input(String message) {
    var reply = chat("r/s", "\"messages\":[" + message + "]");
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(strings = {"o/s", "a/s", "g/s", "r/s", "b/s"})
  void odd_ids_empty_texts_and_a_first_word_of_the_assistants_are_served(String model) {
    var reply =
        chat(
            model,
            """
            "messages":[{"role":"assistant","content":"Hello"},
              {"role":"user","content":[{"type":"text","text":""}]},
              {"role":"assistant","tool_calls":[{"id":"a b/ü|1","type":"function","function":{"name":"t","arguments":"{}"}}]},
              {"role":"tool","tool_call_id":"a b/ü|1","content":"r"}]\
            """);
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
    JsonNode body = Json.parse(reply.body());
    assertThat(body.path("choices").size()).isEqualTo(1);
  }
}
