package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Json;
import dev.lintel.matrix.Ask;
import dev.lintel.matrix.ChatClient;
import dev.lintel.matrix.Client;
import dev.lintel.matrix.CohereClient;
import dev.lintel.matrix.ConverseClient;
import dev.lintel.matrix.GeminiClient;
import dev.lintel.matrix.MessagesClient;
import dev.lintel.matrix.ResponsesClient;
import dev.lintel.matrix.Said;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

/**
 * Every client's dialect to every provider's, in every case that an application meets: the clients
 * are written from the vendors' documents, the provider is the simulator, and between them is the
 * whole gateway on real sockets.
 */
class MatrixTest {
  private static final String IMAGE =
      "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
  private static final String PDF = "JVBERi0xLjQKJcOkw7zDtsOfCjEgMCBvYmoKPDw+PgplbmRvYmoKJSVFT0YK";
  private static final String SCHEMA =
      "{\"type\":\"object\",\"properties\":{\"capital\":{\"type\":\"string\"},\"rivers\":{\"type\":\"integer\"}},"
          + "\"required\":[\"capital\",\"rivers\"],\"additionalProperties\":false}";

  private static final List<Client> CLIENTS =
      Stream.<Client>of(
              new ChatClient(),
              new ResponsesClient(),
              new MessagesClient(),
              new GeminiClient(),
              new CohereClient(),
              new ConverseClient())
          .filter(c -> Builtins.KINDS.containsKey(c.own()))
          .toList();

  /** The providers' dialects, in the table's order. */
  private static final List<String> PROVIDERS =
      Stream.of("openai", "responses", "anthropic", "gemini", "cohere", "bedrock")
          .filter(p -> Builtins.KINDS.containsKey(p))
          .toList();

  private static final Path TABLE = Path.of("docs/compatibility.md");

  /** What has arrived, as {@code client provider case}. */
  private static final Set<String> ARRIVED = ConcurrentHashMap.newKeySet();

  private static TestGateway gateway;

  @BeforeAll
  static void start() {
    gateway =
        TestGateway.of(
            PROVIDERS.stream()
                .map(name -> "  " + name + "-sim: { kind: sim, dialect: " + name + " }\n")
                .collect(Collectors.joining("", "providers:\n", "")));
  }

  @AfterAll
  static void stop() throws IOException {
    gateway.close();
    if (ARRIVED.size() < every().size()) {
      return;
    }
    if (System.getProperty("lintel.docs", "").equals("write")) {
      Files.writeString(TABLE, table());
    }
    assertThat(Files.readString(TABLE)).isEqualTo(table());
  }

