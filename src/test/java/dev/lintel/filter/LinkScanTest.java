package dev.lintel.filter;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LinkScanTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"url\":\"http://x/a\"}",
        "{\"url\" : \"http:\\/\\/x/a\"}",
        "{\"url\":\"\\u0068ttp://x/a\"}",
        "{\"url\":\"http\\u003a//x/a\"}",
        "{\"url\":\"\\thttp:\\u002f\\u002fx/a\"}",
        "{\"url\":\"h\\nttp://x/a\"}",
        "[\"http://x/a\"]",
        "\"http://x/a\"",
      })
  void finds_a_link_however_it_is_written(String json) {
    assertThat(all(json)).containsExactly("http://x/a");
  }

  @Test
  void finds_links_wherever_they_stand() {
    for (int lead = 0; lead < 20; lead++) {
      String json = "{\"" + "k".repeat(lead) + "\":1,\"url\":\"HTTPS://x/a\",\"b\":\"http://y\"}";
      assertThat(all(json)).containsExactly("HTTPS://x/a", "http://y");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"text\":\"see http://x/a\"}",
        "{\"text\":\"say \\\"http://x/a\\\"\"}",
        "{\"http\":1,\"https\":2,\"steps\":{}}",
        "{\"text\":\"the steps: one\"}",
        "{\"text\":\"\\u00e9t\\u00e9: https\"}",
      })
  void a_text_about_a_link_is_none(String json) {
    assertThat(all(json)).isEmpty();
  }

  private static List<String> all(String json) {
    var found = new ArrayList<String>();
    assertThat(
            LinkScan.find(
                json.getBytes(UTF_8),
                url -> {
                  if (found.isEmpty() || !found.getLast().equals(url)) {
                    found.add(url);
                  }
                  return false;
                }))
        .isEmpty();
    return found;
  }
}
