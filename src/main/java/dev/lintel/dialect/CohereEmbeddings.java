package dev.lintel.dialect;

import dev.lintel.Adaptation;
import dev.lintel.Block;
import dev.lintel.Dialect;
import dev.lintel.Embed;
import dev.lintel.Embed.Format;
import dev.lintel.Embed.Purpose;
import dev.lintel.Failure;
import dev.lintel.Headers;
import dev.lintel.Inbound;
import dev.lintel.Json;
import dev.lintel.Outbound;
import dev.lintel.Part;
import dev.lintel.Platform;
import dev.lintel.ReplyReader;
import dev.lintel.ReplyWriter;
import dev.lintel.Request;
import dev.lintel.Target;
import dev.lintel.Trail;
import dev.lintel.Usage;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Cohere's {@code /v2/embed} (https://docs.cohere.com/v2/reference/embed, 2026-11), and the same
 * models at Bedrock, where the path names the model and the head counts the tokens
 * (https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-embed.html).
 */
public final class CohereEmbeddings implements Beside {
  static final String NAME = "cohere-embed";

  /** As the reference has it: texts, or anything as {@code inputs}. */
  static final int MOST = 96;

  private static final Map<Purpose, String> TYPES =
      Map.of(
          Purpose.DOCUMENT, "search_document",
          Purpose.QUERY, "search_query",
          Purpose.CLASSIFICATION, "classification",
          Purpose.CLUSTERING, "clustering",
          Purpose.IMAGE, "image");

  /** Those that Cohere has no word for, by what comes nearest. */
  private static final Map<Purpose, Purpose> NEAREST =
      Map.of(
          Purpose.QUESTION, Purpose.QUERY,
          Purpose.FACT, Purpose.QUERY,
          Purpose.CODE_QUERY, Purpose.QUERY,
          Purpose.SIMILARITY, Purpose.CLUSTERING);

  private final CohereChat cohere = new CohereChat();

  private static boolean speaks(Embed embed) {
    return embed.dialect().name().equals(NAME);
  }

  /** What an {@code input_type} says; empty where it is none of Cohere's words. */
  static Optional<Purpose> purpose(String word) {
    return TYPES.entrySet().stream()
        .filter(known -> known.getValue().equals(word))
        .map(Map.Entry::getKey)
        .findFirst();
  }

