import dev.lintel.Json;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Builds Lintel's catalogue of models from the facts that others gathered.
 *
 * <pre>
 * java -cp target/lintel.jar catalogue/Build.java ../shared/catalogue src/main/resources/dev/lintel/price/catalogue.jsonl
 * </pre>
 *
 * The same input gives the same bytes. {@code capabilities.jsonl} is the newer of the two sources
 * and names where its prices come from, so it wins; {@code models.csv} has models that the other
 * lacks, and fills batch and unit prices in where both agree on input and output.
 */
class Build {
  private static final String NEWER = "LiteLLM 1.106";
  private static final String NEWER_FROM = "2026-11-01";
  private static final String OLDER = "Portkey-AI/models";
  private static final String OLDER_FROM = "2026-08-21";
  private static final String VERSION = "2026-11-21";

  /** The sources' names for families that Lintel calls otherwise. */
  private static final Map<String, String> FAMILIES =
      Map.ofEntries(
          Map.entry("google", "gemini"),
          Map.entry("vertex-ai", "vertex"),
          Map.entry("x-ai", "xai"),
          Map.entry("together-ai", "together"),
          Map.entry("mistral-ai", "mistral"),
          Map.entry("fireworks-ai", "fireworks"),
          Map.entry("novita-ai", "novita"),
          Map.entry("perplexity-ai", "perplexity"),
          Map.entry("workers-ai", "cloudflare"),
          Map.entry("reka-ai", "reka"),
          Map.entry("azure-openai", "azure"),
          Map.entry("azure-ai", "azure"),
          Map.entry("bedrock-mantle", "bedrock"));

  /** Families of providers that have a kind of their own and stand in no table. */
  private static final Set<String> NATIVE = Set.of("azure", "bedrock", "cohere", "vertex");

  /** LiteLLM's words for what a model supports or lacks. */
  private static final Map<String, String> ABILITIES =
      Map.ofEntries(
          Map.entry("sampling_params", "sampling"),
          Map.entry("function_calling", "tools"),
          Map.entry("tool_choice", "tool_choice"),
          Map.entry("forced_tool_use", "forced_tool"),
          Map.entry("parallel_function_calling", "parallel_tools"),
          Map.entry("vision", "image_input"),
          Map.entry("image_input", "image_input"),
          Map.entry("pdf_input", "document_input"),
          Map.entry("audio_input", "audio_input"),
          Map.entry("video_input", "video_input"),
          Map.entry("audio_output", "audio_output"),
          Map.entry("reasoning", "thinking"),
          Map.entry("adaptive_thinking", "adaptive_thinking"),
          Map.entry("legacy_thinking", "budget_thinking"),
          Map.entry("output_config", "effort"),
          Map.entry("none_reasoning_effort", "effort_none"),
          Map.entry("minimal_reasoning_effort", "effort_minimal"),
          Map.entry("low_reasoning_effort", "effort_low"),
          Map.entry("xhigh_reasoning_effort", "effort_xhigh"),
          Map.entry("max_reasoning_effort", "effort_max"),
          Map.entry("response_schema", "json_schema"),
          Map.entry("native_structured_output", "native_schema"),
          Map.entry("bedrock_native_structured_output", "native_schema"),
          Map.entry("prompt_caching", "prompt_cache"),
          Map.entry("assistant_prefill", "prefill"),
          Map.entry("system_messages", "system"),
          Map.entry("mid_conversation_system", "system_anywhere"),
          Map.entry("web_search", "web_search"),
          Map.entry("computer_use", "computer_use"),
          Map.entry("native_streaming", "stream"));

  private static final List<String> EFFORTS =
      List.of("none", "minimal", "low", "medium", "high", "xhigh", "max");

  private static final List<String> COMPONENTS =
      List.of(
          "input",
          "output",
          "cache_read",
          "cache_write",
          "cache_write_1h",
          "reasoning",
          "audio_input",
          "audio_output",
          "image_input",
          "image_output");

  /** What a piece is called, by the source's word and the kinds of model for which it holds. */
  private record Piece(String word, String unit, Set<String> kinds) {}

  private static final List<Piece> PIECES =
      List.of(
          new Piece("input_per_query", "search", Set.of("rerank", "search", "vector_store")),
          new Piece("output_per_image", "image", Set.of("image_generation", "image_edit")),
          new Piece(
              "input_per_image", "image", Set.of("image_generation", "image_edit", "embedding")),
          new Piece("input_per_second", "second", Set.of("audio_transcription", "realtime")),
          new Piece("output_per_second", "second", Set.of("video_generation", "audio_speech")),
          new Piece("input_per_character", "character", Set.of("audio_speech")),
          new Piece("ocr_per_page", "page", Set.of("ocr")));

