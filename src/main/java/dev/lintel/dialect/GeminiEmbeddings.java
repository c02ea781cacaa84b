package dev.lintel.dialect;

import dev.lintel.Adaptation;
import dev.lintel.Block;
import dev.lintel.Body;
import dev.lintel.Dialect;
import dev.lintel.Embed;
import dev.lintel.Embed.Format;
import dev.lintel.Embed.Purpose;
import dev.lintel.Extra;
import dev.lintel.Failure;
import dev.lintel.Inbound;
import dev.lintel.Json;
import dev.lintel.Outbound;
import dev.lintel.Part;
import dev.lintel.Provider;
import dev.lintel.ReplyReader;
import dev.lintel.ReplyWriter;
import dev.lintel.Request;
import dev.lintel.Target;
import dev.lintel.Trail;
import dev.lintel.Usage;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Google's {@code embedContent} and {@code batchEmbedContents}:
 * https://ai.google.dev/api/embeddings (2026-11).
 */
public final class GeminiEmbeddings implements Beside {
  static final String NAME = "gemini-embed";

  /** As the reference has it for one batch. */
  private static final int MOST = 100;

  /** The newer place of the options, which now are deprecated where they stood. */
  private static final String CONFIG = "embedContentConfig";

  private static final Map<Purpose, String> TASKS =
      Map.of(
          Purpose.DOCUMENT, "RETRIEVAL_DOCUMENT",
          Purpose.QUERY, "RETRIEVAL_QUERY",
          Purpose.SIMILARITY, "SEMANTIC_SIMILARITY",
          Purpose.CLASSIFICATION, "CLASSIFICATION",
          Purpose.CLUSTERING, "CLUSTERING",
          Purpose.QUESTION, "QUESTION_ANSWERING",
          Purpose.FACT, "FACT_VERIFICATION",
          Purpose.CODE_QUERY, "CODE_RETRIEVAL_QUERY");

  private static final Fields.Manner MANNER = new Fields.Manner(NAME, false, true);

  /** Whether the client asks for a batch. */
  private final boolean batch;

  private final Gemini gemini = new Gemini();

  /**
   * @param batch whether clients ask for {@code batchEmbedContents}; providers are asked for either
   */
  public GeminiEmbeddings(boolean batch) {
    this.batch = batch;
  }

  private static boolean speaks(Embed embed) {
    return embed.dialect().name().equals(NAME);
  }

