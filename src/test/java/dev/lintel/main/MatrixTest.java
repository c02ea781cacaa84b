package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Json;
import dev.lintel.matrix.Ask;
import dev.lintel.matrix.Ask.Media;
import dev.lintel.matrix.ChatClient;
import dev.lintel.matrix.Client;
import dev.lintel.matrix.CohereClient;
import dev.lintel.matrix.ConverseClient;
import dev.lintel.matrix.GeminiClient;
import dev.lintel.matrix.MessagesClient;
import dev.lintel.matrix.ResponsesClient;
import dev.lintel.matrix.Said;
import dev.lintel.matrix.Sent;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

/**
 * Every client's dialect to every provider's, in every case that an application meets: the clients
 * are written from the vendors' documents, the provider is the simulator, and between them is the
 * whole gateway on real sockets.
 */
@Execution(ExecutionMode.CONCURRENT)
class MatrixTest {
  private static final List<Client> CLIENTS =
      List.of(
          new ChatClient(),
          new ResponsesClient(),
          new MessagesClient(),
          new GeminiClient(),
          new CohereClient(),
          new ConverseClient());

  /** The providers' dialects, in the table's order. */
  private static final List<String> PROVIDERS =
      List.of("openai", "responses", "anthropic", "gemini", "cohere", "bedrock");

  private static final Path TABLE = Path.of("docs/compatibility.md");

  private static final Media IMAGE =
      new Media(
          Media.Kind.IMAGE,
          "image/png",
          "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==");
  private static final Media PDF =
      new Media(
          Media.Kind.PDF,
          "application/pdf",
          "JVBERi0xLjQKJcOkw7zDtsOfCjEgMCBvYmoKPDw+PgplbmRvYmoKJSVFT0YK");
  private static final Media TEXT_FILE =
      new Media(
          Media.Kind.TEXT,
          "text/plain",
          Base64.getEncoder()
              .encodeToString("The lintel of the east gate.".getBytes(StandardCharsets.UTF_8)));

  private static final String SCHEMA =
      "{\"type\":\"object\",\"properties\":{\"capital\":{\"type\":\"string\"},\"rivers\":{\"type\":\"integer\"}},"
          + "\"required\":[\"capital\",\"rivers\"],\"additionalProperties\":false}";

  private static final Ask TWO_TOOLS =
      Ask.text("What are the weather and the harbour like?")
          .tools(Ask.Tool.of("get_weather"), Ask.Tool.of("get_harbour"));

  /** Where a tool's result has the id of its call. Gemini goes by names. */
  private static final Map<String, String> RESULT_IDS =
      Map.of(
          "openai", "tool_call_id",
          "responses", "call_id",
          "anthropic", "tool_use_id",
          "cohere", "tool_call_id",
          "bedrock", "toolUseId");

  private static final AtomicLong NUMBER = new AtomicLong();

  /** What has arrived, as {@code client provider case}. */
  private static final Set<String> ARRIVED = ConcurrentHashMap.newKeySet();

  /** A call that was made whole and streamed, with the cost that the whole one showed. */
  private record Paid(String cell, String shown, String whole, String streamed) {}

  private static final Queue<Paid> PAID = new ConcurrentLinkedQueue<>();

  private static TestGateway gateway;

  @TempDir static Path folder;

