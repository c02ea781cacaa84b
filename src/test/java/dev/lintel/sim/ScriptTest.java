package dev.lintel.sim;

import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Block;
import dev.lintel.Extra;
import dev.lintel.Format;
import dev.lintel.Json;
import dev.lintel.Part;
import dev.lintel.Part.Stop.Reason;
import dev.lintel.Prompt;
import dev.lintel.Setting;
import dev.lintel.ToolChoice;
import dev.lintel.Turn;
import dev.lintel.Usage;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.node.ObjectNode;

class ScriptTest {
  private static final ToolChoice AUTO = new ToolChoice(ToolChoice.Mode.AUTO, "");
  private static final String CITY =
      "{\"type\":\"object\",\"properties\":{\"city\":{\"type\":\"string\"}},\"required\":[\"city\"]}";

  private static Script script(Prompt prompt, String... options) {
    return script(Vendor.OPENAI, prompt, options);
  }

  private static Script script(Vendor vendor, Prompt prompt, String... options) {
    SimOptions set = SimOptions.USUAL;
    for (String option : options) {
      set = set.named("+" + option);
    }
    return Script.of(Prompts.chat(prompt), vendor, set);
  }

  private static List<Part> parts(Script script) {
    return script.content().stream().flatMap(chunk -> chunk.parts().stream()).toList();
  }

  private static <T extends Part> List<T> parts(Script script, Class<T> type) {
    return parts(script).stream().filter(type::isInstance).map(type::cast).toList();
  }

  private static String text(Script script) {
    return parts(script, Part.Text.class).stream().map(Part.Text::text).collect(joining());
  }

  private static Part.Stop stop(Script script) {
    return (Part.Stop) script.closing().parts().getLast();
  }

  private static Usage usage(Script script) {
    return (Usage) script.closing().parts().getFirst();
  }

  /** The calls of a script, put together from their fragments: name, then arguments. */
  private static List<String> calls(Script script) {
    var calls = new ArrayList<String>();
    for (Part.ToolUse piece : parts(script, Part.ToolUse.class)) {
      if (piece.index() == calls.size()) {
        calls.add(piece.name() + " ");
      }
      calls.set(piece.index(), calls.get(piece.index()) + piece.arguments());
    }
    return calls;
  }

  @Test
  void arguments_that_stand_behind_a_tools_name_are_taken() {
    Prompt prompt =
        Prompts.with(
            Prompts.user(
                "The weather, please: get_weather {\"city\": \"Oslo\"}, and be quick {now}."),
            AUTO,
            Prompts.tool("get_weather", CITY),
            Prompts.tool("get_weather_map", CITY));
    assertThat(calls(script(prompt))).containsExactly("get_weather {\"city\":\"Oslo\"}");
  }

  @Test
  void the_same_prompt_gets_the_same_answer_and_another_another() {
    Prompt prompt = Prompts.user("Tell me of gates.");
    assertThat(text(script(prompt))).isEqualTo(text(script(prompt))).contains("Tell me of gates.");
    assertThat(text(script(Prompts.user("Tell me of beams.")))).isNotEqualTo(text(script(prompt)));
  }

  @Test
  void an_answer_is_as_long_as_it_is_asked_to_be() {
    Script script = script(Prompts.user("Tell me of gates."), "tokens=50");
    assertThat(text(script).split(" ")).hasSize(50);
    assertThat(usage(script).output()).isEqualTo(50);
    assertThat(stop(script).reason()).isEqualTo(Reason.END);
  }

  @Test
  void max_tokens_cuts_the_answer() {
    Script script = script(Prompts.with(Prompts.user("Go on."), Setting.MAX_TOKENS, "5"));
    assertThat(parts(script)).hasSize(5);
    assertThat(stop(script).reason()).isEqualTo(Reason.LENGTH);
    assertThat(usage(script).output()).isEqualTo(5);
  }

  @Test
  void a_stop_sequence_ends_the_answer_before_itself() {
    Script script =
        script(Prompts.with(Prompts.user("one two three"), Setting.STOP, "[\"zzz\",\"two\"]"));
    assertThat(text(script)).isEqualTo("You asked: one ");
    assertThat(stop(script)).isEqualTo(new Part.Stop(Reason.STOP_SEQUENCE, "", "", "two"));
  }

  @Test
  void usage_is_counted_unless_it_is_given() {
    Usage counted = usage(script(Prompts.user("x".repeat(400))));
    assertThat(counted.input()).isEqualTo(101);
    Usage given =
        usage(
            script(
                Prompts.user("Hi"),
                "input_tokens=7",
                "cache_read_tokens=100",
                "cache_write_tokens=3",
                "output_tokens=9",
                "reasoning_tokens=4"));
    assertThat(given).isEqualTo(new Usage(7, 100, 3, 0, 9, 4, 0, 0, Usage.Source.PROVIDER));
  }