  /** Prices that neither source has, added to every model of a family that has one. */
  private static final Map<String, Map<String, String>> UNITS =
      // https://platform.claude.com/docs/en/about-claude/pricing: 10 USD per 1,000 searches.
      Map.of("anthropic", Map.of("search", "0.01"));

  /** Anthropic's models, wherever they are served. */
  private static final Pattern CLAUDE = Pattern.compile("claude");

  /** OpenAI's models from before the ones that reason. */
  private static final Pattern GPT = Pattern.compile("^(ft:)?gpt-(3|4)");

  /** Where LiteLLM names every one of Anthropic's models that thinks, so that others do not. */
  private static final Set<String> CURATED = Set.of("anthropic", "bedrock", "vertex");

  private final Set<String> families;
  private final Map<String, Map<String, ObjectNode>> lines = new TreeMap<>();

  private Build(Set<String> families) {
    this.families = families;
  }

  public static void main(String[] args) throws IOException {
    Path from = Path.of(args[0]);
    Path to = Path.of(args[1]);
    var families = new TreeSet<>(NATIVE);
    for (String row : Files.readAllLines(Path.of("src/main/resources/dev/lintel/config/providers.csv"))) {
      if (!row.startsWith("#")) {
        families.add(row.substring(0, row.indexOf(',')));
      }
    }
    var build = new Build(families);
    // The sources' families that are part of another come last, and only fill gaps.
    var rest = new ArrayList<JsonNode>();
    for (String line : Files.readAllLines(from.resolve("capabilities.jsonl"))) {
      JsonNode row = Json.parse(line);
      if (FAMILIES.containsKey(row.path("provider").asString())) {
        rest.add(row);
      } else {
        build.newer(row);
      }
    }
    rest.forEach(build::newer);
    List<String> csv = Files.readAllLines(from.resolve("models.csv"));
    List<String> head = Arrays.asList(csv.getFirst().split(",", -1));
    for (String line : csv.subList(1, csv.size())) {
      build.older(row(head, line));
    }
    var out = new ArrayList<String>();
    out.add(
        Json.text(
            Json.object()
                .put("catalogue", VERSION)
                .put(
                    "about",
                    "Prices in USD per million tokens and per unit, and abilities, from "
                        + NEWER
                        + " (MIT) and "
                        + OLDER
                        + " (MIT); built by catalogue/Build.java")));
    for (Map<String, ObjectNode> models : build.lines.values()) {
      models.values().forEach(line -> out.add(Json.text(line)));
    }
    Files.write(to, out);
    System.out.println(out.size() - 1 + " models of " + build.lines.size() + " families");
  }

  private static Map<String, String> row(List<String> head, String line) {
    String[] cells = line.split(",", -1);
    var row = new LinkedHashMap<String, String>();
    for (int i = 0; i < head.size(); i++) {
      row.put(head.get(i), cells[i]);
    }
    return row;
  }

  /** A tuned model's name goes on with its owner and a number: {@code ft:gpt-4o:acme::b7}. */
  private static String name(String model) {
    return model.startsWith("ft:") && !model.endsWith(":*") ? model + ":*" : model;
  }

  /** Where the line is to stand; {@code null} where Lintel knows no such family. */
  private Map<String, ObjectNode> place(String provider) {
    String family = FAMILIES.getOrDefault(provider, provider);
    return families.contains(family)
        ? lines.computeIfAbsent(family, name -> new TreeMap<>())
        : null;
  }

  private void newer(JsonNode row) {
    String provider = row.path("provider").asString();
    Map<String, ObjectNode> place = place(provider);
    String model = name(row.path("model").asString());
    if (place == null || place.containsKey(model)) {
      return;
    }
    String family = FAMILIES.getOrDefault(provider, provider);
    ObjectNode line = Json.object().put("family", family).put("model", model);
    String kind = row.path("kind").asString("");
    put(line, "kind", kind);
    for (String size : List.of("context", "max_output")) {
      if (row.path(size).asLong(0) > 0) {
        line.put(size, row.path(size).asLong());
      }
    }
    dialects(row, kind, line);
    abilities(row, family, model, kind, line);
    if (row.path("cache_min_tokens").asLong(0) > 0) {
      line.put("cache_minimum", row.path("cache_min_tokens").asLong());
    }
    put(line, "until", row.path("until").asString(""));
    ObjectNode price = price(row, kind);
    if (!price.isEmpty()) {
      if (price.has("input") && !price.path("units").has("search")) {
        UNITS.getOrDefault(family, Map.of()).forEach((unit, usd) -> units(price).put(unit, usd));
      }
      line.set("price", price);
    }
    if (line.size() > 3) {
      line.put("source", row.path("source").asString(NEWER)).put("from", NEWER_FROM);
      place.put(model, line);
    }
  }

