package dev.lintel.compat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.lintel.compat.Sdk.Answer;
import dev.lintel.compat.Sdk.Kind;
import dev.lintel.compat.Sdk.Refusal;
import dev.lintel.compat.Sdk.Result;
import dev.lintel.compat.Sdk.Settings;
import dev.lintel.compat.Sdk.Tool;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What is asked of every SDK; the same cases as {@code npm/cases.js}. */
final class Cases {
  interface Case {
    void run(Sdk sdk, Settings settings);
  }

  private static final Map<String, Object> STRING = Map.of("type", "string");
  private static final Tool WEATHER =
      new Tool(
          "get_weather",
          "The weather of a city",
          Map.of(
              "city",
              STRING,
              "unit",
              Map.of("type", "string", "enum", List.of("celsius", "fahrenheit"))));
  private static final Tool CLOCK =
      new Tool(
          "read_clock",
          "The time of a zone",
          Map.of("zone", STRING, "seconds", Map.of("type", "boolean")));
  private static final Tool PING =
      new Tool("ping_server", "Whether the server is there", Map.of());
  private static final Map<String, Object> CITY =
      new Tool("", "", Map.of("city", STRING, "inhabitants", Map.of("type", "integer")))
          .parameters();
  private static final Map<String, Map<String, Object>> VALUES =
      Map.of("get_weather", Map.of("sky", "cloudless"), "read_clock", Map.of("time", "midnight"));
  private static final String PNG =
      "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";

  private Cases() {}

  /** What must work with every provider, whole and streamed. */
  static Map<String, Case> withProvider() {
    var cases = new LinkedHashMap<String, Case>();
    cases.put("plain text", (sdk, its) -> complete(sdk.chat(its).say("Tell me of gates"), "gates"));
    cases.put("system prompt", Cases::systemPrompt);
    cases.put("parallel tools and their results", Cases::parallelTools);
    cases.put("tool without arguments", Cases::bareTool);
    cases.put("structured output", Cases::structuredOutput);
    cases.put("thinking in a tool loop", Cases::thinkingLoop);
    cases.put(
        "thinking while providers change",
        (sdk, its) -> thinkingLoop(sdk, its.model(its.model() + "-relay")));
    cases.put("image", Cases::image);
    cases.put("stop by length", Cases::stopByLength);
    cases.put("rate limited", Cases::rateLimited);
    cases.put("broken: connection reset", (sdk, its) -> neverLooksComplete(sdk, its, "-reset"));
    cases.put("broken: no end", (sdk, its) -> neverLooksComplete(sdk, its, "-unterminated"));
    cases.put("broken: error amid", (sdk, its) -> neverLooksComplete(sdk, its, "-error"));
    cases.put(
        "failover",
        (sdk, its) ->
            complete(sdk.chat(its.model(its.model() + "-failover")).say("Of gates"), "gates"));
    return cases;
  }

  /** What the gateway itself answers, whoever the provider is. */
  static Map<String, Case> withGateway() {
    var cases = new LinkedHashMap<String, Case>();
    cases.put(
        "wrong key",
        (sdk, its) -> refused(
                sdk, its.key("sk-nobody-0000"), Kind.AUTHENTICATION, sdk.wrongKeyStatus()));
    cases.put(
        "unknown model", (sdk, its) -> refused(sdk, its.model("no-such-model"), Kind.NOT_FOUND, 404));
    cases.put("vectors", Cases::vectors);
    cases.put("reranking", Cases::reranking);
    cases.put(
        "list of models",
        (sdk, its) ->
            sdk.models(its.key())
                .ifPresent(
                    names ->
                        assertThat(names)
                            .contains("openai", "anthropic", "gemini", "bedrock-failover")));
    return cases;
  }

  private static void vectors(Sdk sdk, Settings its) {
    var texts = List.of("a heavy beam", "a small cat");
    var first = sdk.vectors(its.key(), "sim-openai/embed", texts);
    for (String provider : List.of("sim-gemini/embed", "sim-cohere/embed")) {
      assertThat(sdk.vectors(its.key(), provider, texts)).isEqualTo(first);
    }
    assertThat(first).allMatch(vector -> vector.size() == 64);
  }

  private static void reranking(Sdk sdk, Settings its) {
    var texts = List.of("a small cat", "a heavy stone beam", "a stone");
    var ranked = sdk.ranked(its.key(), "sim-cohere/rerank", "a heavy stone beam", texts);
    ranked.ifPresent(
        found -> {
          assertThat(found).containsExactlyInAnyOrderElementsOf(texts);
          assertThat(found.getFirst()).isEqualTo("a heavy stone beam");
        });
  }

  private static void systemPrompt(Sdk sdk, Settings settings) {
    Answer bare = sdk.chat(settings).say("Tell me of gates");
    Answer guided =
        sdk.chat(settings.system("You are a lintel above a door and speak of nothing but stone."))
            .say("Tell me of gates");
    complete(guided, "gates");
    assertThat(guided.input()).as("input tokens").isGreaterThan(bare.input());
  }

  private static void parallelTools(Sdk sdk, Settings settings) {
    var chat = sdk.chat(settings.tools(WEATHER, CLOCK, PING));
    Answer asked = chat.say("What say weather and clock in Oslo?");
    asksForBoth(asked);
    Answer told = chat.give(results(asked));
    complete(told, "cloudless");
    complete(told, "midnight");
  }

