package dev.lintel.admin;

import static dev.lintel.admin.Schema.ANY;
import static dev.lintel.admin.Schema.FLAG;
import static dev.lintel.admin.Schema.TEXT;
import static dev.lintel.admin.Schema.TIME;
import static dev.lintel.admin.Schema.WHOLE;

import dev.lintel.Answer;
import dev.lintel.Changes.Change;
import dev.lintel.Changes.Revision;
import dev.lintel.Dialect;
import dev.lintel.Exchange;
import dev.lintel.Failure;
import dev.lintel.History;
import dev.lintel.Json;
import dev.lintel.RawRequest;
import dev.lintel.Settings;
import dev.lintel.Settings.Difference;
import dev.lintel.Settings.Done;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The configuration as a whole: what runs, its history, its overrides, and what a file would do.
 */
public final class Configuration {
  static final Schema DIFFERENCE = Schema.object("path", TEXT, "from", ANY, "to", ANY);

  private static final Schema CHANGE =
      Schema.object(
          "path",
          TEXT,
          "value",
          ANY,
          "override",
          FLAG,
          "by",
          TEXT,
          "at",
          TIME,
          "until",
          TIME.orNull());

  private static final Schema REVISION =
      Schema.object("number", WHOLE, "at", TIME.orNull(), "by", TEXT, "why", TEXT);

  static final Schema DONE =
      Schema.object("revision", WHOLE, "differences", Schema.list(DIFFERENCE));

  private static final Schema OWN_FILE =
      Schema.oneOf(
              Arrays.stream(History.OwnFile.values())
                  .map(History.OwnFile::word)
                  .toArray(String[]::new))
          .saying("how the file of the node that answers stands to what runs");

  private static final Schema FILE = Schema.object("text", TEXT, "file?", TEXT);

  private final Settings settings;
  private final History history;
  private final Dialect envelope;

  /**
   * @param envelope in which failures are told
   */
  public Configuration(Settings settings, History history, Dialect envelope) {
    this.settings = settings;
    this.history = history;
    this.envelope = envelope;
  }

  public List<Operation> operations() {
    return List.of(
        Operation.get(
            "/config",
            "Shows the configuration that runs on this node, without its secrets.",
            Schema.object(
                "revision",
                WHOLE,
                "at",
                TIME.orNull(),
                "by",
                TEXT,
                "why",
                TEXT,
                "file",
                TEXT,
                "applied",
                FLAG,
                "own_file",
                OWN_FILE,
                "config",
                ANY,
                "overrides",
                Schema.list(CHANGE)),
            question(exchange -> running())),
        Operation.get(
                "/config/revisions",
                "Lists the revisions of the configuration, the newest first.",
                Schema.page(REVISION),
                question(exchange -> list(exchange.request())))
            .with(Operation.PAGES),
        Operation.get(
                "/config/revisions/{number}",
                "Shows the changes that held in a revision.",
                REVISION,
                question(exchange -> one(exchange.request())))
            .with(
                Operation.Parameter.query(
                    "diff", WHOLE, "Another revision: what is different since.")),
        Operation.post(
                "/config/revisions/{number}/rollback",
                "Goes back to a revision, as a new one.",
                DONE,
                question(exchange ->
                    done(
                        exchange,
                        history.rollback(Wanted.wish(exchange), number(exchange.request())))))
            .waiting(ApprovalList.REQUEST),
        Operation.post(
                "/config/plan",
                "Says what to apply a file would change. Changes nothing.",
                Schema.object(
                    "faults",
                    Schema.list(
                        Schema.object("line", WHOLE.orNull(), "path", TEXT, "message", TEXT)),
                    "differences",
                    Schema.list(DIFFERENCE),
                    "ends",
                    Schema.list(CHANGE),
                    "own_file",
                    OWN_FILE),
                question(this::plan))
            .of(FILE)
            .asking(),
        Operation.post(
                "/config/apply",
                "Puts a file in the place of every node's own, and ends the overrides of it.",
                DONE,
                question(exchange -> {
                  Given given = given(exchange);
                  return done(
                      exchange, history.apply(Wanted.wish(exchange), given.file, given.text));
                }))
            .of(FILE)
            .waiting(ApprovalList.REQUEST),
        Operation.get(
                "/overrides",
                "Lists what admins have changed of what the file says.",
                Schema.page(CHANGE),
                question(exchange -> overrides(exchange.request())))
            .with(Operation.PAGES),
        Operation.delete(
                "/overrides/{path*}",
                "Ends an override, by its path: the file speaks again.",
                question(exchange -> {
                  Done done =
                      settings.end(
                          Wanted.wish(exchange),
                          path(exchange.request().path().getOrDefault("path", "")));
                  note(exchange, done);
                  return ApprovalList.waiting(done)
                      .orElseGet(() -> new Answer(204, Answer.JSON, new byte[0]));
                }))
            .waiting(ApprovalList.REQUEST));
  }

  @FunctionalInterface
  private interface Asked {
    Answer answer(Exchange exchange);
  }

  private Question question(Asked asked) {
    return new Question(envelope, (exchange, trail) -> asked.answer(exchange));
  }

  private Answer running() {
    History.Running running = history.running();
    ObjectNode body = Json.object().put("revision", running.revision().number());
    put(body, running.revision());
    body.put("file", running.file()).put("applied", running.applied());
    body.put("own_file", running.own().word());
    body.set("config", running.written());
    var overrides = body.putArray("overrides");
    settings.overrides().forEach(change -> overrides.add(json(change)));
    return Answer.json(200, body);
  }

