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
import dev.lintel.matrix.Talk;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * One conversation with many vendors: each gets back what it signed, under the ids it issued, and
 * nothing that another one signed.
 */
class SignatureScenario {
  private static final List<Client> CLIENTS =
      List.of(
          new ChatClient(),
          new ResponsesClient(),
          new MessagesClient(),
          new GeminiClient(),
          new CohereClient(),
          new ConverseClient());

  private static final List<String> PROVIDERS =
      List.of("anthropic", "gemini", "openai", "responses", "bedrock", "cohere");

  private static final Ask TERMS =
      Ask.text("").tools(Ask.Tool.of("get_weather"), Ask.Tool.of("get_harbour")).thinks();

  private static final String WAIVER = "skip_thought_signature_validator";

  private static TestGateway one;

  /** Another node: it has seen nothing of what the first one has. */
  private static TestGateway other;

  @BeforeAll
  static void start() {
    one = gateway();
    other = gateway();
  }

  private static TestGateway gateway() {
    return TestGateway.of(
        PROVIDERS.stream()
            .map(name -> "  " + name + "-sim: { kind: sim, dialect: " + name + " }\n")
            .collect(Collectors.joining("", "providers:\n", "")));
  }

  @AfterAll
  static void stop() {
    one.close();
    other.close();
  }

  static List<Arguments> clients() {
    var all = new ArrayList<Arguments>();
    for (Client client : CLIENTS) {
      for (boolean stream : new boolean[] {false, true}) {
        all.add(Arguments.of(client.name(), stream));
      }
    }
    return all;
  }

  /** What vendors made in one conversation, and what they must be sent of it. */
  private static final class Conversation {
    private final Client client;
    private final boolean stream;
    private final String options;
    private final Talk talk;
    private final Map<String, Set<String>> signed = new HashMap<>();
    private final Set<String> spare = new HashSet<>();
    private final Set<String> ids = new HashSet<>();
    private boolean cut;
    private String adapted = "";
    private JsonNode sent = Json.object();

    /** What the vendor that was asked last had signed and was not sent. */
    private Set<String> lost = Set.of();

    Conversation(String client, boolean stream, String options) {
      this.client = CLIENTS.stream().filter(c -> c.name().equals(client)).findAny().get();
      this.stream = stream;
      this.options = options;
      this.talk = new Talk(this.client);
    }

    Said say(TestGateway gateway, String provider) {
      String model = provider + "-sim/small" + options;
      String id = "signed-" + System.nanoTime();
      HttpResponse<byte[]> reply =
          gateway.bytes(
              gateway
                  .request(client.path(model, stream))
                  .header("x-request-id", id)
                  .POST(BodyPublishers.ofString(talk.body(TERMS, model, stream).toString()))
                  .build());
      assertThat(reply.statusCode())
          .as(provider + ": " + new String(reply.body(), StandardCharsets.UTF_8))
          .isEqualTo(200);
      adapted = reply.headers().firstValue("x-lintel-adapted").orElse("");
      Said said = stream ? client.streamed(reply.body()) : client.whole(reply.body());
      JsonNode visit =
          gateway.visits(provider + "-sim").stream()
              .filter(v -> v.path("headers").path("x-request-id").asString("").equals(id))
              .findFirst()
              .get();
      sent = visit.path("body");
      checkSent(provider);
      lost = new TreeSet<>(own(provider));
      lost.removeAll(signatures());
      // Cohere's dialect has no place for a signature but the id of a call, and none needs more.
      issued(gateway, provider, visit, !said.calls().isEmpty() || !client.name().equals("cohere"));
      talk.add(said);
      return said;
    }

    /** A sealed thought is good at the one provider, a signature of Claude's on every platform. */
    private static String family(String provider) {
      return provider.equals("bedrock") ? "anthropic" : provider;
    }

    private Set<String> own(String provider) {
      return signed.computeIfAbsent(family(provider), name -> new HashSet<>());
    }

    Set<String> signatures() {
      var found = new HashSet<String>();
      signatures(sent, found);
      found.remove(WAIVER);
      return found;
    }

