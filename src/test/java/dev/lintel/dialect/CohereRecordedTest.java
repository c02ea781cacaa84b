package dev.lintel.dialect;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.lintel.Adaptation;
import dev.lintel.Block;
import dev.lintel.Body;
import dev.lintel.Bytes;
import dev.lintel.Chat;
import dev.lintel.Chunk;
import dev.lintel.Credential;
import dev.lintel.Dialect;
import dev.lintel.Fakes;
import dev.lintel.Frame;
import dev.lintel.Headers;
import dev.lintel.Inbound;
import dev.lintel.Part;
import dev.lintel.Prompt;
import dev.lintel.Provider;
import dev.lintel.ReplyReader;
import dev.lintel.ReplyWriter;
import dev.lintel.Request;
import dev.lintel.Target;
import dev.lintel.Tool;
import dev.lintel.Turn;
import dev.lintel.Usage;
import dev.lintel.upstream.EventStream;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** What clients and providers of other dialects were recorded saying, said in Cohere's and back. */
class CohereRecordedTest {
  private static final CohereChat COHERE = new CohereChat();

  private static final Map<String, Dialect> CLIENTS =
      Map.of(
          "requests/completions", new OpenAiChat(),
          "requests/messages", new AnthropicMessages(),
          "requests/gemini", new Gemini());

  private static final Map<String, Dialect> PROVIDERS =
      Map.of(
          "replies/completions", new OpenAiChat(),
          "replies/anthropic", new AnthropicMessages(),
          "replies/vertex-gemini", new Gemini());

  @TestFactory
  Stream<DynamicTest> words_and_calls_of_a_request_reach_cohere() {
    return CLIENTS.entrySet().stream()
        .flatMap(client ->
            files(client.getKey())
                .map(file ->
                    dynamicTest(
                        client.getKey() + "/" + file.getFileName(),
                        () -> request(client.getValue(), file))));
  }

  private static void request(Dialect client, Path file) throws IOException {
    Request read =
        client.read(
            new Inbound(
                Map.of("model", "m", "method", "generateContent"),
                Map.of(),
                Headers.NONE,
                Body.scan(Files.readAllBytes(file))));
    Chat chat = Chat.of(read);
    byte[] sent =
        COHERE
            .write(chat, new Target(provider(), "m"), new Adaptation(Fakes.trail(), false))
            .body();
    Prompt got = Chat.of(COHERE.read(inbound(sent))).prompt();

    assertThat(words(got)).containsAll(words(chat.prompt()));
    assertThat(calls(got)).isEqualTo(calls(chat.prompt()));
    assertThat(got.tools()).hasSameSizeAs(functions(chat.prompt()));
  }

  private static List<String> words(Prompt prompt) {
    var words = new ArrayList<String>();
    for (Turn turn : prompt.turns()) {
      for (Block block : turn.blocks()) {
        words(block, words);
      }
    }
    return List.of(String.join("\n\n", words).split("\n+|\\s+"));
  }

  private static void words(Block block, List<String> words) {
    if (block instanceof Block.Text text) {
      words.add(text.text());
    } else if (block instanceof Block.ToolResult result) {
      result.content().forEach(inner -> words(inner, words));
    }
  }

  private static List<String> calls(Prompt prompt) {
    return prompt.turns().stream()
        .flatMap(turn -> turn.blocks().stream())
        .filter(Block.ToolUse.class::isInstance)
        .map(Block.ToolUse.class::cast)
        .map(call -> call.id() + " " + call.name() + " " + call.arguments())
        .toList();
  }

  /** A tool that must be called is the only one on offer; others stay behind with their vendor. */
  private static List<Tool> functions(Prompt prompt) {
    String named = prompt.toolChoice().map(choice -> choice.name()).orElse("");
    return prompt.tools().stream()
        .filter(Tool.Function.class::isInstance)
        .filter(tool -> named.isEmpty() || ((Tool.Function) tool).name().equals(named))
        .toList();
  }