  /**
   * What a dialect has no word for, and what is done then. No other cell of the table may differ
   * from what its case says.
   */
  private enum Limit {
    DOCUMENTS(
        "yes",
        true,
        "Cohere takes documents as text only: a text file arrives. A PDF is left out and told in `x-lintel-adapted`, or refused where the call is `strict`.") {
      @Override
      boolean holds(Case one, String client, String provider) {
        return one == Case.DOCUMENT && (client.equals("cohere") || provider.equals("cohere"));
      }
    },
    UNASKED("none", false, "A Responses client has no field for stop sequences.") {
      @Override
      boolean holds(Case one, String client, String provider) {
        return one == Case.SEQUENCE && client.equals("responses");
      }
    },
    UNSENT(
        "told",
        true,
        "A Responses provider has no field for stop sequences: left out and told in `x-lintel-adapted`, or refused where the call is `strict`.") {
      @Override
      boolean holds(Case one, String client, String provider) {
        return one == Case.SEQUENCE && !client.equals("responses") && provider.equals("responses");
      }
    },
    ONE_END(
        "yes",
        false,
        "OpenAI and Gemini end with the same word whether a stop sequence was met or not: the text ends before it, the reason is that of any end.") {
      @Override
      boolean holds(Case one, String client, String provider) {
        return one == Case.SEQUENCE
            && !client.equals("responses")
            && (provider.equals("openai") || provider.equals("gemini"));
      }
    },
    UNREFUSED(
        "yes",
        false,
        "Cohere has no word for a refusal: its words arrive as an answer. A Cohere client is told of another provider's in `x-lintel-adapted`.") {
      @Override
      boolean holds(Case one, String client, String provider) {
        return one == Case.REFUSAL && (client.equals("cohere") || provider.equals("cohere"));
      }
    },
    NAMELESS("yes", false, "Gemini gives calls no ids, and its clients need none.") {
      @Override
      boolean holds(Case one, String client, String provider) {
        return one.calls && client.equals("gemini") && provider.equals("gemini");
      }
    };

    private final String verdict;
    private final String words;

    /** Whether the provider is sent something else than its own client would send. */
    private final boolean unlike;

    Limit(String verdict, boolean unlike, String words) {
      this.verdict = verdict;
      this.unlike = unlike;
      this.words = words;
    }

    abstract boolean holds(Case one, String client, String provider);

    static Optional<Limit> of(Case one, String client, String provider) {
      return Arrays.stream(values())
          .filter(limit -> limit.holds(one, client, provider))
          .findFirst();
    }
  }

