package dev.lintel.dialect;

import dev.lintel.Adaptation;
import dev.lintel.Body;
import dev.lintel.Dialect;
import dev.lintel.Embed;
import dev.lintel.Embed.Format;
import dev.lintel.Failure;
import dev.lintel.Headers;
import dev.lintel.Inbound;
import dev.lintel.Json;
import dev.lintel.Outbound;
import dev.lintel.Part;
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

/** OpenAI's embeddings: https://platform.openai.com/docs/api-reference/embeddings (2026-11). */
public final class OpenAiEmbeddings implements Beside {
  static final String NAME = "embeddings";

  /** As the reference has it. */
  private static final int MOST = 2048;

  private static final Fields.Manner MANNER = new Fields.Manner(NAME, false, false);
  private final OpenAiChat openai = new OpenAiChat();

  private static boolean speaks(Embed embed) {
    return embed.dialect().name().equals(NAME);
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Request read(Inbound inbound) {
    Body body = inbound.body();
    String model = OpenAiChat.model(inbound);
    Fields fields =
        Fields.of(MANNER, body.tree())
            .ignore("model")
            .ignore(Fit.gatewayFields(body).toArray(String[]::new));
    JsonNode input = fields.needed("input");
    Format format = format(fields);
    var dimensions = fields.integer("dimensions");
    var purpose = fields.textIfAny("input_type").flatMap(CohereEmbeddings::purpose);
    if (purpose.isEmpty()) {
      // Other vendors have other words here.
      fields.leave("input_type");
    }
    var options =
        new Embed.Options(
            dimensions
                .map(number -> OptionalInt.of(EmbedWords.positive("dimensions", number)))
                .orElse(OptionalInt.empty()),
            purpose,
            "",
            fields.extra());
    return new Embed(this, model, inputs(input, options), List.of(format), Optional.of(inbound));
  }

  private static Format format(Fields fields) {
    return switch (fields.text("encoding_format", "float")) {
      case "float" -> Format.FLOAT;
      case "base64" -> Format.BASE64;
      default -> throw fields.unknown("encoding_format", "float or base64");
    };
  }

  private static List<Embed.Input> inputs(JsonNode input, Embed.Options options) {
    if (input.isString()) {
      return List.of(
          new Embed.Input("input", EmbedWords.given("input", input.asString()), options));
    }
    if (!input.isArray()) {
      throw wrong("input");
    }
    if (input.path(0).isNumber()) {
      return List.of(new Embed.Input("input", tokens("input", input), options));
    }
    EmbedWords.count("input", input.size(), MOST);
    var inputs = new ArrayList<Embed.Input>(input.size());
    for (JsonNode one : input) {
      String place = "input[" + inputs.size() + "]";
      inputs.add(
          new Embed.Input(
              place,
              one.isString() ? EmbedWords.given(place, one.asString()) : tokens(place, one),
              options));
    }
    return inputs;
  }

  private static Embed.Content tokens(String place, JsonNode given) {
    if (!(given instanceof ArrayNode ids)
        || ids.isEmpty()
        || !ids.valueStream().allMatch(id -> id.isIntegralNumber() && id.asLong(-1) >= 0)) {
      throw wrong(place);
    }
    return new Embed.Tokens(ids);
  }

  private static Failure wrong(String place) {
    return Failure.invalid(
            "'" + place + "' must be a string or tokens, or an array of one of both.")
        .at(place);
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
    byte[] body =
        speaks(embed) && embed.original().isPresent()
            ? patched(embed.original().get().body(), target, adaptation)
            : Json.bytes(written(embed, target, adaptation));
    return new Outbound(Paths.openAi(target, "/embeddings"), Map.of(), body);
  }

  private static byte[] patched(Body body, Target target, Adaptation adaptation) {
    var changes = new HashMap<String, Optional<byte[]>>(4);
    changes.put("model", Optional.of(Json.string(Paths.model(target))));
    return Fit.patched(body, changes, target.provider().quirks(), adaptation);
  }

  private static ObjectNode written(Embed embed, Target target, Adaptation adaptation) {
    EmbedWords words = EmbedWords.of(embed);
    words.requireFloats(embed);
    Embed.Options options = embed.options();
    ObjectNode body = Json.object().put("model", Paths.model(target));
    ArrayNode input = body.putArray("input");
    for (Embed.Input one : embed.inputs()) {
      switch (one.content()) {
        case Embed.Tokens tokens -> input.add(tokens.ids());
        case Embed.Blocks _ -> input.add(EmbedWords.text(one));
      }
    }
    options.dimensions().ifPresent(number -> body.put("dimensions", number));
    if (speaks(embed)) {
      options.purpose().ifPresent(p -> body.put("input_type", CohereEmbeddings.word(p)));
      // Others get numbers, which every server of this dialect can write.
      body.put("encoding_format", embed.formats().getFirst().word());
    }
    words.drop(options, !speaks(embed), adaptation);
    Fit.putBack(options.extra(), NAME, body, "", adaptation);
    Fit.written(body, field -> speaks(embed), target.provider().quirks(), adaptation);
    return body;
  }

  @Override
  public ReplyReader reader(Request request) {
    Embed embed = Embed.of(request);
    return new WholeReader(NAME, (headers, reply) -> parts(embed, reply));
  }

  private static List<Part> parts(Embed embed, ObjectNode reply) {
    if (reply.hasNonNull("error")) {
      throw OpenAiErrors.read(200, Headers.NONE, reply);
    }
    var vectors = new ArrayList<Part.Vector>();
    for (JsonNode one : reply.path("data")) {
      // Google's own endpoint in this dialect leaves the index out (seen 2026-05).
      int index = one.path("index").asInt(vectors.size());
      vectors.add(EmbedWords.vector(index, one.path("embedding")));
    }
    var parts = new ArrayList<Part>(vectors.size() + 2);
    parts.add(new Part.Start(reply.path("id").asString(""), reply.path("model").asString("")));
    parts.addAll(EmbedWords.complete(embed, vectors));
    JsonNode usage = reply.path("usage");
    parts.add(
        EmbedWords.usage(
            embed,
            EmbedWords.number(usage.path("prompt_tokens"))
                .or(() -> EmbedWords.number(usage.path("total_tokens")))));
    return parts;
  }

  @Override
  public ReplyWriter writer(Request request, Trail trail) {
    Embed embed = Embed.of(request);
    return new WholeWriter(
        NAME, parts -> EmbedWords.asAsked(embed, parts), parts -> reply(embed, parts));
  }

  private static ObjectNode reply(Embed embed, List<Part> parts) {
    Format format = embed.formats().getFirst();
    ObjectNode reply = Json.object().put("object", "list");
    ArrayNode data = reply.putArray("data");
    for (List<Part.Vector> ofInput : EmbedWords.byInput(parts)) {
      data.addObject()
          .put("object", "embedding")
          .put("index", data.size() - 1)
          .set("embedding", EmbedWords.values(format, ofInput));
    }
    Usage usage = EmbedWords.usage(parts);
    reply.put("model", EmbedWords.model(parts, embed.model()));
    reply
        .putObject("usage")
        .put("prompt_tokens", usage.prompt())
        .put("total_tokens", usage.total());
    return reply;
  }

  @Override
  public Dialect chat() {
    return openai;
  }
}