  @TestFactory
  Stream<DynamicTest> a_reply_says_the_same_whole_and_streamed_to_coheres_clients() {
    return PROVIDERS.entrySet().stream()
        .flatMap(provider ->
            files(provider.getKey())
                .filter(file -> !file.getFileName().toString().matches("count_tokens.*|blocked.*"))
                .map(file ->
                    dynamicTest(
                        provider.getKey() + "/" + file.getFileName(),
                        () -> reply(provider.getValue(), file))));
  }

  private static void reply(Dialect provider, Path file) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    ReplyReader reader = provider.reader(ask(false));
    var chunks = new ArrayList<Chunk>();
    if (bytes[0] == '{' || bytes[0] == '[') {
      chunks.add(reader.whole(bytes));
    } else {
      chunks.addAll(events(reader, provider, bytes));
    }

    byte[] whole = COHERE.writer(ask(false), Fakes.trail()).whole(chunks);
    var out = new Bytes(256);
    ReplyWriter writer = COHERE.writer(ask(true), Fakes.trail());
    chunks.forEach(chunk -> writer.event(chunk, out));
    writer.end(out);
    List<Part> folded = COHERE.reader(ask(false)).whole(whole).parts();
    List<Part> streamed =
        events(COHERE.reader(ask(true)), COHERE, out.take()).stream()
            .flatMap(chunk -> chunk.parts().stream())
            .toList();

    for (Class<? extends Part> kind :
        List.of(Part.Text.class, Part.Thought.class, Part.ToolUse.class)) {
      assertThat(said(streamed, kind)).as(kind.getSimpleName()).isEqualTo(said(folded, kind));
    }
    assertThat(said(folded, Part.Text.class))
        .isEqualTo(
            said(chunks.stream().flatMap(c -> c.parts().stream()).toList(), Part.Text.class));
    assertThat(streamed.stream().filter(Usage.class::isInstance).toList())
        .isEqualTo(folded.stream().filter(Usage.class::isInstance).toList());
    assertThat(streamed.getLast()).isEqualTo(folded.getLast());
  }

  private static List<Chunk> events(ReplyReader reader, Dialect dialect, byte[] bytes) {
    var events = new EventStream(dialect.name());
    events.put(bytes);
    events.end();
    var chunks = new ArrayList<Chunk>();
    for (Frame frame = events.next(); frame != null; frame = events.next()) {
      chunks.add(reader.event(frame));
    }
    reader.end();
    return chunks;
  }

  private static String said(List<Part> parts, Class<? extends Part> kind) {
    var text = new StringBuilder();
    for (Part part : parts) {
      if (kind.isInstance(part)) {
        text.append(
            switch (part) {
              case Part.Text said -> said.text();
              case Part.Thought thought -> thought.text();
              case Part.ToolUse use -> use.id() + use.name() + use.arguments();
              default -> "";
            });
      }
    }
    return text.toString();
  }

  private static Chat ask(boolean stream) {
    String body =
        "{\"model\":\"m\",\"stream\":"
            + stream
            + ",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}";
    return Chat.of(COHERE.read(inbound(body.getBytes(UTF_8))));
  }

  private static Inbound inbound(byte[] body) {
    return new Inbound(Map.of(), Map.of(), Headers.NONE, Body.scan(body));
  }

  private static Provider provider() {
    return new Provider(
        "cohere",
        COHERE,
        URI.create("http://127.0.0.1:1"),
        Provider.Auth.NONE,
        List.of(Credential.NONE),
        Map.of(),
        Provider.Transport.PLAIN,
        Provider.Quirks.NONE);
  }

  private static Stream<Path> files(String folder) {
    Path found =
        Stream.of("../shared", "../../shared")
            .map(parent -> Path.of(parent, "recorded", folder))
            .filter(Files::isDirectory)
            .findFirst()
            .orElse(null);
    assumeTrue(found != null, "no recordings beside the checkout");
    try (var list = Files.list(found)) {
      return list.sorted().toList().stream();
    } catch (IOException unreadable) {
      throw new java.io.UncheckedIOException(unreadable);
    }
  }
}
