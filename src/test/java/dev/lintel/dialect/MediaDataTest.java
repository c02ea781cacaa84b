package dev.lintel.dialect;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lintel.Failure;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MediaDataTest {
  @ParameterizedTest
  @CsvSource({
    "iVBORw0KGgo=, image/png",
    "/9j/4AAQSkZJRg==, image/jpeg",
    "R0lGODlhAQAB, image/gif",
    "UklGRlwEAABXRUJQVlA4, image/webp",
    "UklGRlwEAABXQVZFZm10, audio/wav",
    "SUQzBAAAAAAA, audio/mp3",
    "JVBERi0xLjcK, application/pdf"
  })
  void knows_a_format_by_its_first_bytes(String base64, String mime) {
    assertThat(MediaData.sniff(base64)).contains(mime);
    assertThat(MediaData.kind(mime).name().toLowerCase(java.util.Locale.ROOT))
        .isEqualTo(mime.equals("application/pdf") ? "document" : mime.substring(0, 5));
  }

  @Test
  void what_the_bytes_show_wins_over_what_the_url_declares() {
    var data = MediaData.parse("data:image/jpeg;base64,iVBORw0KGgo=", "url").orElseThrow();
    assertThat(data.mime()).isEqualTo("image/png");
    assertThat(data.url()).isEqualTo("data:image/png;base64,iVBORw0KGgo=");
  }

  @Test
  void keeps_the_declared_type_of_unknown_bytes() {
    var data = MediaData.parse("data:text/plain;charset=utf-8;base64,aGk=", "url").orElseThrow();
    assertThat(data).isEqualTo(new MediaData("text/plain", "aGk="));
    assertThat(MediaData.parse("DATA:image/avif;base64,AAAA", "url").orElseThrow().mime())
        .isEqualTo("image/avif");
  }

  @Test
  void reads_a_url_in_percent_signs() {
    var data = MediaData.parse("data:text/plain,a%20b+c", "url").orElseThrow();
    assertThat(new String(Base64.getDecoder().decode(data.base64()), ISO_8859_1))
        .isEqualTo("a b+c");
  }

  @Test
  void other_urls_are_not_data_and_broken_ones_are_named() {
    assertThat(MediaData.parse("https://example.com/a.png", "url")).isEmpty();
    assertThatThrownBy(() -> MediaData.parse("data:image/png;base64", "messages[0].url"))
        .isInstanceOfSatisfying(
            Failure.class, failure -> assertThat(failure.param()).contains("messages[0].url"));
    assertThatThrownBy(() -> MediaData.parse("data:text/plain,%zz", "url"))
        .isInstanceOf(Failure.class);
  }

  @Test
  void bytes_that_are_no_base64_have_no_known_type() {
    assertThat(MediaData.sniff("***")).isEmpty();
    assertThat(MediaData.sniff("!!!!")).isEmpty();
    assertThat(MediaData.sniff("")).isEmpty();
  }
}