  private static boolean batched(Embed embed) {
    return embed.dialect() instanceof GeminiEmbeddings asked && asked.batch;
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Request read(Inbound inbound) {
    String model = inbound.path().getOrDefault("model", "");
    if (model.isEmpty()) {
      throw Failure.invalid("The path names no model.").at("model");
    }
    Body body = inbound.body();
    Fields fields = Fields.of(MANNER, body.tree());
    var inputs = new ArrayList<Embed.Input>();
    if (batch) {
      fields.needed("requests");
      List<Fields> requests = fields.objects("requests");
      EmbedWords.count("requests", requests.size(), MOST);
      requests.forEach(request -> inputs.add(input(request.ignore("model"))));
    } else {
      inputs.add(
          input(fields.ignore("model").ignore(Fit.gatewayFields(body).toArray(String[]::new))));
    }
    return new Embed(this, model, inputs, List.of(Format.FLOAT), Optional.of(inbound));
  }

  private static Embed.Input input(Fields request) {
    Fields content = request.neededObject("content").ignore("role");
    var blocks = new ArrayList<Block>();
    for (Fields part : content.objects("parts")) {
      blocks.add(block(part));
    }
    String place = content.place("parts");
    if (blocks.stream().allMatch(b -> b instanceof Block.Text text && text.text().isEmpty())) {
      throw Failure.invalid("'" + place + "' must not be empty.").at(place);
    }
    Optional<Fields> config = request.object(CONFIG);
    Fields options = config.orElse(request);
    var dimensions =
        options
            .integer("outputDimensionality")
            .map(number ->
                OptionalInt.of(EmbedWords.positive(options.place("outputDimensionality"), number)))
            .orElse(OptionalInt.empty());
    Optional<Purpose> purpose =
        options
            .textIfAny("taskType")
            .flatMap(word ->
                TASKS.entrySet().stream()
                    .filter(known -> known.getValue().equals(word))
                    .map(Map.Entry::getKey)
                    .findFirst());
    if (purpose.isEmpty()) {
      options.leave("taskType");
    }
    String title = options.text("title", "");
    ObjectNode rest = request.rest();
    config.map(Fields::rest).filter(more -> !more.isEmpty()).ifPresent(m -> rest.set(CONFIG, m));
    return new Embed.Input(
        request.place("content"),
        new Embed.Blocks(blocks),
        new Embed.Options(dimensions, purpose, title, request.extra(rest)));
  }

  private static Block block(Fields part) {
    Optional<String> text = part.textIfAny("text");
    if (text.isPresent()) {
      return new Block.Text(text.get());
    }
    Optional<Fields> inline = part.object("inlineData");
    if (inline.isPresent()) {
      String mime = inline.get().text("mimeType", "");
      String data = MediaData.standard(inline.get().text("data"));
      return media(mime, new Block.Media.Source.Inline(data));
    }
    Optional<Fields> file = part.object("fileData");
    if (file.isPresent()) {
      String mime = file.get().text("mimeType", "");
      return media(mime, new Block.Media.Source.Stored(file.get().text("fileUri")));
    }
    return new Block.Native(part.extra(part.whole()));
  }

  private static Block media(String mime, Block.Media.Source source) {
    return new Block.Media(MediaData.kind(mime), mime, source, "", Block.Cache.NONE, Extra.NONE);
  }

  @Override
  public boolean takes(Request request) {
    return request instanceof Embed;
  }

  @Override
  public int most(Embed embed) {
    return MOST;
  }

  @Override
  public Outbound write(Request request, Target target, Adaptation adaptation) {
    Embed embed = Embed.of(request);
    boolean many = batched(embed) || embed.inputs().size() > 1;
    Provider.Quirks quirks = target.provider().quirks();
    byte[] body;
    if (speaks(embed) && embed.original().isPresent()) {
      Body original = embed.original().get().body();
      var changes = new HashMap<String, Optional<byte[]>>();
      if (many) {
        changes.put("requests", Optional.of(Json.bytes(renamed(original, target))));
      } else if (original.has("model")) {
        // The path names the target's model; another one here would contradict it.
        changes.put("model", Fit.GONE);
      }
      body = Fit.patched(original, changes, quirks, adaptation);
    } else {
      ObjectNode written = written(embed, many, target, adaptation);
      Fit.written(written, field -> true, quirks, adaptation);
      body = Json.bytes(written);
    }
    return new Outbound(
        Paths.gemini(target, many ? "batchEmbedContents" : "embedContent"), Map.of(), body);
  }

  private static ArrayNode renamed(Body original, Target target) {
    ArrayNode requests = Json.array();
    for (JsonNode request : original.tree().get("requests")) {
      requests.add(((ObjectNode) request.deepCopy()).put("model", "models/" + target.model()));
    }
    return requests;
  }

  private static ObjectNode written(
      Embed embed, boolean many, Target target, Adaptation adaptation) {
    EmbedWords words = EmbedWords.of(embed);
    words.requireFloats(embed);
    if (!many) {
      return written(embed.inputs().getFirst(), words, adaptation);
    }
    ObjectNode body = Json.object();
    ArrayNode requests = body.putArray("requests");
    for (Embed.Input input : embed.inputs()) {
      requests.add(written(input, words, adaptation).put("model", "models/" + target.model()));
    }
    return body;
  }

  private static ObjectNode written(Embed.Input input, EmbedWords words, Adaptation adaptation) {
    ObjectNode request = Json.object();
    ArrayNode parts = request.putObject("content").putArray("parts");
    for (Block block : EmbedWords.blocks(input)) {
      switch (block) {
        case Block.Text text -> parts.addObject().put("text", text.text());
        case Block.Media media -> parts.add(media(media, input.place(), adaptation));
        case Block.Native other when other.extra().of(NAME) -> parts.add(other.extra().fields());
        default ->
            throw EmbedWords.elsewhere(
                input.place(), "'" + input.place() + "' holds what the target does not know.");
      }
    }
    Embed.Options options = input.options();
    options.dimensions().ifPresent(number -> request.put("outputDimensionality", number));
    options
        .purpose()
        .ifPresent(purpose -> {
          String task = TASKS.get(purpose);
          if (task == null) {
            adaptation.drop(words.purpose());
          } else {
            request.put("taskType", task);
          }
        });
    if (!options.title().isEmpty()) {
      request.put("title", options.title());
    }
    Fit.putBack(options.extra(), NAME, request, "", adaptation);
    return request;
  }

  private static ObjectNode media(Block.Media media, String place, Adaptation adaptation) {
    return new GeminiMedia(true, adaptation)
        .write(media, place)
        .orElseThrow(() ->
            EmbedWords.elsewhere(place, "'" + place + "' holds what the target does not take."));
  }

  @Override
  public ReplyReader reader(Request request) {
    Embed embed = Embed.of(request);
    return new WholeReader(NAME, (headers, reply) -> parts(embed, reply));
  }

  private static List<Part> parts(Embed embed, ObjectNode reply) {
    if (reply.hasNonNull("error")) {
      throw GeminiErrors.failure(reply.get("error"));
    }
    var vectors = new ArrayList<Part.Vector>();
    if (reply.has("embedding")) {
      vectors.add(EmbedWords.vector(0, reply.get("embedding").path("values")));
    }
    for (JsonNode one : reply.path("embeddings")) {
      vectors.add(EmbedWords.vector(vectors.size(), one.path("values")));
    }
    var parts = new ArrayList<Part>(EmbedWords.complete(embed, vectors));
    parts.add(
        EmbedWords.usage(
            embed, EmbedWords.number(reply.path("usageMetadata").path("promptTokenCount"))));
    return parts;
  }

  @Override
  public ReplyWriter writer(Request request, Trail trail) {
    Embed embed = Embed.of(request);
    return new WholeWriter(
        NAME, parts -> EmbedWords.asAsked(embed, parts), parts -> reply(embed, parts));
  }

  private static ObjectNode reply(Embed embed, List<Part> parts) {
    ObjectNode reply = Json.object();
    ArrayNode all = Json.array();
    for (List<Part.Vector> ofInput : EmbedWords.byInput(parts)) {
      all.addObject().set("values", EmbedWords.values(Format.FLOAT, ofInput));
    }
    if (batched(embed)) {
      reply.set("embeddings", all);
    } else {
      reply.set("embedding", all.get(0));
    }
    Usage usage = EmbedWords.usage(parts);
    reply
        .putObject("usageMetadata")
        .put("promptTokenCount", usage.prompt())
        .put("totalTokenCount", usage.total());
    return reply;
  }

  @Override
  public Dialect chat() {
    return gemini;
  }
}
