package dev.lintel.filter;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What counts of a reply is what the model says, and nothing around it. */
class SaidTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"choices\":[{\"message\":{\"role\":\"assistant\",\"content\":\"Hello\"}}]} | 5",
        "data: {\"id\":\"chatcmpl-1\",\"choices\":[{\"delta\":{\"content\":\"Hel\"}}]} | 3",
        "data: {\"delta\":{\"type\":\"text_delta\",\"text\":\"a\\\"b\\n\"}} | 4",
        "data: {\"type\":\"response.output_text.delta\",\"delta\":\"Hi\"} | 2",
        "{\"content\":[{\"type\":\"text\",\"text\":\"Hi\"}],\"content_type\":\"none\"} | 2",
        "{\"function\":{\"name\":\"f\",\"arguments\":\"{\\\"a\\\":1}\"}} | 7",
        "{\"content\":null,\"id\":\"text\",\"other\":\"no\"} | 0",
        "{\"a_name_that_is_longer_than_all\":\"no\"} | 0",
        "[DONE] | 0",
      })
  void counts_the_text_wherever_a_piece_ends(String reply, long bytes) {
    for (int piece : new int[] {1, 7, 1000}) {
      var said = new Said();
      byte[] all = reply.getBytes(UTF_8);
      for (int at = 0; at < all.length; at += piece) {
        said.hear(java.util.Arrays.copyOfRange(all, at, Math.min(all.length, at + piece)));
      }
      assertThat(said.bytes()).isEqualTo(bytes);
    }
  }
}
