package dev.lintel.matrix;

import dev.lintel.Json;
import java.net.URLEncoder;
import java.net.http.HttpHeaders;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.zip.CRC32;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Bedrock's Converse, with its binary event stream. */
public final class ConverseClient implements Client {
  @Override
  public String name() {
    return "bedrock";
  }

  @Override
  public String own() {
    return "bedrock";
  }

  @Override
  public String path(String model, boolean stream) {
    return "/model/"
        + URLEncoder.encode(model, StandardCharsets.UTF_8)
        + (stream ? "/converse-stream" : "/converse");
  }

  @Override
  public Stops stops() {
    return new Stops(
        "end_turn", "max_tokens", "tool_use", "stop_sequence", List.of("content_filtered"));
  }

  @Override
  public boolean cachedInside() {
    return false;
  }

  @Override
  public ObjectNode body(Ask ask, String model, boolean stream) {
    ObjectNode body = Json.object();
    ArrayNode messages = body.putArray("messages");
    ArrayNode content = messages.addObject().put("role", "user").putArray("content");
    content.addObject().put("text", ask.text());
    ask.media()
        .ifPresent(media -> {
          ObjectNode block = content.addObject();
          ObjectNode source =
              media.image()
                  ? block.putObject("image").put("format", "png")
                  : block
                      .putObject("document")
                      .put("format", media.kind() == Ask.Media.Kind.TEXT ? "txt" : "pdf")
                      .put("name", "paper");
          source.putObject("source").put("bytes", media.base64());
        });
    ask.before()
        .ifPresent(said -> {
          messages.addObject().put("role", "assistant").set("content", said.echo());
          ArrayNode results = messages.addObject().put("role", "user").putArray("content");
          for (Said.Call call : said.calls()) {
            results
                .addObject()
                .putObject("toolResult")
                .put("toolUseId", call.id())
                .putArray("content")
                .addObject()
                .put("text", Ask.RESULT);
          }
        });
    if (!ask.tools().isEmpty()) {
      ArrayNode tools = body.putObject("toolConfig").putArray("tools");
      for (Ask.Tool tool : ask.tools()) {
        tools
            .addObject()
            .putObject("toolSpec")
            .put("name", tool.name())
            .put("description", "A tool.")
            .putObject("inputSchema")
            .set("json", tool.schema());
      }
    }
    if (ask.thinking()) {
      body.putObject("additionalModelRequestFields")
          .putObject("thinking")
          .put("type", "enabled")
          .put("budget_tokens", 2000);
    }
    ask.schema()
        .ifPresent(schema ->
            body.putObject("outputConfig")
                .putObject("textFormat")
                .put("type", "json_schema")
                .putObject("structure")
                .putObject("jsonSchema")
                .put("name", "answer")
                .put("schema", schema.toString()));
    ObjectNode settings = body.putObject("inferenceConfig");
    settings.put("maxTokens", ask.maxTokens() > 0 ? ask.maxTokens() : 4000);
    ask.stop().ifPresent(stop -> settings.putArray("stopSequences").add(stop));
    if (ask.unknown()) {
      body.put(Ask.UNKNOWN, 1);
    }
    return body;
  }

  @Override
  public Said whole(byte[] reply) {
    JsonNode json = Client.json(reply);
    return said(
        json.path("output").path("message").path("content"),
        json.path("stopReason"),
        json.path("usage"));
  }

  private Said said(JsonNode content, JsonNode stop, JsonNode usage) {
    var text = new StringBuilder();
    var thought = new StringBuilder();
    var calls = new ArrayList<Said.Call>();
    for (JsonNode block : content) {
      text.append(block.path("text").asString(""));
      thought.append(
          block.path("reasoningContent").path("reasoningText").path("text").asString(""));
      if (block.path("toolUse").isObject()) {
        JsonNode call = block.get("toolUse");
        calls.add(
            new Said.Call(
                Client.text(call, "toolUseId"),
                Client.text(call, "name"),
                call.path("input").toString()));
      }
    }
    long input = usage.path("inputTokens").asLong(-1);
    long output = usage.path("outputTokens").asLong(-1);
    Client.check(usage.path("totalTokens").asLong(-1) >= input + output, "the total of tokens");
    return new Said(
        text.toString(),
        thought.toString(),
        stops().refusals().contains(stop.asString("")) ? text.toString() : "",
        calls,
        stop.asString(""),
        input,
        usage.path("cacheReadInputTokens").asLong(0),
        output,
        content);
  }