  /** What an application meets, in the table's order. */
  enum Case {
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
    TOOLS("tools, parallel", "") {
      @Override
      void run(Exchange with) {
        checkTwo(with, with.say(TWO_TOOLS));
      }
    },
    INTERLEAVED("tools, interleaved", "+interleave") {
      @Override
      void run(Exchange with) {
        checkTwo(with, with.say(TWO_TOOLS));
      }
    },
    LOOP("tool results", "") {
      @Override
      void run(Exchange with) {
        Said calls = with.say(TWO_TOOLS);
        assertThat(with.say(TWO_TOOLS.after(calls)).text()).contains(Ask.RESULT);
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
    IMAGE_INPUT("image", "") {
      @Override
      void run(Exchange with) {
        var image = new Ask.Media(true, "image/png", IMAGE);
        assertThat(with.say(Ask.text("What is this?").media(image)).text()).isNotEmpty();
        assertThat(with.asked()).contains(IMAGE);
      }
    },
    DOCUMENT("document", "") {
      @Override
      void run(Exchange with) {
        var paper = new Ask.Media(false, "application/pdf", PDF);
        assertThat(with.say(Ask.text("Sum this up").media(paper)).text()).isNotEmpty();
        assertThat(with.asked()).contains(PDF);
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
    SIGNATURES("thinking with tools", "") {
      @Override
      void run(Exchange with) {
        Said calls = with.say(TWO_TOOLS.thinks());
        checkTwo(with, calls);
        assertThat(with.say(TWO_TOOLS.thinks().after(calls)).text()).contains(Ask.RESULT);
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
    USAGE("usage", "+input_tokens=100+cache_read_tokens=50+output_tokens=20") {
      @Override
      void run(Exchange with) {
        Said said = with.say(Ask.text("Count"));
        boolean cached = with.provider.equals("cohere") ? said.cached() == 0 : said.cached() == 50;
        assertThat(cached || with.client.name().equals("cohere")).as("cached tokens").isTrue();
        long all = with.client.cachedInside() ? said.input() : said.input() + said.cached();
        assertThat(all).isEqualTo(150);
        assertThat(said.output()).isEqualTo(20);
      }
    },
    REFUSAL("refusal", "+stop=refusal") {
      @Override
      void run(Exchange with) {
        Said said = with.say(Ask.text("Do harm"));
        assertThat(said.refusal()).isNotEmpty();
        assertThat(said.stop()).isEqualTo(with.client.stops().refusal());
      }
    },
    UNKNOWN("unknown field", "") {
      @Override
      void run(Exchange with) {
        assertThat(with.say(Ask.text("Hello").withUnknown()).text()).isNotEmpty();
        if (with.client.own().equals(with.provider)) {
          assertThat(with.asked()).contains(Ask.UNKNOWN);
        } else {
          assertThat(with.adapted).contains(Ask.UNKNOWN);
        }
      }
    };

    private static final Ask TWO_TOOLS =
        Ask.text("What are the weather and the harbour like?")
            .tools(Ask.Tool.of("get_weather"), Ask.Tool.of("get_harbour"));

    private final String words;
    private final String options;

    Case(String words, String options) {
      this.words = words;
      this.options = options;
    }

    abstract void run(Exchange with);

    private static void checkTwo(Exchange with, Said said) {
      assertThat(said.calls())
          .extracting(Said.Call::name)
          .containsExactly("get_weather", "get_harbour");
      for (Said.Call call : said.calls()) {
        assertThat(Json.parse(call.arguments()).path("city").isString()).isTrue();
      }
      if (!(with.provider.equals("gemini") && with.client.own().equals("gemini"))) {
        // Gemini gives its calls no ids, and its own clients expect none.
        assertThat(said.calls().stream().map(Said.Call::id).distinct()).hasSize(2);
      }
      assertThat(said.stop()).isEqualTo(with.client.stops().tools());
    }
  }

  /** A client before a provider, whole or streamed. */
  private static final class Exchange {
    private final Client client;
    private final String provider;
    private final String model;
    private final boolean stream;
    private String adapted = "";
    private String id = "";

    Exchange(Client client, String provider, Case one, boolean stream) {
      this.client = client;
      this.provider = provider;
      this.model = provider + "-sim/small" + one.options;
      this.stream = stream;
    }

    Said say(Ask ask) {
      id = "matrix-" + System.nanoTime();
      HttpResponse<byte[]> reply =
          gateway.bytes(
              gateway
                  .request(client.path(model, stream))
                  .header("x-request-id", id)
                  .POST(BodyPublishers.ofString(client.body(ask, model, stream).toString()))
                  .build());
      assertThat(reply.statusCode())
          .as(new String(reply.body(), StandardCharsets.UTF_8))
          .isEqualTo(200);
      adapted = reply.headers().firstValue("x-lintel-adapted").orElse("");
      return stream ? client.streamed(reply.body()) : client.whole(reply.body());
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
  }

  static List<Arguments> every() {
    var all = new ArrayList<Arguments>();
    for (Client client : CLIENTS) {
      for (String provider : PROVIDERS) {
        for (Case one : Case.values()) {
          all.add(Arguments.of(client.name(), provider, one));
        }
      }
    }
    return all;
  }

  @ParameterizedTest(name = "{0} to {1}: {2}")
  @MethodSource("every")
  void arrives_whole_and_streamed(String name, String provider, Case one) {
    Client client = CLIENTS.stream().filter(known -> known.name().equals(name)).findAny().get();
    one.run(new Exchange(client, provider, one, false));
    one.run(new Exchange(client, provider, one, true));
    ARRIVED.add(key(name, provider, one));
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
          boolean arrived = ARRIVED.contains(key(client.name(), provider, one));
          out.append(arrived ? " yes |" : " **no** |");
        }
        out.append('\n');
      }
    }
    return out.toString();
  }

  private static final String HEAD =
      """
      # Compatibility

      Every client's dialect to every provider's: each case is run whole and streamed, through the whole gateway on real sockets, by clients that are written from the vendors'
      documents (`src/test/java/dev/lintel/matrix`), against the [simulated provider](sim.md). "yes" means that what the client got, and what the provider was sent, was right both times.
      This file is written by

      ```
      mvn test -Dtest=MatrixTest -Dlintel.docs=write
      ```

      and the test suite fails where it is out of date.

      """;
}