  /** What an application meets, in the table's order. */
  private enum Case {
    TEXT("text", "") {
      @Override
      void run(Exchange with) {
        Said said = with.say(Ask.text("Tell me about stone gates"));
        assertThat(said.text()).contains("stone gates");
        assertThat(said.stop()).isEqualTo(with.client.stops().end());
        assertThat(said.input()).isPositive();
        assertThat(said.output()).isPositive();
      }
    },
    TOOLS("tools, parallel", "", true) {
      @Override
      void run(Exchange with) {
        with.checkTwo(with.say(TWO_TOOLS));
      }
    },
    INTERLEAVED("tools, interleaved", "+interleave", true) {
      @Override
      void run(Exchange with) {
        with.checkTwo(with.say(TWO_TOOLS));
      }
    },
    BESIDE("text before tools", "+preface", true) {
      @Override
      void run(Exchange with) {
        Said said = with.say(TWO_TOOLS);
        with.checkTwo(said);
        assertThat(said.text()).isEqualTo("I will ask the tools.");
      }
    },
    LOOP("tool results", "", true) {
      @Override
      void run(Exchange with) {
        Said calls = with.say(TWO_TOOLS);
        assertThat(with.say(TWO_TOOLS.after(calls)).text())
            .contains(Ask.RESULT + "; " + Ask.RESULT);
        with.paired();
      }
    },
    BARE("tool without arguments", "") {
      @Override
      void run(Exchange with) {
        Said said = with.say(Ask.text("Please refresh").tools(Ask.Tool.bare("refresh")));
        assertThat(said.calls())
            .singleElement()
            .satisfies(call -> {
              assertThat(call.name()).isEqualTo("refresh");
              assertThat(Json.parse(call.arguments())).isEqualTo(Json.object());
            });
      }
    },
    PICTURE("image", "") {
      @Override
      void run(Exchange with) {
        assertThat(with.say(Ask.text("What is this?").media(IMAGE)).text()).isNotEmpty();
        assertThat(with.asked()).contains(IMAGE.base64());
      }
    },
    DOCUMENT("document", "") {
      @Override
      void run(Exchange with) {
        if (with.limit.isPresent()) {
          assertThat(with.say(Ask.text("Sum this up").media(TEXT_FILE)).text()).isNotEmpty();
          assertThat(with.asked()).containsAnyOf(TEXT_FILE.text(), TEXT_FILE.base64());
        }
        if (!with.client.name().equals("cohere")) {
          Ask paper = Ask.text("Sum this up").media(PDF);
          assertThat(with.say(paper).text()).isNotEmpty();
          if (with.limit.isPresent()) {
            assertThat(with.adapted).contains("drop:");
            with.refused(with.strictly(paper), 400);
          } else {
            assertThat(with.asked()).contains(PDF.base64());
          }
        }
      }
    },
    THINKING("thinking", "") {
      @Override
      void run(Exchange with) {
        Said said = with.say(Ask.text("How deep is the moat?").thinks());
        assertThat(said.thought()).isNotEmpty();
        assertThat(said.text()).contains("moat");
      }
    },
    SIGNATURES("thinking with tools", "", true) {
      @Override
      void run(Exchange with) {
        // Not the question of "tool results": the simulator would give its calls the same ids, and
        // Lintel remembers by the id which thought belongs to a call.
        Ask ask =
            Ask.text("Think about the weather and the harbour")
                .tools(Ask.Tool.of("get_weather"), Ask.Tool.of("get_harbour"))
                .thinks();
        Said calls = with.say(ask);
        with.checkTwo(calls);
        assertThat(calls.thought()).isNotEmpty();
        assertThat(with.say(ask.after(calls)).text()).contains(Ask.RESULT);
        with.paired();
      }
    },
    STRUCTURED("structured output", "") {
      @Override
      void run(Exchange with) {
        JsonNode answer = Json.parse(with.say(Ask.text("About France").schema(SCHEMA)).text());
        assertThat(answer.path("capital").isString()).isTrue();
        assertThat(answer.path("rivers").isIntegralNumber()).isTrue();
      }
    },
    LENGTH("cut at its limit", "") {
      @Override
      void run(Exchange with) {
        Said said = with.say(Ask.text("Tell me a long story").most(16));
        assertThat(said.stop()).isEqualTo(with.client.stops().length());
        assertThat(said.text()).isNotEmpty();
      }
    },
    SEQUENCE("stop sequence", "") {
      @Override
      void run(Exchange with) {
        if (with.limit.equals(Optional.of(Limit.UNASKED))) {
          return;
        }
        Ask ask = Ask.text("Walk on until HALT and no further").stop("HALT");
        Said said = with.say(ask);
        if (with.limit.equals(Optional.of(Limit.UNSENT))) {
          assertThat(with.adapted).contains("drop:");
          assertThat(said.text()).contains("HALT");
          with.refused(with.strictly(ask), 400);
          return;
        }
        assertThat(said.text()).contains("Walk on until").doesNotContain("HALT");
        assertThat(said.stop())
            .isEqualTo(
                with.limit.isPresent()
                    ? with.client.stops().end()
                    : with.client.stops().sequence());
      }
    },
    USAGE("usage", "+input_tokens=100+cache_read_tokens=50+output_tokens=20") {
      @Override
      void run(Exchange with) {
        Said said = with.say(Ask.text("Count"));
        assertThat(said.cached()).isEqualTo(50);
        assertThat(with.client.cachedInside() ? said.input() : said.input() + said.cached())
            .isEqualTo(150);
        assertThat(said.output()).isEqualTo(20);
      }
    },
    REFUSAL("refusal", "+stop=refusal") {
      @Override
      void run(Exchange with) {
        Said said = with.say(Ask.text("Do harm"));
        if (with.limit.isEmpty()) {
          assertThat(said.refusal()).isEqualTo("I cannot help with that.");
          assertThat(said.stop()).isIn(with.client.stops().refusals());
          return;
        }
        assertThat(said.text()).isEqualTo("I cannot help with that.");
        assertThat(said.stop()).isEqualTo(with.client.stops().end());
        if (!with.provider.equals("cohere") && !with.stream) {
          assertThat(with.adapted).contains("change:refusal->COMPLETE");
        }
      }
    },
    UNKNOWN("unknown field", "") {
      @Override
      void run(Exchange with) {
        assertThat(with.say(Ask.text("Hello").withUnknown()).text()).isNotEmpty();
        if (with.client.own().equals(with.provider)) {
          assertThat(with.asked()).contains(Ask.UNKNOWN);
        } else {
          assertThat(with.asked()).doesNotContain(Ask.UNKNOWN);
          assertThat(with.adapted).contains("drop:" + Ask.UNKNOWN);
        }
      }
    },
    ERRORS("errors", "") {
      @Override
      void run(Exchange with) {
        Ask ask = Ask.text("Hello");
        JsonNode wrong =
            with.refused(with.request(ask, with.provider + "-sim/small+tokens=x"), 400);
        assertThat(wrong.path("kind").asString("")).isEqualTo("invalid_request");
        JsonNode missing = with.refused(with.request(ask, with.failing("404")), 404);
        assertThat(missing.path("kind").asString("")).isEqualTo("not_found");
        JsonNode limited = with.refused(with.request(ask, with.failing("429_seconds")), 429);
        assertThat(limited.path("kind").asString("")).isEqualTo("upstream_rate_limited");
        assertThat(limited.path("retryable").asBoolean(false)).isTrue();
      }
    },
    BROKEN("broken reply", "") {
      @Override
      void run(Exchange with) {
        for (String fault : List.of("error_mid_stream", "reset_mid_stream", "no_terminal")) {
          Ask ask = Ask.text("Tell me of gates");
          String model = with.failing(fault);
          if (!with.stream) {
            with.refused(with.request(ask, model), 500, 502, 503, 529);
            continue;
          }
          TestGateway.Arrived cut =
              gateway.arrived(
                  with.client.path(model, true), with.client.body(ask, model, true).toString());
          assertThat(cut.status()).isEqualTo(200);
          assertThat(cut.complete()).as("the connection came to its end").isFalse();
          assertThat(with.client.broken(cut.body()).path("kind").asString(""))
              .startsWith("upstream_");
        }
      }
    };