  @Override
  public Said streamed(byte[] reply) {
    ArrayNode content = Json.array();
    var input = new StringBuilder();
    JsonNode stop = Json.MAPPER.missingNode();
    JsonNode usage = Json.MAPPER.missingNode();
    int open = -1;
    List<Message> messages = messages(reply);
    for (Message message : messages) {
      Client.check(!message.exception, "there is no exception");
      JsonNode json = message.json;
      int index = json.path("contentBlockIndex").asInt(-1);
      Client.check(
          stop.isMissingNode() || message.type.equals("metadata"),
          "metadata alone follows messageStop");
      switch (message.type) {
        case "messageStart" -> {
          Client.check(message == messages.getFirst(), "messageStart comes first");
          Client.check(json.path("role").asString("").equals("assistant"), "the role");
        }
        case "contentBlockStart" -> {
          Client.check(open < 0, "blocks follow one another");
          Client.check(index == content.size(), "indexes are contiguous");
          open = index;
          content.add(json.path("start").deepCopy());
          input.setLength(0);
        }
        case "contentBlockDelta" -> {
          if (open < 0) {
            Client.check(index == content.size(), "indexes are contiguous");
            open = index;
            content.addObject();
          }
          Client.check(open == index, "a delta belongs to the open block");
          delta((ObjectNode) content.get(index), json.path("delta"), input);
        }
        case "contentBlockStop" -> {
          Client.check(open == index, "a block ends that is open");
          open = -1;
          ObjectNode block = (ObjectNode) content.get(index);
          if (block.path("toolUse").isObject()) {
            ((ObjectNode) block.get("toolUse"))
                .set("input", Json.parse(input.isEmpty() ? "{}" : input.toString()));
          }
        }
        case "messageStop" -> {
          Client.check(open < 0, "the blocks have ended before");
          stop = json.path("stopReason");
        }
        case "metadata" -> {
          Client.check(message == messages.getLast(), "metadata comes last");
          usage = json.path("usage");
        }
        default -> throw new AssertionError("there is no event " + message.type);
      }
    }
    Client.check(messages.getFirst().type.equals("messageStart"), "messageStart comes");
    Client.check(stop.isString(), "a stream ends with messageStop");
    Client.check(usage.isObject(), "and metadata");
    return said(content, stop, usage);
  }

  private static final Map<Integer, String> ERRORS =
      Map.of(
          400, "ValidationException",
          404, "ResourceNotFoundException",
          429, "ThrottlingException");

  @Override
  public JsonNode refused(int status, HttpHeaders headers, byte[] body) {
    String type = headers.firstValue("x-amzn-errortype").orElse("");
    Client.check(type.endsWith("Exception"), "x-amzn-errortype is missing");
    Client.check(type.equals(ERRORS.getOrDefault(status, type)), type + " is not " + status);
    JsonNode json = Client.json(body);
    Client.text(json, "message");
    return json.path("lintel");
  }

  /** The exceptions in the API's model of ConverseStream's output. */
  private static final Set<String> EXCEPTIONS =
      Set.of(
          "internalServerException",
          "modelStreamErrorException",
          "validationException",
          "throttlingException",
          "serviceUnavailableException");

  @Override
  public JsonNode broken(byte[] stream) {
    List<Message> messages = messages(stream);
    for (Message message : messages) {
      Client.check(!message.type.equals("messageStop"), "there is no end");
    }
    Message last = messages.getLast();
    Client.check(last.exception && EXCEPTIONS.contains(last.type), "the last is an exception");
    Client.text(last.json, "message");
    return last.json.path("lintel");
  }

  private static void delta(ObjectNode block, JsonNode delta, StringBuilder input) {
    if (delta.path("text").isString()) {
      block.put("text", block.path("text").asString("") + delta.get("text").asString());
    }
    input.append(delta.path("toolUse").path("input").asString(""));
    JsonNode reasoning = delta.path("reasoningContent");
    for (String field : List.of("text", "signature")) {
      if (reasoning.path(field).isString()) {
        ObjectNode thought = block.withObject("/reasoningContent").withObject("/reasoningText");
        thought.put(field, thought.path(field).asString("") + reasoning.get(field).asString());
      }
    }
    if (reasoning.path("redactedContent").isString()) {
      block
          .withObject("/reasoningContent")
          .set("redactedContent", reasoning.get("redactedContent"));
    }
  }

  private record Message(String type, boolean exception, JsonNode json) {}

  /**
   * "Event Stream Encoding" of the AWS SDK's developer documents: total length, headers' length,
   * CRC of both, headers, payload, CRC of all.
   */
  private static List<Message> messages(byte[] stream) {
    var messages = new ArrayList<Message>();
    var in = ByteBuffer.wrap(stream);
    while (in.hasRemaining()) {
      int start = in.position();
      int total = in.getInt();
      int headers = in.getInt();
      var crc = new CRC32();
      crc.update(stream, start, 8);
      Client.check((int) crc.getValue() == in.getInt(), "the prelude's checksum fits");
      crc.reset();
      crc.update(stream, start, total - 4);
      Client.check(
          (int) crc.getValue() == in.getInt(start + total - 4), "the message's checksum fits");
      var fields = new TreeMap<String, String>();
      int end = in.position() + headers;
      while (in.position() < end) {
        byte[] name = new byte[in.get()];
        in.get(name);
        Client.check(in.get() == 7, "headers are strings");
        byte[] value = new byte[in.getShort()];
        in.get(value);
        fields.put(
            new String(name, StandardCharsets.UTF_8), new String(value, StandardCharsets.UTF_8));
      }
      boolean exception = "exception".equals(fields.get(":message-type"));
      Client.check(
          "application/json".equals(fields.get(":content-type")),
          "a message is of JSON: " + fields);
      String type = fields.getOrDefault(exception ? ":exception-type" : ":event-type", "");
      Client.check(!type.isEmpty(), "a message has a type: " + fields);
      byte[] payload = new byte[total - headers - 16];
      in.get(payload);
      in.getInt();
      messages.add(new Message(type, exception, Client.json(payload)));
    }
    Client.check(!messages.isEmpty(), "a stream has messages");
    return messages;
  }
}