    private void checkSent(String provider) {
      assertThat(sent.isObject()).as("the body is kept").isTrue();
      assertThat(sent.toString()).doesNotContain("lintel").doesNotContain("bGludGVs");
      assertThat(signatures()).as("only its own: " + provider).isSubsetOf(own(provider));
      var named = new HashSet<String>();
      for (String field : List.of("messages", "contents", "input")) {
        ids(sent.path(field), named);
      }
      named.removeIf(id -> id.startsWith("call_gemini_") && !provider.equals("gemini"));
      if (cut) {
        return;
      }
      assertThat(named).as("ids as they were issued").isSubsetOf(ids);
    }

    boolean reported() {
      return adapted.contains("drop:thinking") || adapted.contains("mend:thought_signature");
    }

    /** Leaves the last reply's thoughts out, and whatever stands for one. */
    void forgetThoughts() {
      for (JsonNode message : talk.history()) {
        for (String field : List.of("content", "parts")) {
          if (message.path(field) instanceof ArrayNode parts) {
            parts.removeIf(Conversation::isThought);
          }
        }
        if (message instanceof ObjectNode object) {
          object.remove(List.of("thinking_blocks", "reasoning_content"));
        }
      }
      talk.history().removeIf(Conversation::isThought);
    }

    private static boolean isThought(JsonNode node) {
      return node.path("type").asString("").contains("thinking")
          || node.path("type").asString("").equals("reasoning")
          || node.has("reasoningContent")
          || node.path("thought").asBoolean(false);
    }

    /** What comes back of the history is what the client makes of it. */
    private void rewrite(UnaryOperator<String> careless) {
      ArrayNode history = talk.history();
      JsonNode changed = Json.parse(careless.apply(history.toString()));
      history.removeAll();
      changed.forEach(history::add);
    }

    private void issued(TestGateway gateway, String provider, JsonNode visit, boolean needed) {
      ObjectNode body = ((ObjectNode) visit.path("body")).deepCopy();
      String path =
          visit
              .path("path")
              .asString()
              .replace(":streamGenerateContent", ":generateContent")
              .replace("/converse-stream", "/converse");
      body.remove("stream");
      body.remove("stream_options");
      URI base = gateway.lintel().providers().get(provider + "-sim").url();
      JsonNode made =
          Json.parse(
              gateway
                  .send(
                      HttpRequest.newBuilder(base.resolve(path))
                          .header("content-type", "application/json")
                          .POST(BodyPublishers.ofString(body.toString()))
                          .build())
                  .body());
      if (needed) {
        signatures(made, own(provider));
      } else {
        signatures(made, spare);
      }
      ids(made, ids);
    }

    private static void signatures(JsonNode node, Set<String> found) {
      for (String field :
          List.of(
              "signature", "thoughtSignature", "encrypted_content", "data", "redactedContent")) {
        if (node.path(field).isString() && !node.path(field).asString().isEmpty()) {
          found.add(label(node.get(field).asString()));
        }
      }
      node.forEach(inner -> signatures(inner, found));
    }

    /** Short enough to be read in a report. */
    private static String label(String signature) {
      return signature.length() < 100
          ? signature
          : signature.substring(0, 16) + "…" + signature.length() + "…" + signature.hashCode();
    }

    private static void ids(JsonNode node, Set<String> found) {
      // An item of Responses' has an id of its own beside that of its call.
      List<String> fields =
          node.has("call_id")
              ? List.of("call_id")
              : List.of("id", "tool_call_id", "toolUseId", "tool_use_id");
      for (String field : fields) {
        boolean item = List.of("message", "reasoning").contains(node.path("type").asString(""));
        if (node.path(field).isString() && !item) {
          found.add(node.get(field).asString());
        }
      }
      node.forEach(inner -> ids(inner, found));
    }
  }

  private static String question(int turn) {
    return "What are the weather and the harbour like in turn " + turn + "?";
  }

