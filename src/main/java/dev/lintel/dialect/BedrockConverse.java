package dev.lintel.dialect;

import dev.lintel.Adaptation;
import dev.lintel.Answer;
import dev.lintel.AwsEvent;
import dev.lintel.Block;
import dev.lintel.Body;
import dev.lintel.Chat;
import dev.lintel.Dialect;
import dev.lintel.Failure;
import dev.lintel.Headers;
import dev.lintel.Inbound;
import dev.lintel.Json;
import dev.lintel.Listing;
import dev.lintel.Outbound;
import dev.lintel.Provider;
import dev.lintel.ReplyReader;
import dev.lintel.ReplyWriter;
import dev.lintel.Request;
import dev.lintel.Target;
import dev.lintel.Trail;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/**
 * AWS Bedrock's {@code Converse} and {@code ConverseStream}:
 * https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html. A provider's
 * URL is {@code http://host}, as for AWS's own SDKs.
 */
public final class BedrockConverse implements Dialect {
  private static final String WHOLE = "converse";
  private static final String STREAM = "converse-stream";

  @Override
  public String name() {
    return BedrockWords.NAME;
  }

  /**
   * {@inheritDoc}
   *
   * <p>The path gives {@code model} and {@code method}.
   */
  @Override
  public String bound() {
    return "inferenceConfig.maxTokens";
  }

  @Override
  public Request read(Inbound inbound) {
    String method = inbound.path().getOrDefault("method", WHOLE);
    boolean stream =
        switch (method) {
          case WHOLE -> false;
          case STREAM -> true;
          default ->
              throw Failure.of(
                  Failure.Kind.NOT_FOUND, "There is no operation '" + method + "' here.");
        };
    String model = inbound.path().getOrDefault("model", "");
    if (model.isEmpty()) {
      throw Failure.invalid("The path names no model.").at("modelId");
    }
    Body body = inbound.body();
    // A stored prompt of the account's has its own messages.
    if (body.has("messages") || !body.has("promptVariables")) {
      body.requireObjects("messages");
    }
    return Chat.read(this, model, stream, true, inbound, BedrockRequestReader::read);
  }

  /** Only links into its own store are followed, and those are no web addresses. */
  @Override
  public boolean follows(Block.Media media) {
    return false;
  }

  @Override
  public Outbound write(Request request, Target target, Adaptation adaptation) {
    Chat chat = Chat.of(request);
    Provider.Quirks quirks = target.provider().quirks();
    Optional<Body> asItIs =
        chat.original()
            .filter(inbound -> chat.dialect().name().equals(BedrockWords.NAME))
            .map(Inbound::body)
            .filter(body -> !Proofs.within(body.bytes()));
    byte[] body;
    if (asItIs.isPresent()) {
      var changes = new HashMap<String, Optional<byte[]>>();
      // The path names the target's model; another one here would contradict it.
      if (asItIs.get().has("modelId")) {
        changes.put("modelId", Fit.GONE);
      }
      body = Fit.patched(asItIs.get(), changes, quirks, adaptation);
    } else {
      ObjectNode written = BedrockRequestWriter.write(chat, target.traits(), adaptation);
      Fit.written(written, field -> true, quirks, adaptation);
      body = Json.bytes(written);
    }
    return new Outbound(
        "/model/" + Paths.segment(target.model()) + "/" + (chat.stream() ? STREAM : WHOLE),
        chat.stream() ? Map.of("accept", AwsEvent.STREAM) : Map.of(),
        body);
  }

  @Override
  public ReplyReader reader(Request request) {
    return new BedrockReplyReader(Chat.of(request));
  }

  @Override
  public ReplyWriter writer(Request request, Trail trail) {
    return new BedrockReplyWriter(Chat.of(request), trail);
  }

  @Override
  public Failure failure(int status, Headers headers, byte[] body) {
    return ProviderErrors.read(
        status, headers, body, tree -> BedrockErrors.read(status, headers, tree));
  }

  @Override
  public Answer error(Failure failure, Trail trail) {
    return BedrockErrors.answer(failure, trail);
  }

  /** As {@code ListFoundationModels} of Bedrock's other API would. */
  @Override
  public Answer models(List<Listing> models) {
    ObjectNode list = Json.object();
    var summaries = list.putArray("modelSummaries");
    for (Listing model : models) {
      summaries
          .addObject()
          .put("modelId", model.name())
          .put("modelName", model.name())
          .put("responseStreamingSupported", true);
    }
    return Answer.json(200, list);
  }
}