  private static void put(ObjectNode line, String name, String text) {
    if (!text.isEmpty()) {
      line.put(name, text);
    }
  }

  /** Models that OpenAI serves in its Responses API alone. */
  private static void dialects(JsonNode row, String kind, ObjectNode line) {
    var endpoints = new TreeSet<String>();
    row.path("endpoints").forEach(endpoint -> endpoints.add(endpoint.asString()));
    endpoints.remove("/v1/batch");
    if (endpoints.equals(Set.of("/v1/responses")) && Set.of("chat", "responses").contains(kind)) {
      line.putArray("dialects").add("responses");
    }
  }

  private static void abilities(
      JsonNode row, String family, String model, String kind, ObjectNode line) {
    var can = new TreeSet<String>();
    var cannot = new TreeSet<String>();
    row.path("supports").forEach(word -> add(ABILITIES.get(word.asString()), can));
    row.path("lacks").forEach(word -> add(ABILITIES.get(word.asString()), cannot));
    if (row.path("takes").isArray()) {
      for (String sort : List.of("image", "audio", "video")) {
        boolean taken = row.path("takes").valueStream().anyMatch(word -> word.asString().equals(sort));
        (taken ? can : cannot).add(sort + "_input");
      }
    }
    for (JsonNode word : row.path("gives")) {
      if (Set.of("image", "audio").contains(word.asString())) {
        can.add(word.asString() + "_output");
      }
    }
    if (row.path("thinking_always_on").asBoolean(false)) {
      can.add("always_thinks");
      cannot.add("effort_none");
    }
    if (row.path("efforts").isArray()) {
      var efforts = new TreeSet<String>();
      row.path("efforts").forEach(word -> efforts.add(word.asString()));
      EFFORTS.forEach(word -> (efforts.contains(word) ? can : cannot).add("effort_" + word));
    }
    String provider = row.path("provider").asString();
    boolean claude = CLAUDE.matcher(model).find();
    if (claude && can.contains("adaptive_thinking")) {
      // https://platform.claude.com/docs/en/build-with-claude/adaptive-thinking: where both forms
      // are taken LiteLLM says "legacy_thinking".
      can.add("effort");
      if (!can.contains("budget_thinking")) {
        cannot.add("budget_thinking");
      }
    } else if (claude && can.contains("thinking")) {
      can.add("budget_thinking");
      cannot.add("adaptive_thinking");
      if (!can.contains("effort")) {
        cannot.add("effort");
      }
    } else if (claude && CURATED.contains(provider) && row.path("supports").has(0)) {
      cannot.add("thinking");
    }
    if (claude && family.equals("vertex")) {
      // https://platform.claude.com/docs/en/build-with-claude/structured-outputs: not there.
      can.remove("native_schema");
      cannot.add("native_schema");
    }
    boolean gpt = GPT.matcher(model).find() && Set.of("openai", "azure").contains(provider);
    if (gpt && row.path("supports").has(0) && !can.contains("thinking")) {
      // They refuse reasoning_effort.
      cannot.add("thinking");
    }
    if (Set.of("openai", "azure").contains(provider)
        && Set.of("chat", "responses").contains(kind)
        && can.contains("thinking")) {
      // https://platform.openai.com/docs/api-reference/chat/create: "not compatible with o-series
      // models", nor with any reasoning model after them.
      cannot.add("max_tokens");
    }
    // What a source says of both is said of neither: it lacks what it names last.
    can.removeAll(cannot);
    set(line, "can", can);
    set(line, "cannot", cannot);
  }

  private static void add(String word, Set<String> to) {
    if (word != null) {
      to.add(word);
    }
  }

  private static void set(ObjectNode line, String name, Set<String> words) {
    if (!words.isEmpty()) {
      ArrayNode list = line.putArray(name);
      words.forEach(list::add);
    }
  }

  private static ObjectNode price(JsonNode row, String kind) {
    ObjectNode price = Json.object();
    JsonNode tiers = row.path("usd_per_million");
    rates(tiers.path("standard"), price);
    for (Piece piece : PIECES) {
      String usd = row.path("usd_each").path(piece.word).asString("");
      if (piece.kinds.contains(kind) && !usd.isEmpty() && !price.path("units").has(piece.unit)
          && new BigDecimal(usd).signum() > 0
          && (kind.equals("embedding") || zero(price, "input") || zero(price, "output"))) {
        units(price).put(piece.unit, plain(usd));
      }
    }
    if (price.has("units") && zero(price, "input") && zero(price, "output")) {
      // Priced by the piece alone: LiteLLM writes 0 for what has no price there.
      price.remove(List.of("input", "output"));
    }
    for (String tier : List.of("batch", "flex", "priority")) {
      ObjectNode rates = Json.object();
      rates(tiers.path(tier), rates);
      if (!rates.isEmpty()) {
        price.set(tier, rates);
      }
    }
    return price;
  }