  @ParameterizedTest(name = "{0}, streamed: {1}")
  @MethodSource("clients")
  void ten_turns_with_another_vendor_each_keep_every_signature(String client, boolean stream) {
    var talk = new Conversation(client, stream, "");
    for (int turn = 0; turn < 10; turn++) {
      String provider = PROVIDERS.get(turn % PROVIDERS.size());
      talk.talk.ask(question(turn));
      assertThat(talk.say(one, provider).calls()).as(provider).hasSize(2);
      assertThat(talk.lost).as(provider + " had signed").isEmpty();
      assertThat(talk.say(one, provider).text()).contains(Ask.RESULT);
      assertThat(talk.lost).as(provider + " had signed").isEmpty();
      assertThat(talk.adapted).doesNotContain("signature").doesNotContain("drop:thinking");
    }
  }

  @ParameterizedTest(name = "{0}, streamed: {1}")
  @MethodSource("clients")
  void the_vendor_may_change_between_a_call_and_its_result(String client, boolean stream) {
    var talk = new Conversation(client, stream, "");
    for (int turn = 0; turn < 10; turn++) {
      String caller = PROVIDERS.get(turn % PROVIDERS.size());
      String answerer = PROVIDERS.get((turn + 1 + turn / 6) % PROVIDERS.size());
      talk.talk.ask(question(turn));
      assertThat(talk.say(one, caller).calls()).as(caller).hasSize(2);
      assertThat(talk.lost).as(caller + " had signed").isEmpty();
      assertThat(talk.say(one, answerer).text()).contains(Ask.RESULT);
      assertThat(talk.lost).as(answerer + " had signed").isEmpty();
    }
  }

  @ParameterizedTest(name = "{0}, streamed: {1}")
  @MethodSource("clients")
  void another_node_finds_in_the_conversation_what_it_never_saw(String client, boolean stream) {
    var talk = new Conversation(client, stream, "");
    for (int turn = 0; turn < 10; turn++) {
      String provider = PROVIDERS.get(turn % PROVIDERS.size());
      if (client.equals("responses") && provider.equals("openai")) {
        continue;
      }
      talk.talk.ask(question(turn));
      assertThat(talk.say(turn % 2 == 0 ? one : other, provider).calls()).as(provider).hasSize(2);
      assertThat(talk.say(turn % 2 == 0 ? other : one, provider).text()).contains(Ask.RESULT);
      if (!talk.adapted.contains("signature")) {
        assertThat(talk.lost).as(provider + " had signed").isEmpty();
      }
    }
  }

  static List<Arguments> lengths() {
    var all = new ArrayList<Arguments>();
    for (Client client : CLIENTS) {
      for (int length : new int[] {600, 2000, 20_000}) {
        all.add(Arguments.of(client.name(), length));
      }
    }
    return all;
  }

  /** Each vendor that signs has a turn, and then another one. */
  private static void aTurnEach(Conversation talk, List<String> providers) {
    for (int turn = 0; turn < providers.size(); turn++) {
      String provider = providers.get(turn);
      talk.talk.ask(question(turn));
      assertThat(talk.say(one, provider).calls()).as(provider).hasSize(2);
      assertThat(talk.lost).as(provider + " had signed").isEmpty();
      assertThat(talk.say(one, provider).text()).contains(Ask.RESULT);
      assertThat(talk.lost).as(provider + " had signed").isEmpty();
      assertThat(talk.adapted).doesNotContain("signature").doesNotContain("drop:thinking");
    }
  }

  @ParameterizedTest(name = "{0}, {1} characters")
  @MethodSource("lengths")
  void a_signature_of_any_length_comes_back(String client, int length) {
    List<String> two =
        length > 2000
            ? List.of("gemini")
            : List.of("gemini", "anthropic", "bedrock", "gemini", "anthropic");
    aTurnEach(new Conversation(client, true, "+signature=" + length), two);
    aTurnEach(new Conversation(client, false, "+signature=" + length), two);
    if (length > 2000) {
      aTurnEach(new Conversation(client, true, "+signature=" + length), List.of("bedrock"));
      aTurnEach(new Conversation(client, false, "+signature=" + length), List.of("anthropic"));
    }
  }