  @Test
  void input_is_told_at_the_beginning_as_anthropic_does() {
    var opening = script(Prompts.user("x".repeat(400))).opening();
    assertThat(((Usage) opening.parts().getLast()).input()).isEqualTo(101);
  }

  @Test
  void a_tool_is_called_when_a_word_of_its_name_is_said() {
    Prompt prompt =
        Prompts.with(
            Prompts.user("What is the Weather in Paris?"),
            AUTO,
            Prompts.tool("get_weather", CITY),
            Prompts.tool("get_time", CITY));
    Script script = script(prompt);
    assertThat(calls(script)).hasSize(1);
    assertThat(calls(script).getFirst()).startsWith("get_weather {\"city\":\"");
    assertThat(stop(script).reason()).isEqualTo(Reason.TOOL_USE);
    Part.ToolUse first = parts(script, Part.ToolUse.class).getFirst();
    assertThat(first.id()).startsWith("call_").hasSize(29);
    assertThat(parts(script, Part.ToolUse.class).stream().skip(1))
        .allMatch(piece -> piece.id().isEmpty() && piece.name().isEmpty());
  }

  @Test
  void several_tools_that_are_named_are_called_in_parallel() {
    Prompt prompt =
        Prompts.with(
            Prompts.user("weather and time in Paris"),
            AUTO,
            Prompts.tool("getWeather", CITY),
            Prompts.tool("get_time", "{}"));
    assertThat(calls(script(prompt))).hasSize(2).last().isEqualTo("get_time {}");
    assertThat(calls(script(Prompts.with(prompt, Setting.PARALLEL_TOOLS, "false")))).hasSize(1);
  }

  @Test
  void fragments_of_parallel_calls_take_turns_when_asked() {
    Prompt prompt =
        Prompts.with(
            Prompts.user("weather time"),
            AUTO,
            Prompts.tool("get_weather", CITY),
            Prompts.tool("get_time", CITY));
    Script script = script(prompt, "interleave");
    assertThat(parts(script, Part.ToolUse.class).stream().map(Part.ToolUse::index).limit(4))
        .containsExactly(0, 1, 0, 1);
    for (String call : calls(script)) {
      assertThat(Json.parse(call.substring(call.indexOf(' '))).has("city")).isTrue();
    }
  }

  @Test
  void a_tool_choice_is_obeyed() {
    var weather = Prompts.tool("get_weather", CITY);
    var time = Prompts.tool("get_time", CITY);
    Prompt prompt = Prompts.user("Hello.");
    var any = new ToolChoice(ToolChoice.Mode.ANY, "");
    var named = new ToolChoice(ToolChoice.Mode.NAMED, "get_time");
    var none = new ToolChoice(ToolChoice.Mode.NONE, "");
    assertThat(calls(script(Prompts.with(prompt, AUTO, weather, time)))).isEmpty();
    assertThat(calls(script(Prompts.with(prompt, any, weather, time))).getFirst())
        .startsWith("get_weather ");
    assertThat(calls(script(Prompts.with(prompt, named, weather, time))).getFirst())
        .startsWith("get_time ");
    Prompt forbidden = Prompts.with(Prompts.user("weather"), none, weather, time);
    assertThat(calls(script(forbidden))).isEmpty();
  }

  @Test
  void any_number_of_calls_can_be_asked_for_with_text_before_them() {
    Prompt prompt = Prompts.with(Prompts.user("Hi"), AUTO, Prompts.tool("add", "{}"));
    Script script = script(prompt, "calls=3", "preface");
    assertThat(calls(script)).containsExactly("add {}", "add {}", "add {}");
    assertThat(text(script)).isNotEmpty();
    assertThat(parts(script, Part.ToolUse.class).stream().map(Part.ToolUse::id))
        .filteredOn(id -> !id.isEmpty())
        .doesNotHaveDuplicates()
        .hasSize(3);
  }

  @Test
  void after_a_tools_result_the_answer_tells_it() {
    var use = new Block.ToolUse("c1", "get_weather", "{}", "", "", Block.Cache.NONE, Extra.NONE);
    var result =
        new Block.ToolResult(
            "c1",
            "get_weather",
            List.of(new Block.Text("31 degrees")),
            false,
            Block.Cache.NONE,
            Extra.NONE);
    Prompt prompt = Prompts.with(Prompts.user("weather?"), AUTO, Prompts.tool("get_weather", CITY));
    var turns = new ArrayList<>(prompt.turns());
    turns.add(new Turn(Turn.Role.ASSISTANT, List.of(use)));
    turns.add(new Turn(Turn.Role.USER, List.of(result)));
    Script script = script(prompt.turns(turns));
    assertThat(calls(script)).isEmpty();
    assertThat(text(script)).contains("31 degrees");
  }

