package dev.lintel.main;

import dev.lintel.Dialect;
import dev.lintel.Headers;
import dev.lintel.Held;
import dev.lintel.Outbound;
import dev.lintel.Relay;
import dev.lintel.Service;
import dev.lintel.Spec;
import dev.lintel.Strategy;
import dev.lintel.Target;
import dev.lintel.admin.WhereTo;
import dev.lintel.batch.AnthropicCarrier;
import dev.lintel.batch.Carrier;
import dev.lintel.batch.OpenAiCarrier;
import dev.lintel.config.Loader;
import dev.lintel.config.Source;
import dev.lintel.dialect.AnthropicCount;
import dev.lintel.dialect.AnthropicMessages;
import dev.lintel.dialect.BedrockConverse;
import dev.lintel.dialect.CohereChat;
import dev.lintel.dialect.CohereEmbeddings;
import dev.lintel.dialect.CohereRerank;
import dev.lintel.dialect.Gemini;
import dev.lintel.dialect.GeminiCount;
import dev.lintel.dialect.GeminiEmbeddings;
import dev.lintel.dialect.JinaRerank;
import dev.lintel.dialect.MistralChat;
import dev.lintel.dialect.OpenAiChat;
import dev.lintel.dialect.OpenAiCompletions;
import dev.lintel.dialect.OpenAiEmbeddings;
import dev.lintel.dialect.OpenAiRealtime;
import dev.lintel.dialect.OpenAiRelay;
import dev.lintel.dialect.OpenAiService;
import dev.lintel.dialect.PassThrough;
import dev.lintel.dialect.Responses;
import dev.lintel.dialect.ResponsesCount;
import dev.lintel.dialect.TitanEmbeddings;
import dev.lintel.price.Catalogue;
import dev.lintel.route.Balanced;
import dev.lintel.route.BestRated;
import dev.lintel.route.Cheapest;
import dev.lintel.route.Classified;
import dev.lintel.route.ConsistentHash;
import dev.lintel.route.Fastest;
import dev.lintel.route.InOrder;
import dev.lintel.route.Learned;
import dev.lintel.route.LeastBusy;
import dev.lintel.route.RoundRobin;
import dev.lintel.route.Weighted;
import dev.lintel.rule.CelConditions;
import dev.lintel.sim.Fault;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What is in the box. */
final class Builtins {
  static final Dialect OPENAI = new OpenAiChat();
  static final Dialect ANTHROPIC = new AnthropicMessages();
  static final Dialect ANTHROPIC_COUNT = new AnthropicCount();
  static final Dialect RESPONSES_COUNT = new ResponsesCount();
  static final Dialect GEMINI = new Gemini();
  static final Dialect RESPONSES = new Responses();
  static final Dialect BEDROCK = new BedrockConverse();
  static final Dialect COHERE = new CohereChat();
  static final Dialect REALTIME = new OpenAiRealtime();

  static final Dialect EMBEDDINGS = new OpenAiEmbeddings();
  static final Dialect GEMINI_EMBED = new GeminiEmbeddings(false);
  static final Dialect COHERE_EMBED = new CohereEmbeddings();
  static final Dialect RERANK = new JinaRerank();
  static final Dialect COHERE_RERANK = new CohereRerank();
  static final Dialect COMPLETIONS = new OpenAiCompletions();

  /** Any provider's own API. */
  static final Dialect RAW = new PassThrough();

  /** A question of the gateway's own, in the words of the target's provider. */
  static Relay raw(Target target, Outbound question, Held body) {
    return new Relay(
        Service.RAW,
        RAW,
        target.name(),
        false,
        true,
        question.method(),
        question.path(),
        Headers.of(question.headers()),
        new Relay.Content.Opaque(body),
        Map.of());
  }

  /** OpenAI's services beside chat. */
  static final List<OpenAiRelay> SERVICES =
      Arrays.stream(OpenAiService.values()).map(OpenAiRelay::new).toList();

