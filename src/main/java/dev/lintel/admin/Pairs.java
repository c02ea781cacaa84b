package dev.lintel.admin;

import dev.lintel.Answer;
import dev.lintel.CallRecords;
import dev.lintel.CallThread;
import dev.lintel.Dialect;
import dev.lintel.Endpoint;
import dev.lintel.Exchange;
import dev.lintel.Failure;
import dev.lintel.Ids;
import dev.lintel.Json;
import dev.lintel.Opinion;
import dev.lintel.Payloads;
import dev.lintel.RawRequest;
import dev.lintel.Store;
import dev.lintel.Terms;
import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What chats said and were answered, for training and evaluation: a line of JSON each, a page at a
 * time. Calls that opted out of training are in neither, and what was redacted stays so.
 */
public final class Pairs {
  private static final int USUAL = 1000;
  private static final int MOST = 10_000;

  /** A page ends once it is so long, or has taken so much time. */
  private static final int LONGEST = 8 << 20;

  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private static final int LOOK = 200;

  /** What a message may have where a model is trained with it. */
  private static final Set<String> TRAINED =
      Set.of("role", "content", "name", "tool_calls", "tool_call_id");

  /** Of a record, for evaluation. */
  private static final List<String> TOLD =
      List.of(
          "request_id",
          "time",
          "tenant",
          "app",
          "use_case",
          "model",
          "target",
          "variant",
          "shadow_of",
          "usage",
          "cost_usd",
          "ttft_ms",
          "latency_ms");

  /** Makes of what is kept of a chat what OpenAI's dialect would say. */
  @FunctionalInterface
  public interface Form {
    /**
     * {@code {messages, tools, answer, finish_reason}}; {@code tools} where there were some. Throws
     * {@link Failure} where it cannot be said so.
     *
     * @param model that was asked for
     */
    ObjectNode of(JsonNode said, String model);
  }

  /** Whether calls are opted out of training by the policies of now, whatever theirs said. */
  @FunctionalInterface
  public interface Now {
    boolean optsOut(String tenant, String app, String useCase);
  }

  /**
   * Where it lies.
   *
   * @param records of all nodes
   * @param store may throw {@link Failure} {@code UNAVAILABLE}, as may what it has
   */
  public record Sources(
      CallRecords records, Supplier<Store> store, Said said, Form form, Now now) {}

  private final Sources sources;
  private final InstantSource clock;
  private final Dialect envelope;

  /**
   * @param envelope in which failures are told
   */
  public Pairs(Sources sources, InstantSource clock, Dialect envelope) {
    this.sources = sources;
    this.clock = clock;
    this.envelope = envelope;
  }

  /**
   * Lines, the newest call first. The head {@code x-lintel-next} is the {@code cursor} of the next
   * page, and {@code x-lintel-left-out} counts by their reasons the calls that were asked for and
   * are not in this one. Each page is an act.
   */
  public Endpoint endpoint() {
    return new Question(envelope, (exchange, trail) -> page(exchange));
  }

  private Answer page(Exchange exchange) {
    var asked = new Asked(exchange.request(), clock.instant());
    var page = new Page(asked);
    Optional<String> next = page.fill();
    ObjectNode note = Json.object();
    asked.given.forEach(note::put);
    exchange.note(page.note(note));
    Map<String, String> headers = new HashMap<>();
    headers.put("x-lintel-pairs", Integer.toString(page.pairs));
    next.ifPresent(cursor -> headers.put("x-lintel-next", cursor));
    if (!page.left.isEmpty()) {
      headers.put(
          "x-lintel-left-out",
          page.left.entrySet().stream()
              .map(one -> one.getKey() + "=" + one.getValue())
              .collect(Collectors.joining(", ")));
    }
    return new Answer(200, Pieces.LINES, page.lines.toByteArray(), headers);
  }

  /** What the parameters say. */
  private static final class Asked {
    private final Map<String, String> given;
    private final Optional<String> tenant;
    private final Instant from;
    private final String before;
    private final boolean evaluation;
    private final Optional<Double> least;
    private final int limit;

    Asked(RawRequest request, Instant now) {
      given =
          Listed.only(
              request,
              "form",
              "tenant",
              "app",
              "model",
              "use_case",
              "from",
              "to",
              "min_score",
              "limit",
              "cursor");
      tenant = Optional.ofNullable(given.get("tenant"));
      from = Listed.time(request, "from").orElse(Instant.EPOCH);
      Instant to = Listed.time(request, "to").orElse(now);
      before =
          new CallRecords.Question(from, tenant, Optional.ofNullable(given.get("cursor")), 1)
              .before()
              .filter(cursor -> cursor.compareTo(Ids.before(to)) < 0)
              .orElse(Ids.before(to));
      String form = given.getOrDefault("form", "messages");
      evaluation = form.equals("evaluation");
      if (!evaluation && !form.equals("messages")) {
        throw Failure.invalid("'form' must be messages or evaluation.").at("form");
      }
      least = Optional.ofNullable(given.get("min_score")).map(Asked::score);
      limit = Listed.limit(request, USUAL, MOST);
    }

    private static double score(String text) {
      // As many digits as anybody means.
      if (!text.matches("0(\\.[0-9]{1,9})?|1(\\.0{1,9})?")) {
        throw Failure.invalid("'min_score' must be a number from 0 to 1.").at("min_score");
      }
      return Double.parseDouble(text);
    }

    boolean isMeant(JsonNode record) {
      return is(record, "app") && is(record, "model") && is(record, "use_case");
    }

    private boolean is(JsonNode record, String name) {
      String wanted = given.get(name);
      return wanted == null || wanted.equals(record.path(name).asString(""));
    }