  private Answer list(RawRequest request) {
    Map<String, String> asked = Listed.only(request, "limit", "cursor");
    int limit = Listed.limit(request);
    long before =
        Optional.ofNullable(asked.get("cursor"))
            .map(text -> number(text, "cursor"))
            .orElse(Long.MAX_VALUE);
    List<Revision> found = history.list(before, limit);
    ObjectNode body = Json.object();
    var data = body.putArray("data");
    for (Revision revision : found) {
      put(data.addObject().put("number", revision.number()), revision);
    }
    body.put("next", found.size() < limit ? null : Long.toString(found.getLast().number()));
    return Answer.json(200, body);
  }

  private Answer one(RawRequest request) {
    Map<String, String> asked = Listed.only(request, "diff");
    long number = number(request);
    Revision revision =
        history
            .find(number)
            .orElseThrow(() ->
                Failure.of(Failure.Kind.NOT_FOUND, "There is no revision " + number + ".")
                    .at("number")
                    .code("revision_not_found"));
    ObjectNode body = Json.object().put("number", number);
    put(body, revision);
    ArrayNode changes = body.putArray("changes");
    revision.changes().forEach(change -> changes.add(json(change)));
    Optional.ofNullable(asked.get("diff"))
        .map(text -> number(text, "diff"))
        .ifPresent(other -> put(body, history.differences(other, number)));
    return Answer.json(200, body);
  }

  private Answer plan(Exchange exchange) {
    Given given = given(exchange);
    History.Plan plan = history.plan(given.file, given.text);
    ObjectNode body = Json.object();
    var faults = body.putArray("faults");
    for (History.Flaw flaw : plan.flaws()) {
      faults
          .addObject()
          .put("line", flaw.line() == 0 ? null : Integer.valueOf(flaw.line()))
          .put("path", flaw.path())
          .put("message", flaw.text());
    }
    put(body, plan.differences());
    var ends = body.putArray("ends");
    plan.ends().forEach(change -> ends.add(json(change)));
    body.put("own_file", history.running().own().word());
    return Answer.json(200, body);
  }

  private Answer overrides(RawRequest request) {
    Listed.only(request, "limit", "cursor");
    int limit = Listed.limit(request);
    String after = Listed.after(request);
    var all = new ArrayList<Change>(settings.overrides());
    all.sort(java.util.Comparator.comparing(change -> Difference.pointer(change.path())));
    all.removeIf(change -> Difference.pointer(change.path()).compareTo(after) <= 0);
    ObjectNode body = Json.object();
    var data = body.putArray("data");
    all.stream().limit(limit).forEach(change -> data.add(json(change)));
    body.put(
        "next",
        all.size() > limit ? Listed.cursor(Difference.pointer(all.get(limit - 1).path())) : null);
    return Answer.json(200, body);
  }

  /** A file's text: the body itself, or in JSON with the name that faults are told by. */
  private record Given(String file, String text) {}

  private static Given given(Exchange exchange) {
    boolean json =
        exchange
            .request()
            .headers()
            .get("content-type")
            .filter(type -> type.strip().startsWith("application/json"))
            .isPresent();
    if (!json) {
      return given("the given file", new String(exchange.request().body(), StandardCharsets.UTF_8));
    }
    ObjectNode body = Wanted.body(exchange);
    if (!body.path("text").isString()) {
      throw Failure.invalid("'text' must be the text of a configuration file.").at("text");
    }
    if (body.has("file") && !body.path("file").isString()) {
      throw Failure.invalid("'file' must be the name of the file.").at("file");
    }
    return given(body.path("file").asString("the given file"), body.path("text").asString());
  }

  /** Nothing at all is a mistake, and not the wish to have no configuration. */
  private static Given given(String file, String text) {
    if (text.isBlank()) {
      throw Failure.invalid("The text of a configuration file must be given; it is empty.")
          .at("text");
    }
    return new Given(file, text);
  }

  private static Answer done(Exchange exchange, Done done) {
    note(exchange, done);
    return ApprovalList.waiting(done).orElseGet(() -> Answer.json(200, json(done)));
  }

  static void note(Exchange exchange, Done done) {
    exchange.note(json(done));
  }

  static ObjectNode json(Done done) {
    ObjectNode body = Json.object();
    done.waits().ifPresent(request -> body.put("approval", request.id()));
    body.put("revision", done.revision());
    put(body, done.differences());
    return body;
  }

  private static void put(ObjectNode body, List<Difference> found) {
    var differences = body.putArray("differences");
    found.forEach(difference -> differences.add(difference.json()));
  }

  private static void put(ObjectNode body, Revision revision) {
    body.put("at", revision.at().equals(Instant.EPOCH) ? null : revision.at().toString());
    body.put("by", revision.by()).put("why", revision.why());
  }

  private static ObjectNode json(Change change) {
    ObjectNode node = Json.object().put("path", Difference.pointer(change.path()));
    change.value().ifPresentOrElse(value -> node.set("value", value), () -> node.putNull("value"));
    node.put("override", change.override()).put("by", change.by());
    node.put("at", change.at().toString());
    return node.put("until", change.until().map(Instant::toString).orElse(null));
  }

  private static long number(RawRequest request) {
    return number(request.path().getOrDefault("number", ""), "number");
  }

  private static long number(String text, String name) {
    if (!text.matches("[0-9]{1,18}")) {
      throw Failure.invalid("'" + name + "' must be the number of a revision.").at(name);
    }
    return Long.parseLong(text);
  }

  /** Of a pointer without its first slash. */
  private static List<String> path(String pointer) {
    var keys = new ArrayList<String>();
    for (String key : pointer.split("/", -1)) {
      keys.add(key.replace("~1", "/").replace("~0", "~"));
    }
    return keys;
  }
}
