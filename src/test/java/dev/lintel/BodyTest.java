package dev.lintel;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BodyTest {

  @Test
  void finds_top_level_members_and_only_those() {
    Body body =
        scan(
            "{\"a\": {\"model\": \"inner\"}, \"model\" : \"m\\u00e9\", \"stream\":true, \"n\": null}");
    assertThat(body.text("model")).contains("mé");
    assertThat(body.flag("stream")).isTrue();
    assertThat(body.flag("n")).isFalse();
    assertThat(body.text("n")).isEmpty();
    assertThat(body.keys()).containsExactly("a", "model", "stream", "n");
  }

  @Test
  void replaces_a_member_and_keeps_every_other_byte_of_the_rest() {
    assertThat(
            patch(
                "{\"x\": 1.50, \"model\":\"a\" ,\"y\":[1, 2]}",
                Map.of("model", Optional.of("\"b\""))))
        .isEqualTo("{\"x\": 1.50,\"model\":\"b\",\"y\":[1, 2]}");
  }

  @Test
  void removes_members_wherever_they_stand() {
    String json = "{\"a\":1,\"b\":{\"c\":\"}\"},\"d\":[]}";
    assertThat(patch(json, Map.of("a", Optional.empty())))
        .isEqualTo("{\"b\":{\"c\":\"}\"},\"d\":[]}");
    assertThat(patch(json, Map.of("b", Optional.empty()))).isEqualTo("{\"a\":1,\"d\":[]}");
    assertThat(patch(json, Map.of("d", Optional.empty())))
        .isEqualTo("{\"a\":1,\"b\":{\"c\":\"}\"}}");
    assertThat(patch("{\"a\":1}", Map.of("a", Optional.empty()))).isEqualTo("{}");
  }

  @Test
  void adds_members_that_were_missing() {
    assertThat(patch("{}", Map.of("a", Optional.of("1")))).isEqualTo("{\"a\":1}");
    assertThat(patch("{\"x\":2}", Map.of("a", Optional.of("1")))).isEqualTo("{\"x\":2,\"a\":1}");
  }

  @Test
  void gives_back_the_same_array_where_nothing_changes() {
    byte[] json = "{\"a\":1}".getBytes(UTF_8);
    assertThat(Body.scan(json).patch(Map.of())).isSameAs(json);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "  ",
        "[]",
        "\"x\"",
        "{",
        "{\"a\":1} x",
        "{\"a\":1}{",
        "{a:1}",
        "{\"a\":01}",
        "nul"
      })
  void refuses_what_is_not_one_json_object(String text) {
    assertThatThrownBy(() -> scan(text))
        .isInstanceOfSatisfying(
            Failure.class,
            failure -> assertThat(failure.kind()).isEqualTo(Failure.Kind.INVALID_REQUEST));
  }

  @Test
  void names_a_member_that_stands_twice() {
    assertThatThrownBy(() -> scan("{\"model\":\"a\",\"model\":\"b\"}"))
        .hasMessageContaining("'model' is given twice");
  }

  @Test
  void refuses_bytes_that_are_no_utf_8() {
    byte[] bytes = "{\"a\":\"xxxxxxxxxxxxxxxxx?\"}".getBytes(UTF_8);
    bytes[bytes.length - 3] = (byte) 0xC3;
    assertThatThrownBy(() -> Body.scan(bytes)).hasMessageContaining("UTF-8");
  }

  @Test
  void names_the_field_whose_shape_is_wrong() {
    assertThatThrownBy(() -> scan("{\"model\":1}").text("model"))
        .hasMessageContaining("'model' must be a string");
    assertThatThrownBy(() -> scan("{\"stream\":\"yes\"}").flag("stream"))
        .hasMessageContaining("'stream'");
    assertThatThrownBy(() -> scan("{}").requireObjects("messages"))
        .hasMessageContaining("'messages' is missing");
    assertThatThrownBy(() -> scan("{\"messages\":[ ]}").requireObjects("messages"))
        .hasMessageContaining("empty");
    assertThatThrownBy(() -> scan("{\"messages\":{}}").requireObjects("messages"))
        .hasMessageContaining("an array");
    assertThatThrownBy(() -> scan("{\"messages\":[{},1]}").requireObjects("messages"))
        .hasMessageContaining("objects");
  }

  private static Body scan(String text) {
    return Body.scan(text.getBytes(UTF_8));
  }

  private static String patch(String text, Map<String, Optional<String>> changes) {
    var bytes = new LinkedHashMap<String, Optional<byte[]>>();
    changes.forEach((key, value) -> bytes.put(key, value.map(json -> json.getBytes(UTF_8))));
    return new String(scan(text).patch(bytes), UTF_8);
  }
}