    private static final List<String> FAULTS =
        List.of("404", "429_seconds", "error_mid_stream", "reset_mid_stream", "no_terminal");

    private final String words;
    private final String options;

    /** Whether two tools are called in it. */
    private final boolean calls;

    Case(String words, String options) {
      this(words, options, false);
    }

    Case(String words, String options, boolean calls) {
      this.words = words;
      this.options = options;
      this.calls = calls;
    }

    abstract void run(Exchange with);
  }

  /** A client before a provider, whole or streamed. */
  private static final class Exchange {
    private final Client client;
    private final String provider;
    private final boolean stream;
    private final Optional<Limit> limit;
    private final String model;

    /** What was said, and with what cost. */
    private final List<Answer> answers = new ArrayList<>();

    private String adapted = "";
    private String id = "";

    private record Answer(Said said, String call, String cost) {}

    Exchange(Client client, String provider, Case one, boolean stream) {
      this.client = client;
      this.provider = provider;
      this.stream = stream;
      limit = Limit.of(one, client.name(), provider);
      model = provider + "-sim/small" + one.options;
    }

    Said say(Ask ask) {
      HttpResponse<byte[]> reply = gateway.bytes(request(ask, model));
      assertThat(reply.statusCode())
          .as(new String(reply.body(), StandardCharsets.UTF_8))
          .isEqualTo(200);
      adapted = header(reply, "x-lintel-adapted");
      if (ask.before().isEmpty() && !limit.map(kept -> kept.unlike).orElse(false)) {
        Client own = CLIENTS.stream().filter(of -> of.own().equals(provider)).findAny().get();
        assertThat(Sent.missing(own, ask, stream, Json.parse(asked()))).isEmpty();
      }
      Said said = stream ? client.streamed(reply.body()) : client.whole(reply.body());
      answers.add(
          new Answer(
              said, header(reply, "x-lintel-request-id"), header(reply, "x-lintel-cost-usd")));
      return said;
    }

    private static String header(HttpResponse<byte[]> reply, String name) {
      return reply.headers().firstValue(name).orElse("");
    }

    HttpRequest request(Ask ask, String asked) {
      return building(ask, asked).build();
    }

    HttpRequest strictly(Ask ask) {
      return building(ask, model).header("x-lintel-strict", "true").build();
    }

    private HttpRequest.Builder building(Ask ask, String asked) {
      id = "matrix-" + NUMBER.incrementAndGet();
      return gateway
          .request(client.path(asked, stream))
          .header("x-request-id", id)
          .POST(BodyPublishers.ofString(client.body(ask, asked, stream).toString()));
    }

    /** A model of a provider that always fails like that. */
    String failing(String fault) {
      return provider + "-" + fault;
    }