  @Test
  void thoughts_come_first_and_are_signed_by_vendors_that_sign() {
    Prompt prompt = Prompts.thinking(Prompts.user("Why?"));
    Script anthropic = script(Vendor.ANTHROPIC, prompt);
    List<Part.Thought> thoughts = parts(anthropic, Part.Thought.class);
    String said = thoughts.stream().map(Part.Thought::text).collect(joining());
    assertThat(said).contains("Why?");
    assertThat(thoughts.getLast().signature()).hasSizeGreaterThanOrEqualTo(600);
    assertThat(Signature.proves(thoughts.getLast().signature(), Vendor.ANTHROPIC, said)).isTrue();
    assertThat(usage(anthropic).reasoning()).isEqualTo(thoughts.size() - 1);
    assertThat(usage(anthropic).output()).isGreaterThan(usage(anthropic).reasoning());
    assertThat(parts(script(Vendor.OPENAI, prompt), Part.Thought.class))
        .isNotEmpty()
        .allMatch(thought -> thought.signature().isEmpty());
  }

  @Test
  void sealed_thoughts_show_no_text() {
    Script script = script(Vendor.ANTHROPIC, Prompts.thinking(Prompts.user("Why?")), "sealed");
    assertThat(parts(script, Part.Thought.class))
        .singleElement()
        .matches(thought ->
            thought.sealed() && Signature.genuine(thought.signature(), Vendor.ANTHROPIC));
    assertThat(usage(script).reasoning()).isPositive();
  }

  @Test
  void gemini_signs_the_first_call_of_a_reply_and_gives_no_ids() {
    Prompt prompt =
        Prompts.with(
            Prompts.user("weather time"),
            AUTO,
            Prompts.tool("get_weather", CITY),
            Prompts.tool("get_time", CITY));
    List<Part.ToolUse> first =
        parts(script(Vendor.GEMINI, prompt), Part.ToolUse.class).stream()
            .filter(piece -> !piece.name().isEmpty())
            .toList();
    assertThat(first).allMatch(piece -> piece.id().isEmpty());
    assertThat(Signature.proves(first.getFirst().signature(), Vendor.GEMINI, "get_weather"))
        .isTrue();
    assertThat(first.getLast().signature()).isEmpty();
  }

  @Test
  void a_schema_is_answered_with_json_that_fits_it() {
    var format = new Format.JsonSchema("city", "", (ObjectNode) Json.parse(CITY), Optional.empty());
    Script script = script(Prompts.with(Prompts.user("Where?"), format));
    assertThat(Json.parse(text(script)).get("city").isString()).isTrue();
    Script any = script(Prompts.with(Prompts.user("Where?"), new Format.JsonObject()));
    assertThat(Json.parse(text(any)).isObject()).isTrue();
  }

  @Test
  void an_image_is_a_png_when_the_caller_or_an_option_asks_for_one() {
    for (Script script :
        List.of(
            script(Prompts.with(Prompts.user("Draw."), Setting.MODALITIES, "[\"TEXT\",\"IMAGE\"]")),
            script(Prompts.user("Draw."), "image"))) {
      Part.Media media = parts(script, Part.Media.class).getFirst();
      assertThat(media.mime()).isEqualTo("image/png");
      byte[] png = Base64.getDecoder().decode(media.base64());
      assertThat(png).startsWith((byte) 0x89, (byte) 'P', (byte) 'N', (byte) 'G');
    }
  }

  @Test
  void a_reason_to_stop_can_be_asked_for() {
    Script refusal = script(Prompts.user("Hi"), "stop=refusal");
    assertThat(parts(refusal)).isNotEmpty().allMatch(Part.Refusal.class::isInstance);
    assertThat(stop(refusal).reason()).isEqualTo(Reason.REFUSAL);
    assertThat(stop(script(Prompts.user("Hi"), "stop=pause")).reason()).isEqualTo(Reason.PAUSE);
  }

  @Test
  void an_option_of_the_configuration_is_overruled_by_key_then_model_then_header() {
    SimOptions options = SimOptions.of(Map.of("tokens", "1", "ttft", "2s"));
    var raw =
        new dev.lintel.RawRequest(
            Map.of(),
            Map.of(),
            dev.lintel.Headers.of(
                Map.of("authorization", "Bearer sim+tokens=2+calls=2", "x-sim-image", "true")),
            new byte[0]);
    SimOptions own = options.call(raw, "small+tokens=3");
    assertThat(own.number(Option.TOKENS).intValue()).isEqualTo(3);
    assertThat(own.number(Option.CALLS).intValue()).isEqualTo(2);
    assertThat(own.flag(Option.IMAGE)).isTrue();
    assertThat(own.duration(Option.TTFT)).hasSeconds(2);
  }
}
