package dev.lintel.dialect;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.lintel.Adaptation;
import dev.lintel.Body;
import dev.lintel.Bytes;
import dev.lintel.Chat;
import dev.lintel.Chunk;
import dev.lintel.Credential;
import dev.lintel.Failure;
import dev.lintel.Fakes;
import dev.lintel.Frame;
import dev.lintel.Headers;
import dev.lintel.Inbound;
import dev.lintel.Json;
import dev.lintel.Part;
import dev.lintel.Provider;
import dev.lintel.Target;
import dev.lintel.Trail;
import dev.lintel.Usage;
import dev.lintel.upstream.EventStream;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import tools.jackson.databind.node.ObjectNode;

/** What real providers sent and were sent, where the recordings stand beside the checkout. */
class OpenAiRecordedTest {
  private static final OpenAiChat DIALECT = new OpenAiChat();

  /** What a reply says, however it is cut into events. */
  private record Said(
      String text,
      String refusal,
      String thought,
      Map<Integer, String> calls,
      List<Part> others,
      List<Part.Stop.Reason> stops,
      List<Usage> usage) {

    static Said of(List<Chunk> chunks) {
      var text = new StringBuilder();
      var refusal = new StringBuilder();
      var thought = new StringBuilder();
      var calls = new TreeMap<Integer, String>();
      var others = new ArrayList<Part>();
      var stops = new ArrayList<Part.Stop.Reason>();
      var usage = new ArrayList<Usage>();
      for (Chunk chunk : chunks) {
        for (Part part : chunk.parts()) {
          switch (part) {
            case Part.Start start -> {}
            case Part.Text piece -> text.append(piece.text());
            case Part.Refusal piece -> refusal.append(piece.text());
            case Part.Thought piece -> thought.append(piece.text());
            case Part.ToolUse piece ->
                calls.merge(
                    piece.index(), piece.id() + piece.name() + piece.arguments(), String::concat);
            case Part.Media media -> others.add(media);
            case Part.Native piece -> others.add(piece);
            case Part.Piece piece -> others.add(piece);
            case Part.Stop stop -> stops.add(stop.reason());
            case Usage figures -> usage.add(figures);
          }
        }
      }
      return new Said(
          text.toString(), refusal.toString(), thought.toString(), calls, others, stops, usage);
    }
  }

  @TestFactory
  Stream<DynamicTest> requests_go_out_as_they_came() throws IOException {
    return files("requests/completions", ".json")
        .map(file -> dynamicTest(name(file), () -> request(Files.readAllBytes(file))));
  }

  @TestFactory
  Stream<DynamicTest> replies_say_the_same_when_rewritten() throws IOException {
    return files("replies/completions", ".json")
        .map(file -> dynamicTest(name(file), () -> reply(Files.readAllBytes(file))));
  }

  @TestFactory
  Stream<DynamicTest> recorded_exchanges_survive() throws IOException {
    return files("openai-cassettes", ".yaml")
        .filter(file -> name(file).startsWith("chat-"))
        .map(file -> dynamicTest(name(file), () -> cassette(file)));
  }

  private static void cassette(Path file) throws IOException {
    var root =
        (Map<?, ?>)
            new Load(LoadSettings.builder().setCodePointLimit(50_000_000).build())
                .loadFromString(Files.readString(file));
    for (Object each : (List<?>) root.get("interactions")) {
      var interaction = (Map<?, ?>) each;
      var response = (Map<?, ?>) interaction.get("response");
      byte[] body = bytes(response.get("body"));
      int status = (int) response.get("code");
      if (status != 400) {
        // What OpenAI refuses need not be understood either.
        request(bytes(((Map<?, ?>) interaction.get("request")).get("body")));
      }
      if (status == 200) {
        reply(body);
      } else {
        Failure failure = DIALECT.failure(status, Headers.NONE, body);
        assertThat(failure.kind())
            .isEqualTo(status == 404 ? Failure.Kind.NOT_FOUND : Failure.Kind.INVALID_REQUEST);
        assertThat(failure.code()).isPresent();
        assertThat(new String(body, UTF_8)).contains(failure.message());
      }
    }
  }