    JsonNode refused(HttpRequest request, Integer... statuses) {
      HttpResponse<byte[]> reply = gateway.bytes(request);
      assertThat(reply.statusCode())
          .as(new String(reply.body(), StandardCharsets.UTF_8))
          .isIn(List.of(statuses));
      assertThat(header(reply, "content-type")).startsWith("application/json");
      JsonNode lintel = client.refused(reply.statusCode(), reply.headers(), reply.body());
      assertThat(lintel.path("request_id").asString(""))
          .isEqualTo(header(reply, "x-lintel-request-id"));
      return lintel;
    }

    /** What the provider was sent last. */
    String asked() {
      for (JsonNode visit : gateway.visits(provider + "-sim")) {
        if (visit.path("headers").path("x-request-id").asString("").equals(id)) {
          return visit.path("body").toString();
        }
      }
      throw new AssertionError("the provider was not asked");
    }

    /** Each of two results was sent with the id of its call. */
    void paired() {
      String field = RESULT_IDS.get(provider);
      if (field != null) {
        String sent = asked();
        List<String> ids = Json.parse(sent).findValuesAsString(field).stream().distinct().toList();
        assertThat(ids).hasSize(2);
        for (String id : ids) {
          assertThat(sent.split(Pattern.quote('"' + id + '"'), -1)).as(sent).hasSize(3);
        }
      }
    }

    void checkTwo(Said said) {
      assertThat(said.calls())
          .extracting(Said.Call::name)
          .containsExactly("get_weather", "get_harbour");
      for (Said.Call call : said.calls()) {
        assertThat(Json.parse(call.arguments()).path("city").isString()).isTrue();
      }
      List<String> ids =
          said.calls().stream().map(Said.Call::id).filter(id -> !id.isEmpty()).distinct().toList();
      assertThat(ids).hasSize(limit.isPresent() ? 0 : 2);
      assertThat(said.stop()).isEqualTo(client.stops().tools());
    }

    /** The same prompt gets the same answer of the simulator, so both forms must say the same. */
    void same(Exchange streamed, String cell) {
      assertThat(streamed.answers).hasSameSizeAs(answers);
      for (int i = 0; i < answers.size(); i++) {
        Answer one = answers.get(i);
        Answer other = streamed.answers.get(i);
        assertThat(plain(other.said)).isEqualTo(plain(one.said));
        PAID.add(new Paid(cell, one.cost, one.call, other.call));
      }
    }

    /** Without what may differ: ids, and white space in JSON. */
    private static List<Object> plain(Said said) {
      return List.of(
          said.text(),
          said.thought(),
          said.refusal(),
          said.calls().stream().map(call -> call.name() + Json.parse(call.arguments())).toList(),
          said.stop(),
          said.input(),
          said.cached(),
          said.output());
    }
  }

  @BeforeAll
  static void start() throws IOException {
    var models = new StringBuilder("models:\n");
    var providers = new StringBuilder("providers:\n");
    var lines = new ArrayList<String>(List.of("{\"catalogue\":\"matrix\"}"));
    for (String name : PROVIDERS) {
      providers.append("  %s-sim: { kind: sim, dialect: %s }\n".formatted(name, name));
      for (Case one : Case.values()) {
        lines.add(line(name, name + "-sim", "small" + one.options));
      }
      lines.add(line(name, name + "-sim", "small+tokens=x"));
      for (String fault : Case.FAULTS) {
        String failing = name + "-" + fault;
        providers.append(
            "  %s: { kind: sim, dialect: %s, fault: %s }\n".formatted(failing, name, fault));
        models.append(
            "  %s: { targets: [ %s/x ], retry: { attempts: 1 } }\n".formatted(failing, failing));
        lines.add(line(name, failing, "x"));
      }
    }
    Path catalogue = folder.resolve("models.jsonl");
    Files.write(catalogue, lines.stream().distinct().toList());
    gateway = TestGateway.of("catalogue: '%s'\n".formatted(catalogue) + providers + models);
  }

  /**
   * OpenAI has both of its dialects and Bedrock has Claude's own beside its own, and a caller's
   * would be preferred: here each model is served in one, and paid.
   */
  private static String line(String dialect, String family, String model) {
    var line = Json.object().put("family", family).put("model", model).put("kind", "chat");
    line.putArray("dialects").add(dialect);
    line.putObject("price").put("input", "1.25").put("output", "10").put("cache_read", "0.125");
    return line.toString();
  }

