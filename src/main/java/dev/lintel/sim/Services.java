package dev.lintel.sim;

import dev.lintel.Body;
import dev.lintel.Bytes;
import dev.lintel.Failure;
import dev.lintel.Form;
import dev.lintel.Held;
import dev.lintel.Json;
import dev.lintel.RawRequest;
import dev.lintel.Spool;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * OpenAI's pictures, sounds and moderations, made up: a picture in the prompt's colour, a sound as
 * long as its text, words that say how many bytes were heard.
 */
final class Services {
  /** OpenAI's, each found where its name is. */
  private static final List<String> CATEGORIES =
      List.of(
          "harassment",
          "harassment/threatening",
          "hate",
          "hate/threatening",
          "illicit",
          "illicit/violent",
          "self-harm",
          "self-harm/instructions",
          "self-harm/intent",
          "sexual",
          "sexual/minors",
          "violence",
          "violence/graphic");

  private static final int MOST_PICTURES = 10;
  private static final String TEXT = "text/plain; charset=utf-8";

  /** Where a service is, and what answers there. */
  record Place(String path, Embeddings.Model model) {}

  static final List<Place> PLACES =
      Stream.of(
              new Place("/images/generations", Services::picture),
              new Place("/images/edits", Services::edited),
              new Place("/images/variations", Services::edited),
              new Place("/audio/speech", Services::speech),
              new Place("/audio/transcriptions", (raw, own) -> heard(raw, own, "transcribe")),
              new Place("/audio/translations", (raw, own) -> heard(raw, own, "translate")),
              new Place("/moderations", Services::moderation))
          .flatMap(one -> Vendor.openAi(one.path).map(path -> new Place(path, one.model)))
          .toList();

  private Services() {}

  /** What a form said, and how long its file was. */
  private record Given(Form form, long length) {
    static Given of(RawRequest raw, String file) {
      if (raw.upload().isEmpty()) {
        throw Failure.invalid("A multipart/form-data body is expected.").at(file);
      }
      try (var held = new Held(raw.upload().get(), Spool.NOWHERE)) {
        Form form = Form.read(held, raw.headers().get("content-type").orElse(""), read -> false);
        if (form.files().stream().noneMatch(one -> one.name().startsWith(file))) {
          throw missing(file);
        }
        return new Given(form, held.length());
      }
    }

    String text(String name, String usual) {
      return form.text(name).orElse(usual);
    }

    String model() {
      return form.text("model").orElseThrow(() -> missing("model"));
    }
  }

  private static Reply picture(RawRequest raw, SimOptions options) {
    Body body = Body.scan(raw.body());
    String model = body.text("model").orElseThrow(() -> missing("model"));
    String prompt = body.text("prompt").orElseThrow(() -> missing("prompt"));
    int count = body.value("n").map(n -> n.asInt(1)).orElse(1);
    SimOptions own = options.call(raw, model);
    return body.flag("stream")
        ? pictureEvents(prompt, body.value("partial_images").map(n -> n.asInt(0)).orElse(0), own)
        : pictures(prompt, count, own);
  }

  private static Reply edited(RawRequest raw, SimOptions options) {
    Given given = Given.of(raw, "image");
    int count = Integer.parseInt(given.text("n", "1"));
    return pictures(given.text("prompt", "again"), count, options.call(raw, given.model()));
  }

  private static Reply pictures(String prompt, int count, SimOptions options) {
    if (count < 1 || count > MOST_PICTURES) {
      throw Failure.invalid("'n' must be from 1 to " + MOST_PICTURES + ".").at("n");
    }
    ObjectNode reply = Json.object().put("created", 1_700_000_000);
    ArrayNode data = reply.putArray("data");
    for (int i = 0; i < count; i++) {
      data.addObject().put("b64_json", Picture.png(prompt.hashCode() + i));
    }
    reply.set("usage", usage(prompt, count));
    return Reply.whole(Json.bytes(reply), 0, options);
  }

  private static ObjectNode usage(String prompt, int count) {
    long in = 1L + prompt.length() / 4;
    long out = 272L * count;
    ObjectNode usage =
        Json.object()
            .put("input_tokens", in)
            .put("output_tokens", out)
            .put("total_tokens", in + out);
    usage.putObject("input_tokens_details").put("text_tokens", in).put("image_tokens", 0);
    return usage;
  }

  private static Reply pictureEvents(String prompt, int partial, SimOptions options) {
    var content = new ArrayList<byte[]>();
    String drawn = Picture.png(prompt.hashCode());
    for (int i = 0; i < partial; i++) {
      content.add(
          event(
              Json.object()
                  .put("type", "image_generation.partial_image")
                  .put("b64_json", drawn)
                  .put("partial_image_index", i)));
    }
    ObjectNode last =
        Json.object().put("type", "image_generation.completed").put("b64_json", drawn);
    last.set("usage", usage(prompt, 1));
    return Reply.live("text/event-stream", content, event(last), options);
  }

  private static byte[] event(ObjectNode data) {
    return ("event: " + data.get("type").asString() + "\ndata: " + Json.text(data) + "\n\n")
        .getBytes(StandardCharsets.UTF_8);
  }