    /** Whether somebody has said how good it was, and nobody that it was worse. */
    boolean isGood(List<Opinion> opinions) {
      return least.isEmpty()
          || !opinions.isEmpty() && opinions.stream().allMatch(one -> one.score() >= least.get());
    }
  }

  /** One answer in the making. */
  private final class Page {
    private final Asked asked;
    private final ByteArrayOutputStream lines = new ByteArrayOutputStream();
    private final Map<String, Integer> left = new TreeMap<>();
    private final Map<String, Integer> byTenant = new TreeMap<>();
    private int pairs;

    Page(Asked asked) {
      this.asked = asked;
    }

    /** Returns behind which call the next page goes on; empty at the end. */
    Optional<String> fill() {
      long end = CallThread.nanoTime() + PATIENCE.toNanos();
      Optional<String> before = Optional.of(asked.before);
      while (before.isPresent()) {
        Payloads.Some some =
            sources
                .store()
                .get()
                .payloads()
                .some(asked.tenant, asked.from, before.get(), LOOK, clock.instant());
        for (String id : some.ids()) {
          consider(id);
          if (pairs == asked.limit || lines.size() >= LONGEST || CallThread.nanoTime() - end >= 0) {
            return Optional.of(id);
          }
        }
        before = some.next();
        if (CallThread.nanoTime() - end >= 0) {
          break;
        }
      }
      return before;
    }

    private void consider(String id) {
      // The store first: it need not wait for calls that have only just ended.
      Optional<byte[]> kept =
          sources.store().get().records().find(id).or(() -> sources.records().find(id));
      if (kept.isEmpty()) {
        left("no_record");
        return;
      }
      JsonNode record = Json.parse(kept.get());
      if (!asked.isMeant(record)) {
        return;
      }
      List<Opinion> opinions =
          asked.evaluation || asked.least.isPresent()
              ? sources.store().get().opinions().of(id)
              : List.of();
      if (asked.isGood(opinions)) {
        unlessLeft(id, record, opinions).ifPresent(line -> add(record, line));
      }
    }

    private Optional<ObjectNode> unlessLeft(String id, JsonNode record, List<Opinion> opinions) {
      if (isOptedOut(record)
          || sources
              .now()
              .optsOut(text(record, "tenant"), text(record, "app"), text(record, "use_case"))) {
        return left("opted_out");
      }
      if (!record.path("kind").isNull()) {
        return left("failed");
      }
      Optional<ObjectNode> found = sources.said().document(id);
      if (found.isEmpty()) {
        // Erased, or over, in this moment.
        return Optional.empty();
      }
      ObjectNode said = found.get();
      if (isOptedOut(said)) {
        return left("opted_out");
      }
      if (!text(said, "endpoint").equals("chat")) {
        return left("no_chat");
      }
      if (text(said, "level").equals("metadata")) {
        return left("no_text");
      }
      if (said.path("request").has("cut") || said.has("reply_cut")) {
        return left("cut");
      }
      ObjectNode chat;
      try {
        String model = text(record, "model");
        chat = CallThread.current().offload(() -> sources.form().of(said, model));
      } catch (Failure otherwise) {
        if (otherwise.kind() == Failure.Kind.CANCELLED) {
          throw otherwise;
        }
        return left("unreadable");
      }
      return asked.evaluation
          ? Optional.of(evaluated(record, said, chat, opinions))
          : trained(chat);
    }

    private Optional<ObjectNode> trained(ObjectNode chat) {
      JsonNode answer = chat.path("answer");
      if (text(answer, "content").isEmpty() && answer.path("tool_calls").isEmpty()) {
        return left("no_answer");
      }
      if (text(chat, "finish_reason").equals("length")) {
        return left("cut");
      }
      ObjectNode line = Json.object();
      var messages = line.putArray("messages");
      chat.path("messages").forEach(message -> messages.add(message(message)));
      messages.add(message(answer));
      if (chat.has("tools")) {
        line.set("tools", chat.path("tools"));
      }
      return Optional.of(line);
    }

    private static ObjectNode message(JsonNode message) {
      ObjectNode known = Json.object();
      message
          .properties()
          .forEach(member -> {
            if (TRAINED.contains(member.getKey()) && !member.getValue().isNull()) {
              known.set(member.getKey(), member.getValue());
            }
          });
      return known;
    }

    private static ObjectNode evaluated(
        JsonNode record, JsonNode said, ObjectNode chat, List<Opinion> opinions) {
      ObjectNode line = Json.object();
      for (String name : TOLD) {
        if (record.has(name)) {
          line.set(name, record.path(name));
        }
      }
      line.put("level", text(said, "level")).setAll(chat);
      var feedback = line.putArray("feedback");
      opinions.forEach(one -> feedback.add(Json.parse(Json.bytes(one::write))));
      return line;
    }

    private void add(JsonNode record, ObjectNode line) {
      pairs++;
      byTenant.merge(text(record, "tenant"), 1, Integer::sum);
      lines.writeBytes(Json.bytes(line));
      lines.write('\n');
    }

    private <T> Optional<T> left(String why) {
      left.merge(why, 1, Integer::sum);
      return Optional.empty();
    }

    /** Whose pairs were shown, and how many. */
    ObjectNode note(ObjectNode note) {
      byTenant.forEach(note.putObject("tenants")::put);
      left.forEach(note.putObject("left_out")::put);
      return note;
    }
  }

  private static boolean isOptedOut(JsonNode one) {
    return text(one, "training").equals(Terms.OPTED_OUT);
  }

  private static String text(JsonNode one, String name) {
    return one.path(name).asString("");
  }
}