  private static boolean zero(ObjectNode price, String name) {
    return !price.has(name) || new BigDecimal(price.get(name).asString()).signum() == 0;
  }

  private static ObjectNode units(ObjectNode price) {
    return price.withObject("/units");
  }

  private static void rates(JsonNode from, ObjectNode into) {
    for (String name : COMPONENTS) {
      if (from.has(name)) {
        into.put(name, plain(from.path(name).asString()));
      }
    }
    var steps = new TreeMap<Integer, String>();
    for (String name : from.propertyNames()) {
      if (name.startsWith("above_")) {
        steps.put(Integer.parseInt(name.substring(6, name.length() - 1)), name);
      }
    }
    for (String step : steps.values()) {
      rates(from.path(step), into.putObject(step));
    }
  }

  private static String plain(String number) {
    BigDecimal exact = new BigDecimal(number);
    return exact.signum() == 0 ? "0" : exact.stripTrailingZeros().toPlainString();
  }

  private void older(Map<String, String> row) {
    Map<String, ObjectNode> place = place(row.get("provider"));
    if (place == null) {
      return;
    }
    String model = name(row.get("model"));
    String kind = row.get("kind");
    ObjectNode price = Json.object();
    for (String name : COMPONENTS) {
      String usd = row.getOrDefault(name, "");
      // A write to the cache that costs nothing is one that does not happen there, and nobody
      // charges thousands for a million tokens: those are other units.
      boolean strange =
          !usd.isEmpty()
              && ((name.startsWith("cache_write") && new BigDecimal(usd).signum() == 0)
                  || new BigDecimal(usd).compareTo(new BigDecimal(999)) > 0);
      if (!usd.isEmpty() && !strange) {
        price.put(name, plain(usd));
      }
    }
    ObjectNode batch = Json.object();
    for (String name : List.of("input", "output")) {
      if (!row.get("batch_" + name).isEmpty()) {
        batch.put(name, plain(row.get("batch_" + name)));
      }
    }
    if (!batch.isEmpty()) {
      price.set("batch", batch);
    }
    for (String unit : row.get("units_usd_each").split(" ", -1)) {
      if (unit.startsWith("web_search=")) {
        units(price).put("search", plain(unit.substring(11)));
      }
    }
    if (kind.equals("rerank") && !price.has("input") && !row.get("input").isEmpty()) {
      // Given as the price of a million searches.
      units(price).put("search", plain(new BigDecimal(row.get("input")).movePointLeft(6).toPlainString()));
      price.remove("output");
    }
    ObjectNode known = place.get(model);
    if (known == null) {
      alone(row, place, price);
    } else if (known.get("price") instanceof ObjectNode before) {
      fill(before, price);
    } else if (price.has("input")) {
      known.set("price", price);
      known.put("source", OLDER).put("from", OLDER_FROM);
    }
  }

  private static void alone(Map<String, String> row, Map<String, ObjectNode> place, ObjectNode price) {
    if (!price.has("input") && !price.has("units")) {
      return;
    }
    String family = FAMILIES.getOrDefault(row.get("provider"), row.get("provider"));
    ObjectNode line = Json.object().put("family", family).put("model", name(row.get("model")));
    put(line, "kind", row.get("kind"));
    if (!row.get("max_output_tokens").isEmpty()) {
      line.put("max_output", Long.parseLong(row.get("max_output_tokens")));
    }
    var can = new TreeSet<String>();
    for (String word : row.get("supports").split(" ", -1)) {
      switch (word) {
        case "tools" -> can.add("tools");
        case "image", "vision" -> can.add("image_input");
        case "pdf", "doc" -> can.add("document_input");
        case "audio" -> can.add("audio_input");
        case "video" -> can.add("video_input");
        default -> {}
      }
    }
    set(line, "can", can);
    UNITS.getOrDefault(family, Map.of()).forEach((unit, usd) -> units(price).put(unit, usd));
    line.set("price", price);
    line.put("source", OLDER).put("from", OLDER_FROM);
    place.put(name(row.get("model")), line);
  }

  /** Adds what is missing, where both sources tell of the same price. */
  private static void fill(ObjectNode known, ObjectNode more) {
    for (String name : List.of("input", "output")) {
      if (!known.path(name).equals(more.path(name))) {
        return;
      }
    }
    for (String name : List.of("batch", "units")) {
      if (!known.has(name) && more.has(name)) {
        known.set(name, more.get(name));
      }
    }
  }
}