  /** What a provider of that kind speaks, its main dialect first. */
  static final Map<String, List<Dialect>> KINDS =
      Map.of(
          "openai",
              speaks(
                  List.of(OPENAI, RESPONSES, COMPLETIONS, EMBEDDINGS, RERANK, REALTIME), SERVICES),
          "responses", speaks(List.of(RESPONSES, RESPONSES_COUNT), List.of()),
          "mistral", speaks(List.of(new MistralChat(), COMPLETIONS, EMBEDDINGS), SERVICES),
          "anthropic", speaks(List.of(ANTHROPIC, ANTHROPIC_COUNT), List.of()),
          "gemini", speaks(List.of(GEMINI, GEMINI_EMBED, new GeminiCount()), List.of()),
          "cohere", speaks(List.of(COHERE, COHERE_EMBED, COHERE_RERANK), List.of()),
          "azure", speaks(List.of(OPENAI, RESPONSES, COMPLETIONS, EMBEDDINGS, REALTIME), SERVICES),
          "vertex", speaks(List.of(GEMINI, ANTHROPIC, OPENAI), List.of()),
          "bedrock",
              speaks(List.of(BEDROCK, ANTHROPIC, new TitanEmbeddings(), COHERE_EMBED), List.of()));

  /** In which a call may be described, the one of calls that say nothing else last. */
  static final List<WhereTo.Language> LANGUAGES =
      List.of(
          new WhereTo.Language("gemini", GEMINI, "contents")
              .at("generateContent", "streamGenerateContent"),
          new WhereTo.Language("bedrock", BEDROCK, "inferenceConfig")
              .at("converse", "converse-stream"),
          new WhereTo.Language("anthropic", ANTHROPIC, "system"),
          new WhereTo.Language("cohere", COHERE, "safety_mode"),
          new WhereTo.Language("rerank", RERANK, "documents"),
          new WhereTo.Language("embeddings", EMBEDDINGS, "encoding_format"),
          new WhereTo.Language("completions", COMPLETIONS, "prompt"),
          new WhereTo.Language("responses", RESPONSES, "input"),
          new WhereTo.Language("openai", OPENAI, "messages"));

  /** In whose words batches are handed on, by the provider's main dialect. */
  static final Map<String, Carrier> CARRIERS =
      Map.of(OPENAI.name(), new OpenAiCarrier(), ANTHROPIC.name(), new AnthropicCarrier());

  private static List<Dialect> speaks(List<Dialect> own, List<OpenAiRelay> services) {
    return Stream.of(own, services, List.of(RAW)).<Dialect>flatMap(List::stream).toList();
  }

  static final Map<String, Class<? extends Spec<Strategy>>> STRATEGIES =
      Map.ofEntries(
          Map.entry("in_order", InOrder.class),
          Map.entry("weighted", Weighted.class),
          Map.entry("round_robin", RoundRobin.class),
          Map.entry("least_busy", LeastBusy.class),
          Map.entry("consistent_hash", ConsistentHash.class),
          Map.entry("cheapest", Cheapest.class),
          Map.entry("fastest", Fastest.class),
          Map.entry("balanced", Balanced.class),
          Map.entry("learned", Learned.class),
          Map.entry("classified", Classified.class),
          Map.entry("best_rated", BestRated.class));

  private Builtins() {}

  static Loader loader(Function<String, Optional<String>> environment) {
    return loader(environment, Map.of());
  }

  /**
   * @param sources of what lies elsewhere
   */
  static Loader loader(
      Function<String, Optional<String>> environment, Map<String, Source> sources) {
    Set<String> faults = Arrays.stream(Fault.values()).map(Fault::word).collect(Collectors.toSet());
    return new Loader(
        KINDS, STRATEGIES, new CelConditions(), faults, environment, sources, Catalogue::faults);
  }
}
