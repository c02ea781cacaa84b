package dev.lintel.admin;

import dev.lintel.Answer;
import dev.lintel.Dialect;
import dev.lintel.Failure;
import dev.lintel.Json;
import dev.lintel.Logging;
import dev.lintel.Percent;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * How much this node logs: what the configuration says, and over it what an admin wants for a time.
 */
public final class LogDial {
  private static final Logger LOG = LoggerFactory.getLogger(LogDial.class);

  private static final List<String> WORDS =
      Arrays.stream(Logging.Level.values()).map(Logging.Level::word).toList();
  private static final Schema LEVEL = Schema.oneOf(WORDS.toArray(String[]::new));
  private static final Schema CALLS =
      Schema.TEXT.saying("the share of answered calls that get a line, such as 10%");

  private static final Schema LOGS =
      Schema.object(
          "node",
          Schema.TEXT,
          "level",
          LEVEL,
          "levels",
          Schema.map(LEVEL),
          "calls",
          CALLS,
          "until",
          Schema.TIME.orNull().saying("when what was changed here ends"),
          "configured",
          Schema.object("level", LEVEL, "levels", Schema.map(LEVEL), "calls", CALLS));

  /**
   * What is wanted instead of what is configured.
   *
   * @param until when it ends; empty where it lasts as long as the process
   */
  private record Wanting(
      Optional<Logging.Level> level,
      Map<String, Logging.Level> levels,
      Optional<Percent> calls,
      Optional<Instant> until) {
    static final Wanting NOTHING =
        new Wanting(Optional.empty(), Map.of(), Optional.empty(), Optional.empty());

    Logging over(Logging configured) {
      var all = new TreeMap<>(configured.levels());
      all.putAll(levels);
      return new Logging(
          level.orElse(configured.level()),
          all,
          calls.orElse(configured.calls()),
          configured.form());
    }
  }

  private final String node;
  private final Consumer<Logging> use;
  private final InstantSource clock;
  private final Dialect envelope;
  private Logging configured = Logging.USUAL;
  private Wanting wanted = Wanting.NOTHING;

  /**
   * @param node what this one is called
   * @param use told what holds from now on
   * @param envelope in which failures are told
   */
  public LogDial(String node, Consumer<Logging> use, InstantSource clock, Dialect envelope) {
    this.node = node;
    this.use = use;
    this.clock = clock;
    this.envelope = envelope;
  }

  /** As the configuration has it from now on; what an admin wants still stands over it. */
  public synchronized void use(Logging now) {
    configured = now;
    use.accept(wanted.over(now));
  }

  /** Ends what an admin wanted, once its time is over. To be called now and then. */
  public synchronized void look() {
    if (wanted.until().filter(until -> !clock.instant().isBefore(until)).isPresent()) {
      wanted = Wanting.NOTHING;
      use.accept(configured);
      LOG.info("what is logged is as configured again");
    }
  }

  public List<Operation> operations() {
    return List.of(
        Operation.get(
            "/logs",
            "Says how much the node that answers logs.",
            LOGS,
            new Question(envelope, (exchange, trail) -> shown())),
        Operation.patch(
                "/logs",
                "Changes how much this node logs, until its next start or `until`; null is as"
                    + " configured.",
                LOGS,
                new Question(
                    envelope,
                    (exchange, trail) -> {
                      Wanting change = read(Wanted.body(exchange), Wanted.wish(exchange).until());
                      exchange.note(change(change));
                      return shown();
                    }))
            .of(
                Schema.object(
                    "level?", LEVEL.orNull(),
                    "levels?", Schema.map(LEVEL.orNull()).orNull(),
                    "calls?", CALLS.orNull()))
            .with(Wanted.UNTIL));
  }

  private synchronized ObjectNode change(Wanting change) {
    wanted = change;
    Logging now = wanted.over(configured);
    use.accept(now);
    return json(now);
  }

  private synchronized Wanting read(ObjectNode body, Optional<Instant> until) {
    Wish.check(body, "", List.of("level", "levels", "calls"));
    var levels = new TreeMap<>(wanted.levels());
    JsonNode given = body.path("levels");
    if (given.isNull()) {
      levels.clear();
    } else if (!given.isMissingNode() && !given.isObject()) {
      throw Wish.wrong("levels", "must be an object: a level for each name of a logger");
    }
    for (Map.Entry<String, JsonNode> one : given.properties()) {
      String at = "levels." + one.getKey();
      if (one.getValue().isNull()) {
        levels.remove(one.getKey());
      } else {
        Logging.Level level = level(at, one.getValue());
        Optional<String> why = Logging.wrong(one.getKey(), level);
        if (why.isPresent()) {
          throw Wish.wrong(at, why.get());
        }
        levels.put(one.getKey(), level);
      }
    }
    if (levels.size() > Logging.MOST) {
      throw Wish.wrong("levels", "must be " + Logging.MOST + " at most");
    }
    return new Wanting(
        member(body, "level", wanted.level(), node -> level("level", node)),
        levels,
        member(body, "calls", wanted.calls(), LogDial::share),
        until);
  }

  /** Left out it stays as it is, and null ends it. */
  private static <T> Optional<T> member(
      ObjectNode body, String name, Optional<T> before, Function<JsonNode, T> read) {
    JsonNode given = body.path(name);
    return given.isMissingNode()
        ? before
        : given.isNull() ? Optional.empty() : Optional.of(read.apply(given));
  }

  private static Logging.Level level(String at, JsonNode given) {
    String word = given.isString() ? given.asString() : "";
    if (!WORDS.contains(word)) {
      throw Wish.wrong(at, "must be one of " + String.join(", ", WORDS));
    }
    return Logging.Level.valueOf(word.toUpperCase(Locale.ROOT));
  }

  private static Percent share(JsonNode given) {
    try {
      return Percent.of(given.isString() ? given.asString() : "");
    } catch (IllegalArgumentException none) {
      throw Failure.of(
              Failure.Kind.INVALID_REQUEST,
              "'calls' must be a share of 100% at most, such as 5%.",
              none)
          .at("calls");
    }
  }

  private synchronized Answer shown() {
    ObjectNode shown = Json.object().put("node", node);
    shown.setAll(json(wanted.over(configured)));
    shown.put("until", wanted.until().map(Instant::toString).orElse(null));
    return Answer.json(200, shown.set("configured", json(configured)));
  }

  private static ObjectNode json(Logging logging) {
    ObjectNode json = Json.object().put("level", logging.level().word());
    ObjectNode levels = json.putObject("levels");
    logging.levels().forEach((name, level) -> levels.put(name, level.word()));
    return json.put("calls", logging.calls().text());
  }
}