  /** Cohere's word, or its word for what comes nearest. */
  static String word(Purpose purpose) {
    return TYPES.getOrDefault(
        purpose, TYPES.getOrDefault(NEAREST.getOrDefault(purpose, purpose), "search_document"));
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Request read(Inbound inbound) {
    return new CohereEmbedReader(inbound).read(this);
  }

  @Override
  public boolean takes(Request request) {
    return request instanceof Embed;
  }

  /** Older models take one image a call, which is what images alone are sent as. */
  @Override
  public int most(Embed embed) {
    return embed.inputs().stream().allMatch(CohereEmbeddings::isImage) ? 1 : MOST;
  }

  private static boolean isImage(Embed.Input input) {
    return input.content() instanceof Embed.Blocks blocks
        && blocks.list().size() == 1
        && blocks.list().getFirst() instanceof Block.Media;
  }

  private static boolean isText(Embed.Input input) {
    return input.content() instanceof Embed.Blocks blocks
        && blocks.list().stream().allMatch(Block.Text.class::isInstance);
  }

  @Override
  public Outbound write(Request request, Target target, Adaptation adaptation) {
    Embed embed = Embed.of(request);
    boolean bedrock = target.provider().platform() instanceof Platform.Bedrock;
    byte[] body;
    if (speaks(embed) && embed.original().isPresent()) {
      var changes = new HashMap<String, Optional<byte[]>>(4);
      changes.put("model", bedrock ? Fit.GONE : Optional.of(Json.string(target.model())));
      body =
          Fit.patched(
              embed.original().get().body(), changes, target.provider().quirks(), adaptation);
    } else {
      ObjectNode written = written(embed, adaptation);
      if (!bedrock) {
        written.put("model", target.model());
      }
      Fit.written(written, field -> speaks(embed), target.provider().quirks(), adaptation);
      body = Json.bytes(written);
    }
    String path = bedrock ? TitanEmbeddings.path(target) : "/v2/embed";
    return new Outbound(path, Map.of(), body);
  }

  private static ObjectNode written(Embed embed, Adaptation adaptation) {
    EmbedWords words = EmbedWords.of(embed);
    Embed.Options options = embed.options();
    ObjectNode body = Json.object();
    if (embed.inputs().stream().allMatch(CohereEmbeddings::isText)) {
      ArrayNode texts = body.putArray("texts");
      embed.inputs().forEach(input -> texts.add(EmbedWords.text(input)));
    } else if (embed.inputs().stream().allMatch(CohereEmbeddings::isImage)) {
      ArrayNode images = body.putArray("images");
      embed.inputs().forEach(input -> images.add(url(EmbedWords.blocks(input).getFirst(), input)));
    } else {
      mixed(embed, body.putArray("inputs"));
    }
    body.put("input_type", type(embed, options, words, adaptation));
    ArrayNode types = body.putArray("embedding_types");
    if (speaks(embed)) {
      embed.formats().forEach(format -> types.add(format.word()));
    } else {
      words.requireFloats(embed);
      types.add(Format.FLOAT.word());
    }
    options.dimensions().ifPresent(number -> body.put("output_dimension", number));
    words.drop(options, false, adaptation);
    Fit.putBack(options.extra(), NAME, body, "", adaptation);
    return body;
  }

  /** Without one Cohere refuses the call. */
  private static String type(
      Embed embed, Embed.Options options, EmbedWords words, Adaptation adaptation) {
    if (options.purpose().isEmpty()) {
      adaptation.mend("input_type");
      return embed.inputs().stream().allMatch(CohereEmbeddings::isImage)
          ? "image"
          : "search_document";
    }
    Purpose purpose = options.purpose().get();
    if (!TYPES.containsKey(purpose)) {
      adaptation.change(words.purpose(), word(purpose));
    }
    return word(purpose);
  }

  private static void mixed(Embed embed, ArrayNode inputs) {
    for (Embed.Input input : embed.inputs()) {
      ArrayNode content = inputs.addObject().putArray("content");
      for (Block block : EmbedWords.blocks(input)) {
        switch (block) {
          case Block.Text text -> content.addObject().put("type", "text").put("text", text.text());
          case Block.Native other when other.extra().of(NAME) ->
              content.add(other.extra().fields());
          default ->
              content
                  .addObject()
                  .put("type", "image_url")
                  .putObject("image_url")
                  .put("url", url(block, input));
        }
      }
    }
  }

  private static String url(Block block, Embed.Input input) {
    if (block instanceof Block.Media media && media.kind() == Block.Media.Kind.IMAGE) {
      if (media.source() instanceof Block.Media.Source.Inline inline) {
        return MediaData.of(media.mime(), inline.base64()).url();
      }
      if (media.source() instanceof Block.Media.Source.Link link) {
        return link.url();
      }
    }
    throw EmbedWords.elsewhere(
        input.place(), "'" + input.place() + "' is neither text nor an image.");
  }

  @Override
  public ReplyReader reader(Request request) {
    Embed embed = Embed.of(request);
    return new WholeReader(NAME, (headers, reply) -> parts(embed, headers, reply));
  }

  private static List<Part> parts(Embed embed, Headers headers, ObjectNode reply) {
    var vectors = new ArrayList<Part.Vector>();
    JsonNode given = reply.path("embeddings");
    if (given.isArray()) {
      // Bedrock's form where no types were asked for.
      vectors(Format.FLOAT, given, vectors);
    }
    for (Format format : Format.values()) {
      vectors(format, given.path(format.word()), vectors);
    }
    var parts = new ArrayList<Part>(vectors.size() + 2);
    // Bedrock's replies lack what clients of Cohere's own find: without an id they are rewritten.
    parts.add(new Part.Start(reply.has("meta") ? reply.path("id").asString("") : "", ""));
    parts.addAll(EmbedWords.complete(embed, vectors));
    JsonNode billed = reply.path("meta").path("billed_units");
    Usage usage =
        EmbedWords.usage(
            embed,
            EmbedWords.number(billed.path("input_tokens"))
                .or(() -> TitanEmbeddings.tokens(headers)));
    Optional<Long> images = EmbedWords.number(billed.path("images"));
    if (images.isPresent() && usage.source() == Usage.Source.ESTIMATE) {
      // Images alone are counted by the piece, and no text was there to estimate.
      usage = Usage.of(0, 0, Usage.Source.PROVIDER);
    }
    parts.add(
        images.isPresent()
            ? usage.units(Map.of(Usage.Unit.IMAGE, BigDecimal.valueOf(images.get())))
            : usage);
    return parts;
  }

  private static void vectors(Format format, JsonNode all, List<Part.Vector> into) {
    int index = 0;
    for (JsonNode values : all) {
      Part.Vector read = EmbedWords.vector(index++, values);
      into.add(new Part.Vector(read.index(), format, read.values()));
    }
  }

  @Override
  public ReplyWriter writer(Request request, Trail trail) {
    Embed embed = Embed.of(request);
    return new WholeWriter(
        NAME,
        parts -> EmbedWords.asAsked(embed, parts) && !EmbedWords.id(parts).isEmpty(),
        parts -> reply(embed, parts));
  }

  private static ObjectNode reply(Embed embed, List<Part> parts) {
    String id = EmbedWords.id(parts);
    ObjectNode reply = Json.object().put("id", id.isEmpty() ? UUID.randomUUID().toString() : id);
    ObjectNode embeddings = reply.putObject("embeddings");
    for (Format format : embed.formats()) {
      ArrayNode all = embeddings.putArray(format.word());
      EmbedWords.byInput(parts).forEach(ofInput -> all.add(EmbedWords.values(format, ofInput)));
    }
    ArrayNode texts = reply.putArray("texts");
    embed.inputs().stream()
        .filter(CohereEmbeddings::isText)
        .forEach(input -> texts.add(EmbedWords.text(input)));
    ObjectNode meta = reply.putObject("meta");
    meta.putObject("api_version").put("version", "2");
    Usage usage = EmbedWords.usage(parts);
    ObjectNode billed = meta.putObject("billed_units");
    billed.put("input_tokens", usage.prompt());
    BigDecimal images = usage.units().get(Usage.Unit.IMAGE);
    if (images != null) {
      billed.put("images", images);
    }
    return reply.put("response_type", "embeddings_by_type");
  }

  @Override
  public Failure failure(int status, Headers headers, byte[] body) {
    return headers.get("x-amzn-errortype").isPresent()
        ? TitanEmbeddings.refused(status, headers, body)
        : cohere.failure(status, headers, body);
  }

  @Override
  public Dialect chat() {
    return cohere;
  }
}
