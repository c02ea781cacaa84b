package dev.lintel.admin;

import dev.lintel.Alarm;
import dev.lintel.AlertRule;
import dev.lintel.Answer;
import dev.lintel.Dialect;
import dev.lintel.Exchange;
import dev.lintel.Failure;
import dev.lintel.Json;
import dev.lintel.Settings;
import dev.lintel.Settings.Done;
import dev.lintel.Settings.Place;
import dev.lintel.Settings.Verb;
import dev.lintel.Settings.Wish;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** The rules of alerts and how they stand on this node, as the admin API shows them. */
public final class AlertList {
  private static final Schema ALERT =
      Schema.object(
          "id", Schema.TEXT.saying("the name of the rule"),
          "what", Schema.TEXT,
          "bound", Schema.TEXT,
          "severity", Schema.oneOf("info", "warning", "critical"),
          "state", Schema.oneOf("ok", "pending", "firing"),
          "silent", Schema.FLAG,
          "seen", Schema.FLAG.saying("false as long as there is no series of its metric"),
          "alarms",
              Schema.list(
                  Schema.object(
                      "labels", Schema.map(Schema.TEXT),
                      "state", Schema.oneOf("pending", "firing"),
                      "since", Schema.TIME,
                      "value", Schema.NUMBER.orNull())));

  private final Supplier<List<Alarm.Watched>> watched;
  private final Settings settings;
  private final Dialect envelope;

  /**
   * @param envelope in which failures are told
   */
  public AlertList(Supplier<List<Alarm.Watched>> watched, Settings settings, Dialect envelope) {
    this.watched = watched;
    this.settings = settings;
    this.envelope = envelope;
  }

  public List<Operation> operations() {
    return List.of(
        Operation.get(
            "/alerts",
            "Lists the rules of alerts and how they stand on this node.",
            Schema.page(ALERT),
            new Question(envelope, (exchange, trail) -> list())),
        Operation.post(
                "/alerts/{id}/silence",
                "Tells nobody of an alert for a time, on all nodes: an override that ends by itself.",
                Schema.object("id", Schema.TEXT, "until", Schema.TIME, "revision", Schema.WHOLE),
                new Question(envelope, (exchange, trail) -> silence(exchange)))
            .of(Schema.object("until", Schema.TIME, "why?", Schema.TEXT)));
  }

  private Answer list() {
    ObjectNode body = Json.object();
    var data = body.putArray("data");
    watched.get().forEach(one -> data.add(json(one)));
    return Answer.json(200, body.putNull("next"));
  }

  private static ObjectNode json(Alarm.Watched one) {
    AlertRule rule = one.rule();
    ObjectNode node = Json.object().put("id", rule.name()).put("what", rule.what());
    node.put("bound", rule.bound().text()).put("severity", rule.severity().word());
    node.put(
        "state",
        one.alarms().stream()
            .map(Alarm::state)
            .max(Alarm.State::compareTo)
            .map(Alarm.State::word)
            .orElse("ok"));
    node.put("silent", rule.silent()).put("seen", one.seen());
    var alarms = node.putArray("alarms");
    for (Alarm alarm : one.alarms()) {
      ObjectNode entry = alarms.addObject();
      ObjectNode labels = entry.putObject("labels");
      alarm.labels().forEach(labels::put);
      entry.put("state", alarm.state().word()).put("since", alarm.since().toString());
      entry.put("value", alarm.value().orElse(null));
    }
    return node;
  }

  private Answer silence(Exchange exchange) {
    String id = exchange.request().path().getOrDefault("id", "");
    ObjectNode asked = Wanted.body(exchange);
    for (String field : asked.propertyNames()) {
      if (!Set.of("until", "why").contains(field)) {
        throw Failure.invalid("'" + field + "' is none of the fields: until, why.").at(field);
      }
    }
    Place place = new Place("alert", List.of("alerts", id), Optional.empty());
    Wish wish = Wanted.wish(exchange);
    String why = asked.has("why") ? text(asked, "why") : "silenced";
    var until = Wanted.time(text(asked, "until"));
    if (settings.find(place.path()).isEmpty()) {
      throw place.missing();
    }
    Done done =
        settings.change(
            new Wish(wish.by(), wish.person(), why, Optional.of(until), Optional.empty()),
            Verb.MERGE,
            place,
            Json.object().put("silent", true));
    Configuration.note(exchange, done);
    return ApprovalList.waiting(done)
        .orElseGet(() ->
            Answer.json(
                200,
                Json.object()
                    .put("id", id)
                    .put("until", until.toString())
                    .put("revision", done.revision())));
  }

  private static String text(ObjectNode asked, String field) {
    JsonNode given = asked.path(field);
    if (!given.isString() || given.asString().isBlank() || given.asString().length() > 200) {
      throw Failure.invalid("'" + field + "' must be text of 1 to 200 characters.").at(field);
    }
    return given.asString();
  }
}
