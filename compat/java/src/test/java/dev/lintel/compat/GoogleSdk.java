package dev.lintel.compat;

import static java.util.stream.Collectors.joining;

import com.google.genai.Client;
import com.google.genai.errors.ApiException;
import com.google.genai.types.Candidate;
import com.google.genai.types.Content;
import com.google.genai.types.EmbedContentConfig;
import com.google.genai.types.FinishReason;
import com.google.genai.types.FunctionCall;
import com.google.genai.types.FunctionDeclaration;
import com.google.genai.types.FunctionResponse;
import com.google.genai.types.GenerateContentConfig;
import com.google.genai.types.GenerateContentResponse;
import com.google.genai.types.GenerateContentResponseUsageMetadata;
import com.google.genai.types.HttpOptions;
import com.google.genai.types.HttpRetryOptions;
import com.google.genai.types.ListModelsConfig;
import com.google.genai.types.Part;
import com.google.genai.types.ThinkingConfig;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

final class GoogleSdk implements Sdk {
  private static final Map<String, String> STOPS = Map.of("STOP", "stop", "MAX_TOKENS", "length");

  private static Client client(String key) {
    return Client.builder()
        .apiKey(key)
        .httpOptions(
            HttpOptions.builder()
                .baseUrl(Lintel.URL)
                .retryOptions(HttpRetryOptions.builder().attempts(1).build())
                .build())
        .build();
  }

  @Override
  public String name() {
    return "java google-genai " + System.getProperty("google.version");
  }

  @Override
  public Chat chat(Settings settings) {
    return new Conversation(client(settings.key()), settings);
  }

  @Override
  public Optional<List<String>> models(String key) {
    var pager = client(key).models.list(ListModelsConfig.builder().build());
    return Optional.of(
        StreamSupport.stream(pager.spliterator(), false)
            .map(model -> model.name().orElseThrow().replaceFirst("^models/", ""))
            .toList());
  }

  @Override
  public List<List<Float>> vectors(String key, String model, List<String> texts) {
    var config = EmbedContentConfig.builder().outputDimensionality(64).build();
    return client(key).models.embedContent(model, texts, config).embeddings().orElseThrow().stream()
        .map(embedding -> embedding.values().orElseThrow())
        .toList();
  }

  /** This SDK has one exception for all refusals, with code, status and message. */
  @Override
  public Refusal refusal(RuntimeException thrown) {
    if (!(thrown instanceof ApiException refused)) {
      return new Refusal(Kind.OTHER, 0, "");
    }
    Kind kind =
        switch (refused.status()) {
          case "UNAUTHENTICATED" -> Kind.AUTHENTICATION;
          case "NOT_FOUND" -> Kind.NOT_FOUND;
          case "RESOURCE_EXHAUSTED" -> Kind.RATE_LIMITED;
          default -> Kind.OTHER;
        };
    return new Refusal(kind, refused.code(), "");
  }

  @Override
  public boolean tellsWait() {
    return false;
  }

  private static final class Conversation implements Chat {
    private final Client client;
    private final Settings settings;
    private final GenerateContentConfig config;
    private final List<Content> contents = new ArrayList<>();

    Conversation(Client client, Settings settings) {
      this.client = client;
      this.settings = settings;
      var builder = GenerateContentConfig.builder();
      if (!settings.system().isEmpty()) {
        builder.systemInstruction(Content.fromParts(Part.fromText(settings.system())));
      }
      if (!settings.tools().isEmpty()) {
        List<FunctionDeclaration> functions =
            settings.tools().stream()
                .map(
                    tool ->
                        FunctionDeclaration.builder()
                            .name(tool.name())
                            .description(tool.description())
                            .parametersJsonSchema(tool.parameters())
                            .build())
                .toList();
        builder.tools(com.google.genai.types.Tool.builder().functionDeclarations(functions).build());
      }
      if (!settings.schema().isEmpty()) {
        builder.responseMimeType("application/json").responseJsonSchema(settings.schema());
      }
      if (settings.maxTokens() > 0) {
        builder.maxOutputTokens(settings.maxTokens());
      }
      if (settings.thinking()) {
        builder.thinkingConfig(
            ThinkingConfig.builder().includeThoughts(true).thinkingBudget(2000).build());
      }
      this.config = builder.build();
    }

    @Override
    public Answer say(String text, String image) {
      var parts = new ArrayList<Part>();
      parts.add(Part.fromText(text));
      if (!image.isEmpty()) {
        parts.add(Part.fromBytes(Base64.getDecoder().decode(image), "image/png"));
      }
      return ask(parts);
    }

    @Override
    public Answer give(List<Result> results) {
      return ask(results.stream().map(Conversation::part).toList());
    }

    private Answer ask(List<Part> words) {
      contents.add(Content.builder().role("user").parts(words).build());
      List<GenerateContentResponse> chunks = settings.stream() ? streamed() : List.of(whole());
      List<Candidate> candidates =
          chunks.stream().flatMap(chunk -> chunk.candidates().stream().flatMap(List::stream)).toList();
      List<Part> parts =
          candidates.stream()
              .flatMap(candidate -> candidate.content().stream())
              .flatMap(content -> content.parts().stream().flatMap(List::stream))
              .toList();
      contents.add(Content.builder().role("model").parts(parts).build());
      List<Call> calls =
          parts.stream().flatMap(part -> part.functionCall().stream()).map(Conversation::call).toList();
      String stop =
          last(candidates.stream().map(Candidate::finishReason)).map(FinishReason::toString).orElse("");
      var usage = last(chunks.stream().map(GenerateContentResponse::usageMetadata));
      return new Answer(
          text(parts, false),
          text(parts, true),
          calls,
          stop.equals("STOP") && !calls.isEmpty() ? "tools" : STOPS.getOrDefault(stop, stop),
          usage.flatMap(GenerateContentResponseUsageMetadata::promptTokenCount).orElse(0),
          usage.flatMap(GenerateContentResponseUsageMetadata::candidatesTokenCount).orElse(0));
    }

    private GenerateContentResponse whole() {
      return client.models.generateContent(settings.model(), contents, config);
    }

    private List<GenerateContentResponse> streamed() {
      var chunks = new ArrayList<GenerateContentResponse>();
      try (var stream = client.models.generateContentStream(settings.model(), contents, config)) {
        stream.forEach(chunks::add);
      }
      return chunks;
    }

    private static String text(List<Part> parts, boolean thought) {
      return parts.stream()
          .filter(part -> part.thought().orElse(false) == thought)
          .flatMap(part -> part.text().stream())
          .collect(joining());
    }

    private static <T> Optional<T> last(Stream<Optional<T>> values) {
      return values.flatMap(Optional::stream).reduce((earlier, later) -> later);
    }

    private static Call call(FunctionCall call) {
      return new Call(
          call.id().orElse(""), call.name().orElseThrow(), call.args().orElse(Map.of()));
    }

    private static Part part(Result result) {
      var response =
          FunctionResponse.builder().name(result.call().name()).response(result.value());
      if (!result.call().id().isEmpty()) {
        response.id(result.call().id());
      }
      return Part.builder().functionResponse(response.build()).build();
    }
  }
}
