package dev.lintel.dialect;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicContainer.dynamicContainer;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.lintel.Adaptation;
import dev.lintel.AwsEvent;
import dev.lintel.Body;
import dev.lintel.Bytes;
import dev.lintel.Chat;
import dev.lintel.Chunk;
import dev.lintel.Credential;
import dev.lintel.Dialect;
import dev.lintel.Facts;
import dev.lintel.Failure;
import dev.lintel.Frame;
import dev.lintel.Headers;
import dev.lintel.Inbound;
import dev.lintel.Json;
import dev.lintel.Outbound;
import dev.lintel.Price;
import dev.lintel.Profile;
import dev.lintel.Provider;
import dev.lintel.ReplyReader;
import dev.lintel.ReplyWriter;
import dev.lintel.Target;
import dev.lintel.Trail;
import dev.lintel.Traits;
import dev.lintel.upstream.EventStream;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.TestFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Each folder {@code golden/CLIENT/PROVIDER/CASE} is one call:
 *
 * <ul>
 *   <li>{@code call.json} (optional): {@code path}, {@code query}, {@code headers} of the client's
 *       request; {@code model}, the target's; {@code strict}; {@code rewrite}: go through the
 *       common model where both sides speak the same dialect; {@code drop}, {@code rename}, {@code
 *       prefer} (a rename of what is not refused), {@code stream_usage}: the provider's quirks;
 *       {@code traits}: what is known of the model ({@code can}, {@code cannot}, {@code context},
 *       {@code max_output}), else nothing; {@code status}: of the provider's reply; {@code
 *       upstream_path}, {@code upstream_headers}, {@code adapted}, {@code client_status}: what is
 *       expected
 *   <li>{@code request.json}, what the client sends; {@code upstream.json}, what the provider must
 *       get
 *   <li>{@code reply.json} or {@code reply.sse}, what the provider answers; {@code client.json} or
 *       {@code client.sse}, what the client must get. The string {@code "*"} there stands for any
 *       value. Bedrock's binary streams are {@code reply.events} and {@code client.events}: a line
 *       an event, its name and its JSON
 * </ul>
 */
class GoldenTest {
  private static final Path ROOT = Path.of("src/test/resources/golden");

  private static final Map<String, String> DIALECTS =
      Map.of(
          "openai",
          "OpenAiChat",
          "anthropic",
          "AnthropicMessages",
          "gemini",
          "Gemini",
          "bedrock",
          "BedrockConverse",
          "cohere",
          "CohereChat",
          "mistral",
          "MistralChat",
          "responses",
          "Responses");

  @TestFactory
  Stream<DynamicNode> golden() throws IOException {
    return folders(ROOT)
        .flatMap(client ->
            folders(client)
                .map(provider ->
                    dynamicContainer(
                        client.getFileName() + " to " + provider.getFileName(),
                        folders(provider)
                            .map(folder ->
                                dynamicTest(folder.getFileName().toString(), () -> run(folder))))));
  }

  private static void run(Path folder) throws Exception {
    Dialect client = dialect(folder.getParent().getParent().getFileName().toString());
    Dialect provider = dialect(folder.getParent().getFileName().toString());
    ObjectNode call =
        Files.exists(folder.resolve("call.json"))
            ? (ObjectNode) json(folder, "call.json")
            : Json.object();
    var trail = new Trail("req_golden", Instant.EPOCH, 0);

    Chat chat;
    Outbound sent;
    try {
      chat =
          (Chat)
              client.read(
                  new Inbound(
                      strings(call, "path"),
                      strings(call, "query"),
                      Headers.of(strings(call, "headers")),
                      Body.scan(Files.readAllBytes(folder.resolve("request.json")))));
      if (call.path("rewrite").asBoolean(false)) {
        chat = chat.with(chat.prompt());
      }
      sent =
          provider.write(
              chat,
              target(provider, call),
              new Adaptation(trail, call.path("strict").asBoolean(false)));
    } catch (Failure refused) {
      expectError(folder, call, client, refused, trail);
      return;
    }
    if (Files.exists(folder.resolve("upstream.json"))) {
      same(
          folder,
          "upstream.json",
          json(folder, "upstream.json"),
          Json.parse(new String(sent.body(), UTF_8)));
    }
    if (call.has("upstream_path")) {
      assertThat(sent.path()).isEqualTo(call.get("upstream_path").asString());
    }
    assertThat(new TreeMap<>(sent.headers()))
        .containsAllEntriesOf(strings(call, "upstream_headers"));
    var adapted = new ArrayList<String>();
    call.path("adapted").forEach(note -> adapted.add(note.asString()));
    assertThat(trail.adapted()).as("adapted").containsExactlyInAnyOrderElementsOf(adapted);

    for (String file : List.of("reply.json", "reply.sse", "reply.events")) {
      if (Files.exists(folder.resolve(file))) {
        reply(folder, folder.resolve(file), call, client, provider, chat, trail);
      }
    }
  }

