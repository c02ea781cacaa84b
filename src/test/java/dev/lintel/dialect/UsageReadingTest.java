package dev.lintel.dialect;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Body;
import dev.lintel.Dialect;
import dev.lintel.Frame;
import dev.lintel.Headers;
import dev.lintel.Inbound;
import dev.lintel.Part;
import dev.lintel.ReplyReader;
import dev.lintel.Request;
import dev.lintel.Usage;
import dev.lintel.Usage.Source;
import dev.lintel.Usage.Unit;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Every dialect's words for what was used become the same record. */
class UsageReadingTest {
  private static final Map<Unit, BigDecimal> TWO_SEARCHES = Map.of(Unit.SEARCH, BigDecimal.TWO);

  private static byte[] bytes(String json) {
    return json.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
  }

  private static ReplyReader reader(Dialect dialect) {
    Request request =
        dialect.read(
            new Inbound(
                Map.of("model", "m"),
                Map.of(),
                Headers.NONE,
                Body.scan(
                    bytes(
                        "{'model':'m','max_tokens':9,'messages':[{'role':'user','content':'Hi'}],'contents':[{'parts':[{'text':'Hi'}]}]}"))));
    return dialect.reader(request);
  }

  private static Usage last(List<Part> parts) {
    return parts.stream()
        .filter(Usage.class::isInstance)
        .map(Usage.class::cast)
        .reduce((first, second) -> second)
        .orElseThrow();
  }

  private static Usage openai(String more, String usage) {
    return last(
        reader(new OpenAiChat())
            .whole(
                bytes(
                    "{'id':'x','model':'m','choices':[{'index':0,'message':{'role':'assistant','content':'Hi'},'finish_reason':'stop'}],'usage':"
                        + usage
                        + more
                        + "}"))
            .parts());
  }

  private static Usage anthropic(String usage) {
    return last(
        reader(new AnthropicMessages())
            .whole(
                bytes(
                    "{'id':'x','type':'message','role':'assistant','model':'m','content':[{'type':'text','text':'Hi'}],'stop_reason':'end_turn','usage':"
                        + usage
                        + "}"))
            .parts());
  }

  private static Usage gemini(String usage) {
    return last(
        reader(new Gemini())
            .whole(
                bytes(
                    "{'candidates':[{'content':{'parts':[{'text':'Hi'}]},'finishReason':'STOP'}],'usageMetadata':"
                        + usage
                        + "}"))
            .parts());
  }

  @Test
  void openais_cached_tokens_are_part_of_its_prompt() {
    assertThat(
            openai(
                "",
                "{'prompt_tokens':1000,'completion_tokens':10,'total_tokens':1010,'prompt_tokens_details':{'cached_tokens':300,'cache_write_tokens':200,'audio_tokens':40},'completion_tokens_details':{'reasoning_tokens':4,'audio_tokens':2}}"))
        .isEqualTo(new Usage(500, 300, 200, 0, 10, 4, 40, 2, Source.PROVIDER));
  }

  @Test
  void figures_that_are_written_as_fractions_count() {
    assertThat(openai("", "{'prompt_tokens':11.0,'completion_tokens':5e0,'total_tokens':16.0}"))
        .isEqualTo(Usage.of(11, 5, Source.PROVIDER));
    assertThat(anthropic("{'input_tokens':11.0,'output_tokens':5.5}"))
        .isEqualTo(Usage.of(11, 5, Source.PROVIDER));
    assertThat(gemini("{'promptTokenCount':11.0,'candidatesTokenCount':5.0}"))
        .isEqualTo(Usage.of(11, 5, Source.PROVIDER));
  }

  @Test
  void figures_that_make_no_sense_are_no_figures() {
    assertThat(
            openai("", "{'prompt_tokens':-5,'completion_tokens':'x','total_tokens':null}").source())
        .isEqualTo(Source.NONE);
    assertThat(openai("", "{'prompt_tokens':100000000000000000000,'completion_tokens':5}").output())
        .isEqualTo(5);
    assertThat(anthropic("{'input_tokens':-10,'output_tokens':100000000000000000000}"))
        .isEqualTo(Usage.of(0, 0, Source.PROVIDER));
    assertThat(
            gemini("{'promptTokenCount':100000000000000000000,'candidatesTokenCount':-5}").prompt())
        .isZero();
  }

