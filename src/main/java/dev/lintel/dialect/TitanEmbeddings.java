package dev.lintel.dialect;

import dev.lintel.Adaptation;
import dev.lintel.Answer;
import dev.lintel.Block;
import dev.lintel.Dialect;
import dev.lintel.Embed;
import dev.lintel.Failure;
import dev.lintel.Headers;
import dev.lintel.Inbound;
import dev.lintel.Json;
import dev.lintel.Listing;
import dev.lintel.Outbound;
import dev.lintel.Part;
import dev.lintel.ReplyReader;
import dev.lintel.ReplyWriter;
import dev.lintel.Request;
import dev.lintel.Target;
import dev.lintel.Trail;
import dev.lintel.Traits;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/**
 * Amazon's Titan embeddings at Bedrock, text and multimodal, one input a call; no client speaks it:
 * https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-embed-text.html and
 * {@code …-titan-embed-mm.html} (2026-11).
 */
public final class TitanEmbeddings implements Dialect {
  static final String NAME = "titan-embed";

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Request read(Inbound inbound) {
    throw noClient();
  }

  @Override
  public boolean takes(Request request) {
    return request instanceof Embed;
  }

  @Override
  public int most(Embed embed) {
    return 1;
  }

  /** Where Bedrock invokes a model in its maker's own language. */
  static String path(Target target) {
    return "/model/" + Paths.segment(target.model()) + "/invoke";
  }

  /** What Bedrock counted, whatever the model says; empty where it does not say. */
  static Optional<Long> tokens(Headers headers) {
    return headers
        .get("x-amzn-bedrock-input-token-count")
        .filter(text ->
            !text.isEmpty() && text.length() < 18 && text.chars().allMatch(Character::isDigit))
        .map(Long::valueOf);
  }

  @Override
  public Outbound write(Request request, Target target, Adaptation adaptation) {
    Embed embed = Embed.of(request);
    EmbedWords words = EmbedWords.of(embed);
    words.requireFloats(embed);
    Embed.Input input = embed.inputs().getFirst();
    if (embed.inputs().size() > 1) {
      throw EmbedWords.elsewhere(
          embed.inputs().get(1).place(), "The target takes one input a call.");
    }
    Embed.Options options = input.options();
    ObjectNode body = Json.object();
    var texts = new ArrayList<String>(1);
    for (Block block : EmbedWords.blocks(input)) {
      switch (block) {
        case Block.Text text -> texts.add(text.text());
        case Block.Media media
            when media.kind() == Block.Media.Kind.IMAGE
                && media.source() instanceof Block.Media.Source.Inline inline
                && !body.has("inputImage") ->
            body.put("inputImage", inline.base64());
        default ->
            throw EmbedWords.elsewhere(
                input.place(),
                "'" + input.place() + "' may hold text and one image in base64 for this target.");
      }
    }
    if (!texts.isEmpty()) {
      body.put("inputText", String.join("\n", texts));
    }
    if (options.dimensions().isPresent()) {
      int dimensions = options.dimensions().getAsInt();
      if (body.has("inputImage") || target.traits().can(Traits.Ability.IMAGE_INPUT)) {
        body.putObject("embeddingConfig").put("outputEmbeddingLength", dimensions);
      } else {
        body.put("dimensions", dimensions);
      }
    }
    words.drop(options, true, adaptation);
    Fit.putBack(options.extra(), NAME, body, "", adaptation);
    Fit.written(body, field -> false, target.provider().quirks(), adaptation);
    return new Outbound(path(target), Map.of(), Json.bytes(body));
  }

  @Override
  public ReplyReader reader(Request request) {
    Embed embed = Embed.of(request);
    return new WholeReader(NAME, (headers, reply) -> parts(embed, headers, reply));
  }

  private static List<Part> parts(Embed embed, Headers headers, ObjectNode reply) {
    if (!reply.has("embedding") && reply.path("message").isString()) {
      throw Failure.of(
          Failure.Kind.UPSTREAM_ERROR, ProviderErrors.scrub(reply.get("message").asString()));
    }
    var vectors = List.of(EmbedWords.vector(0, reply.path("embedding")));
    var parts = new ArrayList<Part>(EmbedWords.complete(embed, vectors));
    parts.add(
        EmbedWords.usage(
            embed, EmbedWords.number(reply.path("inputTextTokenCount")).or(() -> tokens(headers))));
    return parts;
  }

  @Override
  public Failure failure(int status, Headers headers, byte[] body) {
    return refused(status, headers, body);
  }

  /** What an error reply of Bedrock means, whoever made the model. */
  static Failure refused(int status, Headers headers, byte[] body) {
    return ProviderErrors.read(
        status, headers, body, tree -> BedrockErrors.read(status, headers, tree));
  }

  @Override
  public ReplyWriter writer(Request request, Trail trail) {
    throw noClient();
  }

  @Override
  public Answer error(Failure failure, Trail trail) {
    throw noClient();
  }

  @Override
  public Answer models(List<Listing> models) {
    throw noClient();
  }

  private static IllegalStateException noClient() {
    return new IllegalStateException("no client speaks Titan's language");
  }
}