  private static Reply speech(RawRequest raw, SimOptions options) {
    Body body = Body.scan(raw.body());
    String model = body.text("model").orElseThrow(() -> missing("model"));
    String input = body.text("input").orElseThrow(() -> missing("input"));
    SimOptions own = options.call(raw, model);
    byte[] sound = wav(input);
    if (body.text("stream_format").filter("sse"::equals).isPresent()) {
      var delta =
          Json.object()
              .put("type", "speech.audio.delta")
              .put("audio", Base64.getEncoder().encodeToString(sound));
      var done = Json.object().put("type", "speech.audio.done");
      done.putObject("usage")
          .put("input_tokens", 1 + input.length() / 4)
          .put("output_tokens", 5 * input.length())
          .put("total_tokens", 1 + input.length() / 4 + 5 * input.length());
      return Reply.live("text/event-stream", List.of(event(delta)), event(done), own);
    }
    var pieces = new ArrayList<byte[]>();
    int half = sound.length / 2;
    pieces.add(Arrays.copyOf(sound, half));
    String format = body.text("response_format").orElse("mp3");
    String type =
        switch (format) {
          case "mp3" -> "audio/mpeg";
          case "pcm" -> "audio/pcm";
          default -> "audio/" + format;
        };
    return Reply.live(type, pieces, Arrays.copyOfRange(sound, half, sound.length), own);
  }

  /** Silence for 10 ms a character, as 8 kHz of 8 bits: a WAV, whatever was asked for. */
  private static byte[] wav(String text) {
    int length = 80 * text.length();
    ByteBuffer head = ByteBuffer.allocate(44).order(ByteOrder.LITTLE_ENDIAN);
    head.put(new byte[] {'R', 'I', 'F', 'F'}).putInt(36 + length);
    head.put("WAVEfmt ".getBytes(StandardCharsets.US_ASCII));
    head.putInt(16).putShort((short) 1).putShort((short) 1).putInt(8000).putInt(8000);
    head.putShort((short) 1).putShort((short) 8);
    head.put("data".getBytes(StandardCharsets.US_ASCII)).putInt(length);
    byte[] silence = new byte[length];
    Arrays.fill(silence, (byte) 0x80);
    return new Bytes(44 + length).add(head.array()).add(silence).take();
  }

  private static Reply heard(RawRequest raw, SimOptions options, String task) {
    Given given = Given.of(raw, "file");
    SimOptions own = options.call(raw, given.model());
    String text = "I heard " + given.length + " bytes.";
    if (given.text("stream", "").equalsIgnoreCase("true")) {
      var delta = Json.object().put("type", "transcript.text.delta").put("delta", text);
      var done = Json.object().put("type", "transcript.text.done").put("text", text);
      done.set("usage", seconds(given));
      return Reply.live("text/event-stream", List.of(event(delta)), event(done), own);
    }
    return switch (given.text("response_format", "json").toLowerCase(Locale.ROOT)) {
      case "text" -> typed(text + "\n", own);
      case "srt" -> typed("1\n00:00:00,000 --> 00:00:01,000\n" + text + "\n", own);
      case "vtt" -> typed("WEBVTT\n\n00:00:00.000 --> 00:00:01.000\n" + text + "\n", own);
      case "verbose_json" ->
          Reply.whole(
              Json.bytes(
                  Json.object()
                      .put("task", task)
                      .put("language", "english")
                      .put("duration", 1.5)
                      .put("text", text)),
              0,
              own);
      default -> {
        ObjectNode reply = Json.object().put("text", text);
        reply.set("usage", seconds(given));
        yield Reply.whole(Json.bytes(reply), 0, own);
      }
    };
  }

  /** One second for each 16 KB. */
  private static ObjectNode seconds(Given given) {
    return Json.object().put("type", "duration").put("seconds", 1 + given.length / (16 << 10));
  }

  private static Reply moderation(RawRequest raw, SimOptions options) {
    Body body = Body.scan(raw.body());
    String model = body.text("model").orElse("omni-moderation-latest");
    String input = body.value("input").map(Json::text).orElseThrow(() -> missing("input"));
    JsonNode given = body.value("input").orElseThrow();
    ObjectNode reply =
        Json.object().put("id", "modr-" + Words.token(input, 12)).put("model", model);
    ArrayNode results = reply.putArray("results");
    // Of several texts each is judged, parts of one message are together.
    if (given.isArray() && given.path(0).isString()) {
      given.forEach(text -> judge(text.asString(""), results.addObject()));
    } else {
      judge(input, results.addObject());
    }
    return Reply.whole(Json.bytes(reply), 0, options.call(raw, model));
  }

  private static void judge(String input, ObjectNode result) {
    String text = input.toLowerCase(Locale.ROOT);
    ObjectNode categories = Json.object();
    ObjectNode applied = Json.object();
    ObjectNode scores = Json.object();
    boolean any = false;
    for (String category : CATEGORIES) {
      boolean flagged = text.contains(category);
      any |= flagged;
      categories.put(category, flagged);
      applied.putArray(category).add("text");
      scores.put(category, flagged ? 0.9 : 0.001);
    }
    result.put("flagged", any);
    result.set("categories", categories);
    result.set("category_applied_input_types", applied);
    result.set("category_scores", scores);
  }

  private static Reply typed(String text, SimOptions options) {
    return Reply.whole(TEXT, text.getBytes(StandardCharsets.UTF_8), options);
  }

  private static Failure missing(String field) {
    return Failure.invalid("'" + field + "' is missing.").at(field);
  }
}
