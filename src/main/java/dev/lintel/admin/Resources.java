package dev.lintel.admin;

import dev.lintel.Answer;
import dev.lintel.Dialect;
import dev.lintel.Exchange;
import dev.lintel.Failure;
import dev.lintel.Json;
import dev.lintel.RawRequest;
import dev.lintel.Settings;
import dev.lintel.Settings.Done;
import dev.lintel.Settings.Place;
import dev.lintel.Settings.Verb;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A kind of places of the configuration that have a name each, such as tenants: listed, made, read,
 * changed and removed, all in the words of the file.
 */
public final class Resources {
  private static final int LONGEST_NAME = 200;

  /**
   * Which places.
   *
   * @param noun such as {@code app}
   * @param all the path of all of them, such as {@code /tenants/{tenant}/apps}; without its braces,
   *     the keys that lead to them in the configuration
   * @param one what follows it for one of them, such as {@code /{app}}; of more than one variable
   *     the name is all, with a slash between
   * @param home of what they are parts; empty where they are parts of nothing
   */
  public record Kind(String noun, String all, String one, Optional<Kind> home) {}

  private final Kind kind;
  private final Settings settings;
  private final Repeated repeated;
  private final Dialect envelope;
  private final Schema schema;

  /**
   * @param envelope in which failures are told
   */
  public Resources(Kind kind, Settings settings, Repeated repeated, Dialect envelope) {
    this.kind = kind;
    this.settings = settings;
    this.repeated = repeated;
    this.envelope = envelope;
    this.schema = Schema.object("name", Schema.TEXT);
  }

  /** All but the list, where another has that path. */
  public List<Operation> operations(boolean listed) {
    String all = kind.all;
    String one = kind.all + kind.one;
    String noun = (kind.noun.equals("app") ? "an " : "a ") + kind.noun;
    var operations = new ArrayList<Operation>();
    if (listed) {
      operations.add(
          Operation.get(
                  all,
                  "Lists every " + kind.noun + ", by name.",
                  Schema.page(schema),
                  new Question(envelope, (exchange, trail) -> list(exchange.request())))
              .with(Operation.PAGES));
    }
    operations.add(
        Operation.create(
                all,
                "Makes " + noun + ".",
                schema,
                new Question(envelope, repeated.once((exchange, trail) -> create(exchange))))
            .of(schema)
            .with(Wanted.UNTIL)
            .waiting(ApprovalList.REQUEST)
            .once());
    operations.add(
        Operation.get(
            one,
            "Shows " + noun + ", with its ETag.",
            schema,
            new Question(envelope, (exchange, trail) -> shown(200, place(exchange.request())))));
    operations.add(
        Operation.patch(
                one,
                "Changes " + noun + ": a JSON merge patch (RFC 7396).",
                schema,
                new Question(envelope, (exchange, trail) -> changed(exchange, Verb.MERGE)))
            .of(Schema.map(Schema.ANY))
            .with(Wanted.UNTIL)
            .waiting(ApprovalList.REQUEST)
            .ifMatch());
    operations.add(
        Operation.put(
                one,
                "Puts " + noun + " in the place of what is there.",
                schema,
                new Question(envelope, (exchange, trail) -> changed(exchange, Verb.REPLACE)))
            .of(Schema.map(Schema.ANY))
            .with(Wanted.UNTIL)
            .waiting(ApprovalList.REQUEST)
            .ifMatch());
    operations.add(
        Operation.delete(
                one,
                "Removes " + noun + ".",
                new Question(envelope, (exchange, trail) -> changed(exchange, Verb.REMOVE)))
            .with(Wanted.UNTIL)
            .waiting(ApprovalList.REQUEST)
            .ifMatch());
    return operations;
  }

  private Answer list(RawRequest request) {
    Listed.only(request, "limit", "cursor");
    int limit = Listed.limit(request);
    List<String> path = keys(kind.all, request);
    home(request)
        .filter(home -> settings.find(home.path()).isEmpty())
        .ifPresent(home -> {
          throw home.missing();
        });
    String after = Listed.after(request);
    List<String> names =
        settings.names(path).stream()
            .filter(name -> name.compareTo(after) > 0)
            .limit(limit + 1L)
            .toList();
    ObjectNode body = Json.object();
    var data = body.putArray("data");
    names.stream().limit(limit).forEach(name -> data.add(named(name, below(path, name))));
    body.put("next", names.size() > limit ? Listed.cursor(names.get(limit - 1)) : null);
    return Answer.json(200, body);
  }