  private static void reply(
      Path folder,
      Path file,
      ObjectNode call,
      Dialect client,
      Dialect provider,
      Chat chat,
      Trail trail)
      throws IOException {
    boolean binary = file.toString().endsWith(".events");
    boolean streamed = binary || file.toString().endsWith(".sse");
    byte[] bytes = binary ? Bedrocks.binary(Files.readString(file)) : Files.readAllBytes(file);
    ReplyReader reader = provider.reader(chat);
    ReplyWriter writer = client.writer(chat, trail);
    var chunks = new ArrayList<Chunk>();
    Failure failure = null;
    try {
      if (call.path("status").asInt(200) != 200) {
        throw provider.failure(call.get("status").asInt(), Headers.NONE, bytes);
      }
      if (streamed) {
        if (binary) {
          for (Frame frame : Bedrocks.frames(bytes)) {
            chunks.add(reader.event(frame));
          }
        } else {
          var events = new EventStream(provider.name());
          events.put(bytes);
          for (Frame frame = events.next(); frame != null; frame = events.next()) {
            chunks.add(reader.event(frame));
          }
          events.end();
          for (Frame frame = events.next(); frame != null; frame = events.next()) {
            chunks.add(reader.event(frame));
          }
        }
        reader.end();
      } else {
        chunks.add(reader.whole(bytes));
      }
    } catch (Failure broken) {
      failure = broken;
    }
    if (call.path("rewrite").asBoolean(false)) {
      chunks.replaceAll(chunk -> new Chunk(chunk.parts(), Frame.NONE));
    }
    boolean answered = chunks.stream().anyMatch(Chunk::content);
    if (failure != null && !(chat.stream() && answered)) {
      expectError(folder, call, client, failure, trail);
    } else if (chat.stream()) {
      var out = new Bytes(256);
      chunks.forEach(chunk -> writer.event(chunk, out));
      if (failure == null) {
        writer.end(out);
      } else {
        writer.error(failure, trail, out);
      }
      if (writer.streamType().equals(AwsEvent.STREAM)) {
        sameLines(folder, Files.readString(folder.resolve("client.events")), out.take());
      } else {
        sameEvents(
            folder, Files.readString(folder.resolve("client.sse")), new String(out.take(), UTF_8));
      }
    } else {
      same(
          folder,
          "client.json",
          json(folder, "client.json"),
          Json.parse(new String(writer.whole(chunks), UTF_8)));
    }
  }

  private static void expectError(
      Path folder, ObjectNode call, Dialect client, Failure failure, Trail trail)
      throws IOException {
    assertThat(call.has("client_status"))
        .as("an error is expected; got " + failure.message())
        .isTrue();
    var answer = client.error(failure, trail);
    assertThat(answer.status()).isEqualTo(call.get("client_status").asInt());
    same(
        folder,
        "client.json",
        json(folder, "client.json"),
        Json.parse(new String(answer.body(), UTF_8)));
  }

  private static void sameEvents(Path folder, String expected, String actual) {
    List<Map.Entry<String, String>> wanted = events(expected);
    List<Map.Entry<String, String>> got = events(actual);
    for (int i = 0; i < Math.min(wanted.size(), got.size()); i++) {
      String place = "client.sse, event " + (i + 1);
      assertThat(got.get(i).getKey())
          .as(place + " of\n" + actual)
          .isEqualTo(wanted.get(i).getKey());
      if (wanted.get(i).getValue().startsWith("{")) {
        same(
            folder, place, Json.parse(wanted.get(i).getValue()), Json.parse(got.get(i).getValue()));
      } else {
        assertThat(got.get(i).getValue()).as(place).isEqualTo(wanted.get(i).getValue());
      }
    }
    assertThat(got.size()).as("number of events in\n" + actual).isEqualTo(wanted.size());
  }

  private static void sameLines(Path folder, String expected, byte[] actual) {
    List<Frame> got = Bedrocks.frames(actual);
    String all = String.join("\n", Bedrocks.lines(actual));
    String[] lines = expected.strip().split("\n");
    for (int i = 0; i < Math.min(lines.length, got.size()); i++) {
      String place = "client.events, line " + (i + 1);
      int space = lines[i].indexOf(' ');
      assertThat(got.get(i).event())
          .as(place + " of\n" + all)
          .isEqualTo(lines[i].substring(0, space));
      same(folder, place, Json.parse(lines[i].substring(space + 1)), Json.parse(got.get(i).text()));
    }
    assertThat(got.size()).as("number of events in\n" + all).isEqualTo(lines.length);
  }