  static List<Arguments> every() {
    var all = new ArrayList<Arguments>();
    for (Client client : CLIENTS) {
      for (String provider : PROVIDERS) {
        for (Case one : Case.values()) {
          all.add(Arguments.of(client.name(), provider, one.name().toLowerCase(Locale.ROOT)));
        }
      }
    }
    return all;
  }

  @ParameterizedTest(name = "{0} to {1}: {2}")
  @MethodSource("every")
  void arrives_whole_and_streamed(String name, String provider, String word) {
    Case one = Case.valueOf(word.toUpperCase(Locale.ROOT));
    Client client = CLIENTS.stream().filter(known -> known.name().equals(name)).findAny().get();
    var whole = new Exchange(client, provider, one, false);
    var streamed = new Exchange(client, provider, one, true);
    one.run(whole);
    one.run(streamed);
    whole.same(streamed, key(name, provider, one));
    ARRIVED.add(key(name, provider, one));
  }

  /** What only the closed log tells, and the table. */
  @AfterAll
  static void stop() throws IOException {
    gateway.close();
    var costs = new HashMap<String, String>();
    gateway
        .log()
        .lines()
        .map(Json::parse)
        .forEach(line ->
            costs.put(line.path("request_id").asString(), line.path("cost_usd").asString("none")));
    for (Paid paid : PAID) {
      assertThat(List.of(costs.get(paid.whole), costs.get(paid.streamed)))
          .as(paid.cell + ": cost whole and streamed")
          .containsExactly(paid.shown, paid.shown)
          .doesNotContain("");
    }
    if (ARRIVED.size() < every().size()) {
      return;
    }
    if (System.getProperty("lintel.docs", "").equals("write")) {
      Files.writeString(TABLE, table());
    }
    assertThat(Files.readString(TABLE)).isEqualTo(table());
  }

  private static String key(String client, String provider, Case one) {
    return client + " " + provider + " " + one;
  }

  private static String table() {
    var out = new StringBuilder(HEAD);
    out.append("| client | provider |");
    for (Case one : Case.values()) {
      out.append(' ').append(one.words).append(" |");
    }
    out.append("\n| --- | --- |").append(" :-: |".repeat(Case.values().length)).append('\n');
    for (Client client : CLIENTS) {
      for (String provider : PROVIDERS) {
        out.append("| ").append(client.name()).append(" | ").append(provider).append(" |");
        for (Case one : Case.values()) {
          out.append(' ')
              .append(
                  Limit.of(one, client.name(), provider)
                      .map(limit -> limit.verdict + " <sup>" + (limit.ordinal() + 1) + "</sup>")
                      .orElse("yes"))
              .append(" |");
        }
        out.append('\n');
      }
    }
    out.append('\n');
    for (Limit limit : Limit.values()) {
      out.append(limit.ordinal() + 1).append(". ").append(limit.words).append('\n');
    }
    return out.toString();
  }

  private static final String HEAD =
      """
      # Compatibility

      Every client's dialect to every provider's: each case is run whole and streamed, through the whole gateway on real sockets, by clients that are written from the vendors'
      documents (`src/test/java/dev/lintel/matrix`), against the [simulated provider](sim.md). "yes" means that what the client got, and what the provider was sent, was right both times:
      the same text, thoughts, calls, reason to stop and usage, at the same cost; in a stream every event where its vendor has it, ids unique, indexes without a gap, one terminal marker;
      in the request every value that the provider's own client would have sent.

      | case | right is |
      | --- | --- |
      | tool results, thinking with tools | the reply goes back as the vendor's SDK sends it, ids and signatures included; the simulator refuses a wrong or missing signature |
      | image, document | the provider gets the same bytes |
      | usage | input, what the provider's cache had of it, and output, each as the client's dialect counts |
      | unknown field | the client's own provider gets it; for another it is named in [`x-lintel-adapted`](dialects.md#dropped-changed-renamed) |
      | errors | a provider's 400, 404 and 429 have that status, in the client's envelope and words, with the `lintel` object |
      | broken reply | an error event, a broken connection or a missing end of the provider's: whole, an error; streamed, the dialect's error event, no terminal marker, a connection broken off |

      This file is written by

      ```
      mvn test -Dtest=MatrixTest -Dlintel.docs=write
      ```

      and the test suite fails where it is out of date.

      """;
}