  private static byte[] bytes(Object text) {
    return ((String) text).getBytes(UTF_8);
  }

  private static void request(byte[] body) {
    Chat chat = chat(body);
    ObjectNode patched = (ObjectNode) Json.parse(new String(write(chat), UTF_8));
    ObjectNode sent = (ObjectNode) Json.parse(new String(body, UTF_8));
    sent.put("model", "golden-model");
    if (chat.stream()) {
      sent.putObject("stream_options").put("include_usage", true);
    }
    assertThat(patched).isEqualTo(sent);

    byte[] rewritten = write(chat.with(chat.prompt()));
    assertThat(chat(rewritten).prompt()).isEqualTo(chat.prompt());
  }

  private static void reply(byte[] body) {
    Chat chat =
        chat(
            """
            {"model":"m","stream":true,"stream_options":{"include_usage":true},"messages":[{}]}\
            """
                .getBytes(UTF_8));
    boolean streamed = body[0] == 'd';
    List<Chunk> chunks = streamed ? events(chat, body) : List.of(DIALECT.reader(chat).whole(body));
    List<Chunk> bare = chunks.stream().map(c -> new Chunk(c.parts(), Frame.NONE)).toList();

    if (streamed) {
      assertThat(new String(stream(chat, chunks), UTF_8).strip())
          .isEqualTo(new String(body, UTF_8).strip());
      assertThat(Said.of(events(chat, stream(chat, bare)))).isEqualTo(Said.of(chunks));
    } else {
      assertThat(DIALECT.writer(chat, Fakes.trail()).whole(chunks)).isEqualTo(body);
    }
    byte[] folded = DIALECT.writer(chat, Fakes.trail()).whole(bare);
    Said again = Said.of(List.of(DIALECT.reader(chat).whole(folded)));
    assertThat(again.text()).isEqualTo(Said.of(chunks).text());
    assertThat(again.calls()).isEqualTo(Said.of(chunks).calls());
    assertThat(again.stops()).isEqualTo(Said.of(chunks).stops());
    assertThat(again.usage()).isEqualTo(Said.of(chunks).usage());
  }

  private static byte[] stream(Chat chat, List<Chunk> chunks) {
    var out = new Bytes(1024);
    var writer = DIALECT.writer(chat, Fakes.trail());
    chunks.forEach(chunk -> writer.event(chunk, out));
    writer.end(out);
    return out.take();
  }

  private static List<Chunk> events(Chat chat, byte[] body) {
    var events = new EventStream("openai");
    var reader = DIALECT.reader(chat);
    var chunks = new ArrayList<Chunk>();
    events.put(body);
    for (Frame frame = events.next(); frame != null; frame = events.next()) {
      chunks.add(reader.event(frame));
    }
    reader.end();
    return chunks;
  }

  private static Chat chat(byte[] body) {
    return (Chat) DIALECT.read(new Inbound(Map.of(), Map.of(), Headers.NONE, Body.scan(body)));
  }

  private static byte[] write(Chat chat) {
    var provider =
        new Provider(
            "golden",
            DIALECT,
            URI.create("http://127.0.0.1:1"),
            Provider.Auth.NONE,
            List.of(Credential.NONE),
            Map.of(),
            Provider.Transport.PLAIN,
            Provider.Quirks.NONE);
    var adaptation = new Adaptation(new Trail("req_golden", Instant.EPOCH, 0), true);
    return DIALECT.write(chat, new Target(provider, "golden-model"), adaptation).body();
  }

  private static String name(Path file) {
    return file.getFileName().toString();
  }

  private static Stream<Path> files(String folder, String ending) throws IOException {
    Path found =
        Stream.of("../shared/recorded", "../../shared/recorded")
            .map(place -> Path.of(place).resolve(folder))
            .filter(Files::isDirectory)
            .findFirst()
            .orElse(null);
    assumeTrue(found != null, "no recordings beside the checkout");
    try (var list = Files.list(found)) {
      return list.filter(file -> name(file).endsWith(ending)).sorted().toList().stream();
    }
  }
}