  private static List<Map.Entry<String, String>> events(String wire) {
    var events = new EventStream("");
    var list = new ArrayList<Map.Entry<String, String>>();
    events.put((wire.strip() + "\n\n").getBytes(UTF_8));
    for (Frame frame = events.next(); frame != null; frame = events.next()) {
      list.add(Map.entry(frame.event(), frame.text()));
    }
    return list;
  }

  /** Compares as JSON; {@code "*"} in what is expected stands for any value. */
  private static void same(Path folder, String place, JsonNode expected, JsonNode actual) {
    assertThat(fill(expected, actual).toPrettyString())
        .as("%s of %s; got\n%s", place, folder, actual.toPrettyString())
        .isEqualTo(sorted(actual).toPrettyString());
  }

  private static JsonNode fill(JsonNode expected, JsonNode actual) {
    if (expected.isString() && expected.asString().equals("*") && !actual.isMissingNode()) {
      return sorted(actual);
    }
    if (expected.isObject()) {
      var filled = new TreeMap<String, JsonNode>();
      expected
          .properties()
          .forEach(p -> filled.put(p.getKey(), fill(p.getValue(), actual.path(p.getKey()))));
      ObjectNode node = Json.object();
      filled.forEach(node::set);
      return node;
    }
    if (expected.isArray()) {
      var node = Json.array();
      for (int i = 0; i < expected.size(); i++) {
        node.add(fill(expected.get(i), actual.path(i)));
      }
      return node;
    }
    return expected;
  }

  private static JsonNode sorted(JsonNode node) {
    if (node.isObject()) {
      var fields = new TreeMap<String, JsonNode>();
      node.properties().forEach(p -> fields.put(p.getKey(), sorted(p.getValue())));
      ObjectNode copy = Json.object();
      fields.forEach(copy::set);
      return copy;
    }
    if (node.isArray()) {
      var copy = Json.array();
      node.forEach(element -> copy.add(sorted(element)));
      return copy;
    }
    return node;
  }

  private static Target target(Dialect dialect, ObjectNode call) {
    var drop = new ArrayList<String>();
    call.path("drop").forEach(field -> drop.add(field.asString()));
    // As in the configuration: what is renamed there is refused by its other name.
    Map<String, String> rename = strings(call, "rename");
    drop.addAll(rename.keySet());
    rename.putAll(strings(call, "prefer"));
    var provider =
        new Provider(
            "golden",
            dialect,
            URI.create("http://127.0.0.1:1"),
            Provider.Auth.NONE,
            List.of(Credential.NONE),
            Map.of(),
            Provider.Transport.PLAIN,
            new Provider.Quirks(
                Set.copyOf(drop), rename, call.path("stream_usage").asBoolean(true)));
    return new Target(
        provider,
        call.path("model").asString("golden-model"),
        Profile.NONE,
        Facts.of(traits(call.path("traits")), Price.UNKNOWN));
  }

  private static Traits traits(JsonNode given) {
    return new Traits(
        Set.of(),
        given.path("context").asLong(0),
        given.path("max_output").asLong(0),
        abilities(given.path("can")),
        abilities(given.path("cannot")),
        0);
  }

  private static Set<Traits.Ability> abilities(JsonNode words) {
    return words
        .valueStream()
        .map(word -> Traits.Ability.of(word.asString()).orElseThrow())
        .collect(Collectors.toUnmodifiableSet());
  }

  private static Map<String, String> strings(ObjectNode call, String key) {
    var map = new LinkedHashMap<String, String>();
    call.path(key).properties().forEach(p -> map.put(p.getKey(), p.getValue().asString()));
    return map;
  }

  private static JsonNode json(Path folder, String file) throws IOException {
    return Json.parse(Files.readString(folder.resolve(file)));
  }

  private static Dialect dialect(String name) throws ReflectiveOperationException {
    return (Dialect)
        Class.forName("dev.lintel.dialect." + DIALECTS.get(name)).getConstructor().newInstance();
  }

  private static Stream<Path> folders(Path parent) {
    if (!Files.isDirectory(parent)) {
      return Stream.empty();
    }
    try (var list = Files.list(parent)) {
      return list.filter(Files::isDirectory).sorted().toList().stream();
    } catch (IOException unreadable) {
      throw new java.io.UncheckedIOException(unreadable);
    }
  }
}