  @Test
  void images_and_searches_of_openais_dialect_are_counted() {
    assertThat(
            openai(
                "",
                "{'prompt_tokens':100,'completion_tokens':10,'prompt_tokens_details':{'image_tokens':60},'completion_tokens_details':{'image_tokens':5},'server_tool_use':{'web_search_requests':2}}"))
        .isEqualTo(Usage.of(100, 10, Source.PROVIDER).images(60, 5).units(TWO_SEARCHES));
  }

  @Test
  void openais_tier_of_service_is_kept_unless_it_is_the_usual_one() {
    String usage = "{'prompt_tokens':1,'completion_tokens':1}";
    assertThat(openai(",'service_tier':'flex'", usage).tier()).isEqualTo("flex");
    assertThat(openai(",'service_tier':'default'", usage).tier()).isEmpty();
  }

  @Test
  void anthropics_cache_writes_are_split_by_how_long_they_last() {
    assertThat(
            anthropic(
                "{'input_tokens':10,'cache_creation_input_tokens':700,'cache_read_input_tokens':50,'cache_creation':{'ephemeral_5m_input_tokens':200,'ephemeral_1h_input_tokens':500},'output_tokens':9,'service_tier':'standard'}"))
        .isEqualTo(new Usage(10, 50, 200, 500, 9, 0, 0, 0, Source.PROVIDER));
  }

  @Test
  void anthropics_searches_and_tier_are_kept() {
    assertThat(
            anthropic(
                "{'input_tokens':10,'output_tokens':9,'server_tool_use':{'web_search_requests':2},'service_tier':'priority'}"))
        .isEqualTo(Usage.of(10, 9, Source.PROVIDER).units(TWO_SEARCHES).tier("priority"));
  }

  @Test
  void a_stream_of_anthropics_ends_with_what_a_whole_reply_says() {
    ReplyReader reader = reader(new AnthropicMessages());
    Usage first =
        last(
            reader
                .event(
                    event(
                        "{'type':'message_start','message':{'id':'x','model':'m','usage':{'input_tokens':10,'cache_creation_input_tokens':700,'cache_read_input_tokens':50,'cache_creation':{'ephemeral_5m_input_tokens':200,'ephemeral_1h_input_tokens':500},'output_tokens':1,'service_tier':'priority'}}}"))
                .parts());
    assertThat(first.output()).isEqualTo(1);
    Usage last =
        last(
            reader
                .event(
                    event(
                        "{'type':'message_delta','delta':{'stop_reason':'end_turn'},'usage':{'output_tokens':9,'server_tool_use':{'web_search_requests':2}}}"))
                .parts());
    assertThat(last)
        .isEqualTo(
            new Usage(10, 50, 200, 500, 9, 0, 0, 0, Source.PROVIDER)
                .units(TWO_SEARCHES)
                .tier("priority"));
  }

  private static Frame event(String json) {
    byte[] data = bytes(json);
    return Frame.whole(AnthropicWords.NAME, data);
  }

  @Test
  void geminis_thoughts_are_beside_its_candidates_and_its_cache_is_inside_the_prompt() {
    assertThat(
            gemini(
                "{'promptTokenCount':100,'cachedContentTokenCount':30,'toolUsePromptTokenCount':7,'candidatesTokenCount':20,'thoughtsTokenCount':5,'totalTokenCount':132}"))
        .isEqualTo(new Usage(77, 30, 0, 0, 25, 5, 0, 0, Source.PROVIDER));
  }

  @Test
  void geminis_modalities_and_traffic_are_kept() {
    assertThat(
            gemini(
                "{'promptTokenCount':100,'candidatesTokenCount':20,'promptTokensDetails':[{'modality':'TEXT','tokenCount':10},{'modality':'AUDIO','tokenCount':60},{'modality':'IMAGE','tokenCount':30}],'candidatesTokensDetails':[{'modality':'IMAGE','tokenCount':12},{'modality':'AUDIO','tokenCount':8}],'trafficType':'ON_DEMAND_PRIORITY'}"))
        .isEqualTo(
            new Usage(100, 0, 0, 0, 20, 0, 60, 8, Source.PROVIDER).images(30, 12).tier("priority"));
  }
}