  private Answer create(Exchange exchange) {
    ObjectNode body = Wanted.body(exchange);
    JsonNode given = body.remove("name");
    if (given == null || !given.isString()) {
      throw Failure.invalid("'name' must be the name of the new " + kind.noun + ".").at("name");
    }
    Place place = place(exchange.request(), checked(given.asString()));
    OwnApp.check(exchange, Verb.CREATE, Optional.empty(), body);
    Done done = settings.change(Wanted.wish(exchange), Verb.CREATE, place, body);
    Configuration.note(exchange, done);
    return ApprovalList.waiting(done).orElseGet(() -> shown(201, place));
  }

  private Answer changed(Exchange exchange, Verb verb) {
    Place place = place(exchange.request());
    if (verb == Verb.REPLACE) {
      checked(place.path().getLast());
    }
    ObjectNode body = verb == Verb.REMOVE ? Json.object() : Wanted.body(exchange);
    JsonNode given = body.remove("name");
    if (given != null && !given.asString("").equals(place.path().getLast())) {
      throw Failure.invalid("'name' must be as in the path: a " + kind.noun + " keeps its name.")
          .at("name");
    }
    OwnApp.check(exchange, verb, settings.find(place.path()), body);
    Done done = settings.change(Wanted.wish(exchange), verb, place, body);
    Configuration.note(exchange, done);
    return ApprovalList.waiting(done)
        .orElseGet(() ->
            verb == Verb.REMOVE
                ? new Answer(204, Answer.JSON, new byte[0])
                : shown(done.made() ? 201 : 200, place));
  }

  private Answer shown(int status, Place place) {
    if (settings.find(place.path()).isEmpty()) {
      place
          .home()
          .filter(home -> settings.find(home.path()).isEmpty())
          .ifPresent(home -> {
            throw home.missing();
          });
      throw place.missing();
    }
    return new Answer(
        status,
        Answer.JSON,
        Json.bytes(named(place.path().getLast(), place.path())),
        Map.of("etag", "\"" + settings.tag(place.path()) + "\""));
  }

  private JsonNode named(String name, List<String> path) {
    ObjectNode node = Json.object().put("name", name);
    settings
        .find(path)
        .filter(JsonNode::isObject)
        .ifPresent(value ->
            value.properties().forEach(member -> node.set(member.getKey(), member.getValue())));
    return node;
  }

  private String checked(String name) {
    if (!kind.one.contains("*") && (name.indexOf('/') >= 0 || name.matches("\\.+"))) {
      throw Failure.invalid("'name' must have no slashes, and not be of dots alone.").at("name");
    }
    if (name.isBlank()
        || !name.equals(name.strip())
        || name.length() > LONGEST_NAME
        || name.chars().anyMatch(Character::isISOControl)) {
      throw Failure.invalid(
              "'name' must have 1 to "
                  + LONGEST_NAME
                  + " characters, none of them a control character, and no blanks around them.")
          .at("name");
    }
    return name;
  }

  private Place place(RawRequest request) {
    return place(request, String.join("/", values(kind.one, request)));
  }

  private Place place(RawRequest request, String name) {
    return new Place(kind.noun, below(keys(kind.all, request), name), home(request));
  }

  private Optional<Place> home(RawRequest request) {
    return kind.home.map(home ->
        new Place(
            home.noun,
            below(keys(home.all, request), String.join("/", values(home.one, request))),
            Optional.empty()));
  }

  private static List<String> below(List<String> path, String name) {
    var all = new ArrayList<>(path);
    all.add(name);
    return all;
  }

  private static List<String> keys(String template, RawRequest request) {
    var keys = new ArrayList<String>();
    for (String word : template.substring(1).split("/")) {
      keys.add(word.startsWith("{") ? value(word, request) : word);
    }
    return keys;
  }

  private static List<String> values(String template, RawRequest request) {
    var values = new ArrayList<String>();
    for (String word : template.substring(1).split("/")) {
      values.add(value(word, request));
    }
    return values;
  }

  private static String value(String variable, RawRequest request) {
    return request.path().getOrDefault(variable.replaceAll("[{}*]", ""), "");
  }
}
