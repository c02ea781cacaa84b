package dev.lintel.dialect;

import dev.lintel.Adaptation;
import dev.lintel.Body;
import dev.lintel.Dialect;
import dev.lintel.Failure;
import dev.lintel.Form;
import dev.lintel.Held;
import dev.lintel.Inbound;
import dev.lintel.Json;
import dev.lintel.Outbound;
import dev.lintel.Relay;
import dev.lintel.ReplyReader;
import dev.lintel.ReplyWriter;
import dev.lintel.Request;
import dev.lintel.Target;
import dev.lintel.Trail;
import dev.lintel.Usage;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * One of OpenAI's services beside chat. Nothing is translated: requests and replies pass with every
 * field they have, only the model goes by the name that the target knows.
 */
public final class OpenAiRelay implements Beside {
  private static final Pattern COUNT = Pattern.compile("[1-9][0-9]{0,3}");
  private static final byte[] NOTHING = {};

  private final OpenAiService service;
  private final OpenAiChat chat = new OpenAiChat();

  public OpenAiRelay(OpenAiService service) {
    this.service = service;
  }

  public OpenAiService service() {
    return service;
  }

  @Override
  public String name() {
    return service.dialect();
  }

  @Override
  public boolean takes(Request request) {
    return request instanceof Relay relay && relay.dialect().name().equals(name());
  }

  @Override
  public Request read(Inbound inbound) {
    return inbound.upload().isPresent()
        ? form(inbound, inbound.upload().get())
        : json(inbound, inbound.body());
  }

  private Relay json(Inbound inbound, Body body) {
    String model =
        named(inbound)
            .or(() -> body.text("model").filter(text -> !text.isBlank()))
            .orElseThrow(OpenAiRelay::noModel);
    if (service.files().contains("file")) {
      throw Failure.invalid("'file' is missing: this takes a multipart/form-data body.").at("file");
    }
    if (service.sound() && body.text("input").isEmpty()) {
      throw Failure.invalid("'input' is missing.").at("input");
    }
    boolean events =
        service.sound()
            ? body.text("stream_format").filter("sse"::equals).isPresent()
            : body.flag("stream");
    Optional<String> measure =
        body.isText(service.measure())
            ? body.text(service.measure())
            : body.value(service.measure()).map(value -> value.asString(""));
    return relay(inbound, model, events, new Relay.Content.Json(body), measure);
  }

  private Relay form(Inbound inbound, Held held) {
    Form form =
        Form.read(
            held,
            inbound.headers().get("content-type").orElse(""),
            read ->
                (named(inbound).isPresent() || read.text("model").isPresent()) && hasFile(read));
    String model =
        named(inbound)
            .or(() -> form.text("model").filter(text -> !text.isBlank()))
            .orElseThrow(OpenAiRelay::noModel);
    if (!hasFile(form)) {
      String name = service.files().getFirst();
      throw Failure.invalid("The form has no file '" + name + "'.").at(name);
    }
    form.files().forEach(OpenAiRelay::checkSound);
    boolean events = form.text("stream").filter(word -> word.equalsIgnoreCase("true")).isPresent();
    return relay(
        inbound, model, events, new Relay.Content.Parts(form), form.text(service.measure()));
  }

  /** Where the path names the model, as Azure's does. */
  private static Optional<String> named(Inbound inbound) {
    return Optional.ofNullable(inbound.path().get("model")).filter(model -> !model.isEmpty());
  }

  private boolean hasFile(Form form) {
    return form.files().stream().anyMatch(file -> service.files().contains(file.name()));
  }

  private static Failure noModel() {
    return Failure.invalid("'model' is missing.").at("model");
  }

  /** A sound that says it is a WAV and is none would be refused after it has travelled. */
  private static void checkSound(Form.File file) {
    boolean wav =
        file.type().matches("audio/(x-|vnd\\.)?wave?")
            || file.filename().toLowerCase(Locale.ROOT).endsWith(".wav");
    if (wav && !isWav(file.head())) {
      throw Failure.invalid(
              "'" + file.name() + "' is declared to be a WAV and does not begin as one does.")
          .at(file.name());
    }
  }

  /** RIFF, and what stands in its place where the file is large or from elsewhere. */
  private static boolean isWav(byte[] head) {
    String text = new String(head, StandardCharsets.ISO_8859_1);
    return Stream.of("RIFF", "RIFX", "RF64", "BW64").anyMatch(text::startsWith)
        && text.startsWith("WAVE", 8);
  }

  private Relay relay(
      Inbound inbound,
      String model,
      boolean events,
      Relay.Content content,
      Optional<String> measure) {
    return new Relay(
        service.kind(),
        this,
        model,
        events,
        events || service.sound(),
        "POST",
        service.path(),
        inbound.headers(),
        content,
        measure.map(this::units).orElse(Map.of()));
  }

  /** What the request says of what will be used, where it says it in words that are known. */
  private Map<Usage.Unit, BigDecimal> units(String measure) {
    if (service.sound()) {
      long characters = measure.codePointCount(0, measure.length());
      return Map.of(Usage.Unit.CHARACTER, BigDecimal.valueOf(characters));
    }
    return service.pictures() && COUNT.matcher(measure).matches()
        ? Map.of(Usage.Unit.IMAGE, new BigDecimal(measure))
        : Map.of();
  }

  @Override
  public Outbound write(Request request, Target target, Adaptation adaptation) {
    Relay relay = of(request);
    String path = Paths.openAi(target, relay.path());
    String type = relay.headers().get("content-type").orElse("");
    return switch (relay.content()) {
      case Relay.Content.Json json -> {
        var changes = new HashMap<String, Optional<byte[]>>(4);
        changes.put("model", Optional.of(Json.string(Paths.model(target))));
        yield new Outbound(
            path,
            Map.of(),
            Fit.patched(json.body(), changes, target.provider().quirks(), adaptation));
      }
      case Relay.Content.Parts parts -> {
        var changes =
            Map.of("model", Optional.of(Paths.model(target)), "lintel", Optional.<String>empty());
        Optional<byte[]> bytes = parts.form().bytes(changes);
        yield new Outbound(
            "POST",
            path,
            Map.of("content-type", type),
            bytes.orElse(NOTHING),
            bytes.isPresent() ? Optional.empty() : Optional.of(parts.form().open(changes)));
      }
      case Relay.Content.Opaque opaque ->
          throw new IllegalStateException("a service was read as an opaque body");
    };
  }

  private static Relay of(Request request) {
    if (request instanceof Relay relay) {
      return relay;
    }
    throw new IllegalArgumentException("Nothing to relay: " + request.dialect().name());
  }

  @Override
  public ReplyReader reader(Request request) {
    return new OpenAiRelayReader(service, of(request));
  }

  @Override
  public ReplyWriter writer(Request request, Trail trail) {
    return new RelayWriter();
  }

  @Override
  public Dialect chat() {
    return chat;
  }
}
