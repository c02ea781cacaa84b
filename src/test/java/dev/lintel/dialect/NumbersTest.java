package dev.lintel.dialect;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lintel.Json;
import java.util.List;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class NumbersTest {
  private static JsonNode tree(String text) {
    return Numbers.tree(text.getBytes(UTF_8));
  }

  @Test
  void arrays_of_numbers_keep_their_text() {
    JsonNode tree = tree("{\"a\":[ 1.50, -2E-7 ,3],\"é\":{\"b\":[[0.1],[]]},\"c\":\"x\"}");
    assertThat(Numbers.are(tree.get("a"))).isTrue();
    assertThat(Json.text(tree.get("a"))).isEqualTo("[ 1.50, -2E-7 ,3]");
    assertThat(Json.text(tree.at("/é/b/0"))).isEqualTo("[0.1]");
    assertThat(tree.at("/é/b/1").isArray()).isTrue();
    assertThat(tree.get("c").asString()).isEqualTo("x");
  }

  @Test
  void everything_else_is_as_in_any_tree() {
    for (String text :
        List.of(
            "[1,\"a\",{\"x\":[2]}]",
            "[1,[2],null]",
            "{\"a\":{},\"b\":[],\"c\":[{}],\"d\":null,\"e\":1.10,\"f\":true}",
            "7")) {
      assertThat(tree(text)).as(text).isEqualTo(Json.parse(text));
    }
  }

  @Test
  void what_is_no_json_is_refused() {
    for (String text :
        List.of("", "{", "[1,", "[1,2", "{\"a\":[1", "{\"a\" 1}", "[1]]", "{} {}", "[nul]")) {
      assertThatThrownBy(() -> tree(text)).as(text).isInstanceOf(RuntimeException.class);
    }
  }
}