  private static void bareTool(Sdk sdk, Settings settings) {
    var chat = sdk.chat(settings.tools(PING));
    Answer asked = chat.say("Please ping it");
    assertThat(asked.stop()).isEqualTo("tools");
    assertThat(asked.calls())
        .singleElement()
        .satisfies(
            call -> {
              assertThat(call.name()).isEqualTo("ping_server");
              assertThat(call.arguments()).isEmpty();
            });
    complete(
        chat.give(List.of(new Result(asked.calls().getFirst(), Map.of("pong", "indeed")))), "indeed");
  }

  private static void structuredOutput(Sdk sdk, Settings settings) {
    Answer answer = sdk.chat(settings.schema(CITY)).say("Name a city");
    JsonNode value = json(answer.text());
    assertThat(value.size()).isEqualTo(2);
    assertThat(value.path("city").isTextual()).isTrue();
    assertThat(value.path("inhabitants").isIntegralNumber()).isTrue();
    assertThat(answer.stop()).isEqualTo("stop");
  }

  /** The simulated provider refuses what comes back without the signatures that it gave. */
  private static void thinkingLoop(Sdk sdk, Settings settings) {
    var chat = sdk.chat(settings.thoughtful().tools(WEATHER, CLOCK));
    for (String question :
        List.of("What say weather and clock in Oslo?", "And weather and clock in Rome?")) {
      Answer asked = chat.say(question);
      asksForBoth(asked);
      assertThat(asked.thoughts()).as("thoughts").isNotEmpty();
      complete(chat.give(results(asked)), "cloudless");
    }
  }

  private static void image(Sdk sdk, Settings settings) {
    Answer bare = sdk.chat(settings).say("What is seen here?");
    Answer answer = sdk.chat(settings).say("What is seen here?", PNG);
    complete(answer, "seen");
    if (sdk.tellsInput(settings.stream())) {
      assertThat(answer.input()).as("input tokens").isGreaterThan(bare.input() + 100);
    }
  }

  private static void stopByLength(Sdk sdk, Settings settings) {
    Answer answer = sdk.chat(settings.maxTokens(5)).say("Tell me of gates at length");
    assertThat(answer.stop()).isEqualTo("length");
    assertThat(answer.text()).isNotEmpty();
    counted(answer);
  }

  private static void rateLimited(Sdk sdk, Settings settings) {
    Settings limited = settings.model(settings.model() + "-limited");
    Refusal refusal = refused(sdk, limited, Kind.RATE_LIMITED, 429);
    if (sdk.tellsWait()) {
      assertThat(refusal.retryAfter()).isEqualTo("7");
    }
  }

  private static Refusal refused(Sdk sdk, Settings settings, Kind kind, int status) {
    var thrown =
        catchThrowableOfType(RuntimeException.class, () -> sdk.chat(settings).say("Hello"));
    assertThat(thrown).as("refusal").isNotNull();
    Refusal refusal = sdk.refusal(thrown);
    assertThat(refusal.kind()).as("%s", thrown).isEqualTo(kind);
    assertThat(refusal.status()).isEqualTo(status);
    return refusal;
  }

  private static void neverLooksComplete(Sdk sdk, Settings settings, String fault) {
    Answer answer;
    try {
      answer = sdk.chat(settings.model(settings.model() + fault)).say("Tell me of gates");
    } catch (RuntimeException broken) {
      assertThat(sdk.refusal(broken).kind()).as("%s", broken).isEqualTo(Kind.OTHER);
      return;
    }
    assertThat(answer.stop()).as("looks complete: " + answer.text()).isEmpty();
  }

  private static void complete(Answer answer, String word) {
    assertThat(answer.text()).contains(word);
    assertThat(answer.stop()).isEqualTo("stop");
    counted(answer);
  }

  private static void asksForBoth(Answer answer) {
    assertThat(answer.stop()).isEqualTo("tools");
    assertThat(answer.calls())
        .extracting(Sdk.Call::name)
        .containsExactlyInAnyOrder("get_weather", "read_clock");
    for (Sdk.Call call : answer.calls()) {
      if (call.name().equals("get_weather")) {
        assertThat(call.arguments().get("city")).isInstanceOf(String.class);
        assertThat(call.arguments().get("unit")).isIn("celsius", "fahrenheit");
      } else {
        assertThat(call.arguments().get("zone")).isInstanceOf(String.class);
        assertThat(call.arguments().get("seconds")).isInstanceOf(Boolean.class);
      }
    }
    counted(answer);
  }

  private static void counted(Answer answer) {
    assertThat(answer.input()).as("input tokens").isPositive();
    assertThat(answer.output()).as("output tokens").isPositive();
  }

  private static List<Result> results(Answer answer) {
    return answer.calls().stream().map(call -> new Result(call, VALUES.get(call.name()))).toList();
  }

  private static JsonNode json(String text) {
    try {
      return new ObjectMapper().readTree(text);
    } catch (JsonProcessingException notJson) {
      throw new AssertionError("not JSON: " + text, notJson);
    }
  }
}
