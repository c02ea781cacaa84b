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
import dev.lintel.Fakes;
import dev.lintel.Frame;
import dev.lintel.Headers;
import dev.lintel.Inbound;
import dev.lintel.Json;
import dev.lintel.Part;
import dev.lintel.Provider;
import dev.lintel.Target;
import dev.lintel.Trail;
import dev.lintel.upstream.EventStream;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import tools.jackson.databind.node.ObjectNode;

/** What OpenAI sent and was sent, where the recordings stand beside the checkout. */
class ResponsesRecordedTest {
  private static final Responses DIALECT = new Responses();

  /** What a reply says, however it is cut into events: neighbours of one kind are one. */
  private static List<String> said(List<Chunk> chunks) {
    var said = new ArrayList<String>();
    String last = "";
    for (Chunk chunk : chunks) {
      for (Part part : chunk.parts()) {
        String kind = part.getClass().getSimpleName();
        String words =
            switch (part) {
              case Part.Text text -> text.text();
              case Part.Refusal refusal -> refusal.text();
              case Part.Thought thought -> thought.text() + thought.signature();
              case Part.ToolUse use -> use.id() + use.name() + use.arguments();
              case Part.Start start -> "";
              case Part.Stop stop -> stop.reason().name();
              default -> part.toString();
            };
        if (kind.equals(last)) {
          said.set(said.size() - 1, said.getLast() + words);
        } else if (!words.isEmpty()) {
          said.add(kind + " " + words);
          last = kind;
        }
      }
    }
    return said;
  }

  @TestFactory
  Stream<DynamicTest> requests_go_out_as_they_came() throws IOException {
    return files("requests/responses")
        .map(file -> dynamicTest(name(file), () -> request(Files.readAllBytes(file))));
  }

  @TestFactory
  Stream<DynamicTest> replies_go_out_as_they_came_and_say_the_same_when_rewritten()
      throws IOException {
    return files("replies/responses")
        .map(file -> dynamicTest(name(file), () -> reply(Files.readAllBytes(file))));
  }

  private static void request(byte[] body) {
    Chat chat = chat(body);
    var sent = (ObjectNode) Json.parse(new String(body, UTF_8));
    sent.put("model", "golden-model");
    assertThat(Json.parse(new String(write(chat), UTF_8))).isEqualTo(sent);

    byte[] rewritten = write(chat.with(chat.prompt()));
    assertThat(chat(rewritten).prompt()).isEqualTo(chat.prompt());
  }

  private static void reply(byte[] body) {
    boolean streamed = body[0] == 'e';
    Chat chat = chat("{\"model\":\"m\",\"input\":\"x\",\"stream\":true}".getBytes(UTF_8));
    List<Chunk> chunks = streamed ? events(chat, body) : List.of(DIALECT.reader(chat).whole(body));
    List<Chunk> bare = chunks.stream().map(c -> new Chunk(c.parts(), Frame.NONE)).toList();
    if (streamed) {
      String passed = new String(stream(chat, chunks), UTF_8).strip();
      assertThat(new String(body, UTF_8)).startsWith(passed);
      assertThat(said(events(chat, stream(chat, bare)))).isEqualTo(said(chunks));
    } else {
      assertThat(DIALECT.writer(chat, Fakes.trail()).whole(chunks)).isEqualTo(body);
    }
    byte[] folded = DIALECT.writer(chat, Fakes.trail()).whole(bare);
    assertThat(said(List.of(DIALECT.reader(chat).whole(folded)))).isEqualTo(said(chunks));
  }

  private static byte[] stream(Chat chat, List<Chunk> chunks) {
    var out = new Bytes(1024);
    var writer = DIALECT.writer(chat, Fakes.trail());
    chunks.forEach(chunk -> writer.event(chunk, out));
    writer.end(out);
    return out.take();
  }

  private static List<Chunk> events(Chat chat, byte[] body) {
    var events = new EventStream("responses");
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

  private static Stream<Path> files(String folder) throws IOException {
    Path found =
        Stream.of("../shared/recorded", "../../shared/recorded")
            .map(place -> Path.of(place).resolve(folder))
            .filter(Files::isDirectory)
            .findFirst()
            .orElse(null);
    assumeTrue(found != null, "no recordings beside the checkout");
    try (var list = Files.list(found)) {
      return list.filter(file -> name(file).endsWith(".json")).sorted().toList().stream();
    }
  }
}
