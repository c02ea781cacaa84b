package dev.lintel.dialect;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.lintel.Adaptation;
import dev.lintel.Body;
import dev.lintel.Chunk;
import dev.lintel.Credential;
import dev.lintel.Fakes;
import dev.lintel.Headers;
import dev.lintel.Inbound;
import dev.lintel.Json;
import dev.lintel.Outbound;
import dev.lintel.Part;
import dev.lintel.Provider;
import dev.lintel.ReplyReader;
import dev.lintel.Request;
import dev.lintel.Target;
import dev.lintel.Usage;
import java.io.IOException;
import java.math.BigDecimal;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

class OpenAiRelayTest {
  private static Usage usage(OpenAiService service, String request, String type, String reply) {
    var dialect = new OpenAiRelay(service);
    Body body = Body.scan(request.getBytes(UTF_8));
    Request read = dialect.read(new Inbound(Map.of(), Map.of(), Headers.NONE, body));
    ReplyReader reader = dialect.reader(read);
    reader.head(Headers.of(Map.of("content-type", type)));
    return usage(reader.whole(reply.getBytes(UTF_8)));
  }

  private static Usage usage(Chunk chunk) {
    for (Part part : chunk.parts()) {
      if (part instanceof Usage known) {
        return known;
      }
    }
    return Usage.UNKNOWN;
  }

  @Test
  void tokens_of_pictures_are_counted_apart() {
    Usage usage =
        usage(
            OpenAiService.IMAGES,
            "{\"model\":\"a\",\"prompt\":\"b\"}",
            "application/json",
            "{\"data\":[{}],\"usage\":{\"input_tokens\":50,\"output_tokens\":272,\"total_tokens\":322,\"input_tokens_details\":{\"text_tokens\":10,\"image_tokens\":40}}}");
    assertThat(usage.input()).isEqualTo(50);
    assertThat(usage.imageInput()).isEqualTo(40);
    assertThat(usage.imageOutput()).isEqualTo(272);
    assertThat(usage.source()).isEqualTo(Usage.Source.PROVIDER);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "IMAGES | {\"model\":\"a\",\"n\":3} | {\"data\":[{},{}]} | IMAGE | 2 | PROVIDER",
        "IMAGES | {\"model\":\"a\",\"n\":3} | {} | IMAGE | 3 | ESTIMATE",
        "MODERATIONS | {\"model\":\"a\"} | {\"results\":[]} | IMAGE | | NONE",
      })
  void what_no_tokens_count_is_counted_by_the_piece(
      OpenAiService service,
      String request,
      String reply,
      Usage.Unit unit,
      BigDecimal count,
      Usage.Source source) {
    Usage usage = usage(service, request, "application/json", reply);
    assertThat(usage.units().get(unit)).isEqualTo(count);
    assertThat(usage.source()).isEqualTo(source);
  }

  @Test
  void the_model_goes_by_the_targets_name_and_the_rest_as_it_came() {
    var dialect = new OpenAiRelay(OpenAiService.SPEECH);
    String request =
        "{ \"x\" : {\"y\":1},\"model\":\"voice\",\"input\":\"h\\u00e9\",\"lintel\":{} }";
    Request read =
        dialect.read(
            new Inbound(Map.of(), Map.of(), Headers.NONE, Body.scan(request.getBytes(UTF_8))));
    Outbound sent = dialect.write(read, target(dialect), new Adaptation(Fakes.trail(), true));
    assertThat(sent.path()).isEqualTo("/audio/speech");
    assertThat(new String(sent.body(), UTF_8))
        .isEqualTo("{\"x\" : {\"y\":1},\"model\":\"tts-1\",\"input\":\"h\\u00e9\"}");
    assertThat(read.live()).isTrue();
    assertThat(read.stream()).isFalse();
  }

  private static Target target(OpenAiRelay dialect) {
    return new Target(
        new Provider(
            "p",
            dialect,
            URI.create("http://p"),
            Provider.Auth.NONE,
            List.of(Credential.NONE),
            Map.of(),
            Provider.Transport.PLAIN,
            Provider.Quirks.NONE),
        "tts-1");
  }

  @ParameterizedTest
  @CsvSource({
    "audio-transcription-basic, TRANSCRIPTIONS, SECOND, 7",
    "audio-translation-basic, TRANSLATIONS, SECOND,",
    "image-generation-basic, IMAGES, IMAGE, 1",
  })
  void recorded_replies_pass_and_tell_their_usage(
      String name, OpenAiService service, Usage.Unit unit, BigDecimal count) throws IOException {
    Path file = Path.of("../shared/recorded/openai-cassettes", name + ".yaml");
    assumeTrue(Files.exists(file), "no recordings beside the checkout");
    var cassette =
        Json.MAPPER.valueToTree(
            new Load(LoadSettings.builder().setCodePointLimit(1 << 26).build())
                .loadFromString(Files.readString(file)));
    String reply =
        ((tools.jackson.databind.JsonNode) cassette).at("/interactions/0/response/body").asString();
    var dialect = new OpenAiRelay(service);
    var relay =
        new dev.lintel.Relay(
            dev.lintel.Service.IMAGES,
            dialect,
            "m",
            false,
            false,
            "POST",
            service.path(),
            Headers.NONE,
            new dev.lintel.Relay.Content.Json(Body.EMPTY),
            Map.of());
    ReplyReader reader = dialect.reader(relay);
    reader.head(Headers.of(Map.of("content-type", "application/json")));
    Chunk chunk = reader.whole(reply.getBytes(UTF_8));
    assertThat(dialect.writer(relay, Fakes.trail()).whole(List.of(chunk)))
        .isEqualTo(reply.getBytes(UTF_8));
    assertThat(Optional.ofNullable(usage(chunk).units().get(unit)))
        .isEqualTo(Optional.ofNullable(count));
  }
}