  /**
   * Where it is carried the other node finds it; else the vendor's rule applies and is reported.
   */
  @ParameterizedTest(name = "{0}, {1} characters")
  @MethodSource("lengths")
  void what_another_node_cannot_find_is_reported_and_never_refused(String client, int length) {
    boolean ids = client.equals("cohere") && length > 2000;
    for (boolean stream : new boolean[] {false, true}) {
      for (String provider : List.of("gemini", "anthropic", "bedrock")) {
        var talk = new Conversation(client, stream, "+signature=" + length);
        talk.talk.ask(question(0));
        assertThat(talk.say(one, provider).calls()).hasSize(2);
        assertThat(talk.say(other, provider).text()).contains(Ask.RESULT);
        if (ids) {
          assertThat(talk.lost).isNotEmpty();
          assertThat(talk.adapted)
              .contains(provider.equals("gemini") ? "mend:thought_signature" : "drop:thinking");
        } else {
          assertThat(talk.lost).as(provider + " had signed").isEmpty();
          assertThat(talk.adapted).doesNotContain("signature").doesNotContain("drop:thinking");
        }
      }
    }
  }

  @ParameterizedTest(name = "{0}, streamed: {1}")
  @MethodSource("clients")
  void sealed_thoughts_and_interleaved_calls_come_back(String client, boolean stream) {
    aTurnEach(
        new Conversation(client, stream, "+sealed+interleave+preface"),
        List.of("anthropic", "gemini", "anthropic", "responses", "gemini"));
    aTurnEach(
        new Conversation(client, stream, "+sealed+preface"),
        List.of("bedrock", "gemini", "bedrock"));
  }

  /** Ids are all that such a client keeps of a call, and it drops every thought. */
  @ParameterizedTest(name = "{0}, streamed: {1}")
  @MethodSource("clients")
  void a_client_that_keeps_calls_alone_is_served_by_ids_and_memory(String client, boolean stream) {
    for (String provider : List.of("gemini", "anthropic", "bedrock", "responses")) {
      boolean own = talks(client, provider);
      for (TestGateway second : List.of(one, other)) {
        var talk = new Conversation(client, stream, "");
        talk.talk.ask(question(0));
        talk.say(one, provider);
        talk.forgetThoughts();
        // With its own vendor such a client fares as it would without the gateway.
        if (!own) {
          assertThat(talk.say(second, provider).text()).contains(Ask.RESULT);
          // OpenAI does without its thought; nothing of the conversation is missing.
          assertThat(talk.lost.isEmpty() || provider.equals("responses") || talk.reported())
              .as(provider + " lost " + talk.lost + " and says " + talk.adapted)
              .isTrue();
        }
      }
    }
  }

  @ParameterizedTest(name = "{0}, streamed: {1}")
  @MethodSource("clients")
  void ids_that_a_client_cut_still_tie_results_to_calls(String client, boolean stream) {
    for (String provider : List.of("gemini", "anthropic", "bedrock", "responses")) {
      if (talks(client, provider)) {
        continue;
      }
      var talk = new Conversation(client, stream, "");
      talk.talk.ask(question(0));
      talk.say(one, provider);
      talk.forgetThoughts();
      talk.rewrite(
          json -> json.replaceAll("\"lintel_([A-Za-z0-9_-]{20})[A-Za-z0-9_-]*\"", "\"cut_$1\""));
      talk.cut = true;
      assertThat(talk.say(other, provider).text()).contains(Ask.RESULT);
      assertThat(talk.lost.isEmpty() || provider.equals("responses") || talk.reported())
          .as(provider + " lost " + talk.lost + " and says " + talk.adapted)
          .isTrue();
    }
  }

  /** Whether the provider is asked in the client's own dialect, as Claude is at Bedrock, too. */
  private static boolean talks(String client, String provider) {
    return client.equals(provider)
        || (client.equals("messages") && List.of("anthropic", "bedrock").contains(provider));
  }
}
