package dev.lintel.admin;

import dev.lintel.Answer;
import dev.lintel.CallerKey;
import dev.lintel.CallerKeys;
import dev.lintel.Dialect;
import dev.lintel.Endpoint;
import dev.lintel.Exchange;
import dev.lintel.Failure;
import dev.lintel.Ids;
import dev.lintel.Json;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The keys of an app: made, listed, ended, and put in each other's place. */
public final class Keys {
  private static final String PREFIX = "sk-lintel-";
  private static final int LENGTH = 32;
  private static final int SHOWN = PREFIX.length() + 4;

  /** As AWS's own: 20 capitals and digits, and 40 characters. */
  private static final String AWS_PREFIX = "AKIA";

  private static final int AWS_LENGTH = 16;
  private static final int AWS_SECRET = 40;
  static final Duration OVERLAP = Duration.ofHours(1);
  private static final int USUAL = 100;
  private static final int MOST = 1000;

  /** A key that the configuration's file gives an app. */
  public record Written(String id, CallerKey.Kind kind, String prefix) {}

  /** Who else knows of keys. */
  public interface Ring {
    boolean tenant(String name);

    /** The keys that the file gives it; empty where there is no such app. */
    Optional<List<Written>> app(String tenant, String name);

    boolean model(String name);

    CallerKeys kept();

    /** As {@link CallerKey#hash} has it. */
    String hash(String key);

    /** As {@link CallerKey#sealed} has it. */
    String seal(String id, String secret);

    /** When it was used last, as far as that is not written down yet. */
    Optional<Instant> lastUse(String id);

    /** That one was made or changed. */
    void know(CallerKey key);

    /** That one was deleted. */
    void forget(String id);
  }

  /**
   * A new key with what is shown of it once.
   *
   * @param shown the key itself, or the secret of a pair
   */
  private record Made(CallerKey key, String shown) {}

  private final Dialect envelope;
  private final Ring ring;
  private final InstantSource clock = InstantSource.system();

  /**
   * @param envelope in which failures are told
   */
  public Keys(Dialect envelope, Ring ring) {
    this.envelope = envelope;
    this.ring = ring;
  }

  /**
   * {@code {id, key, created, …}}, or {@code {id, access_key_id, secret_access_key, …}} of a pair:
   * what is secret of it is shown this once.
   */
  public Endpoint create() {
    return new Question(
        envelope,
        (exchange, trail) -> {
          Path at = path(exchange);
          Wish wish = Wish.read(exchange.request().body(), clock.instant(), ring::model);
          return shown(exchange, make(at, wish));
        });
  }

  /** {@code {data: […], next}}, those of the file first: {@code ?limit=&cursor=}. */
  public Endpoint list() {
    return new Question(
        envelope,
        (exchange, trail) -> {
          Path at = path(exchange);
          Listed.only(exchange.request(), "limit", "cursor");
          int limit = Listed.limit(exchange.request());
          String after = Listed.after(exchange.request());
          ObjectNode body = Json.object();
          ArrayNode data = body.putArray("data");
          if (after.isEmpty()) {
            written(at.written).forEach(data::add);
          }
          List<CallerKey> keys = ring.kept().list(at.tenant, at.app, after, limit + 1);
          keys.stream().limit(limit).forEach(key -> data.add(json(key)));
          body.put("next", keys.size() > limit ? Listed.cursor(keys.get(limit - 1).id()) : null);
          return Answer.json(200, body);
        });
  }

  /** As the list has them, of an app that may be gone from the configuration. */
  void each(String tenant, String app, Consumer<ObjectNode> key) {
    written(ring.app(tenant, app).orElse(List.of())).forEach(key);
    String after = "";
    List<CallerKey> page;
    do {
      page = ring.kept().list(tenant, app, after, MOST);
      page.forEach(one -> key.accept(json(one)));
      after = page.isEmpty() ? after : page.getLast().id();
    } while (page.size() == MOST);
  }

  /** The key whose {@code id} is in the path is not good any more. */
  public Endpoint delete() {
    return new Question(
        envelope,
        (exchange, trail) -> {
          Path at = path(exchange);
          String id = exchange.request().path().getOrDefault("id", "");
          if (!ring.kept().delete(at.tenant, at.app, id)) {
            throw unknown(at, id);
          }
          ring.forget(id);
          exchange.note(Json.object().put("id", id));
          return new Answer(204, Answer.JSON, new byte[0]);
        });
  }

  /**
   * Another key in the place of the one whose {@code id} is in the path, which is good for the
   * {@code overlap} yet.
   */
  public Endpoint rotate() {
    return new Question(
        envelope,
        (exchange, trail) -> {
          Path at = path(exchange);
          String id = exchange.request().path().getOrDefault("id", "");
          Duration overlap = Wish.overlap(exchange.request().body()).orElse(OVERLAP);
          CallerKey old =
              ring.kept().find(at.tenant, at.app, id).orElseThrow(() -> unknown(at, id));
          Instant now = clock.instant();
          Made made = make(at, new Wish(old.name(), old.kind(), anew(old, now), old.scopes()));
          retire(ring, old, now.plus(overlap));
          return shown(exchange, made);
        });
  }

  /** As long as the old one had, counted from now. */
  static Optional<Instant> anew(CallerKey old, Instant now) {
    return old.expires().map(end -> now.plus(Duration.between(old.created(), end)));
  }

  /** It ends then, unless it ends before. */
  static void retire(Ring ring, CallerKey old, Instant then) {
    Instant end = old.expires().filter(then::isAfter).orElse(then);
    ring.kept().expire(old.tenant(), old.app(), old.id(), end);
    ring.kept().find(old.tenant(), old.app(), old.id()).ifPresent(ring::know);
  }

  private Made make(Path at, Wish wish) {
    String id = Ids.of("key_");
    String secret =
        switch (wish.kind()) {
          case BEARER -> Ids.secret(PREFIX, LENGTH);
          case AWS -> Ids.secret("", AWS_SECRET);
        };
    String accessKey = AWS_PREFIX + Ids.secret("", AWS_LENGTH).toUpperCase(Locale.ROOT);
    var key =
        new CallerKey(
            id,
            at.tenant,
            at.app,
            wish.name(),
            wish.kind(),
            switch (wish.kind()) {
              case BEARER -> secret.substring(0, SHOWN);
              case AWS -> accessKey;
            },
            switch (wish.kind()) {
              case BEARER -> ring.hash(secret);
              case AWS -> accessKey;
            },
            switch (wish.kind()) {
              case BEARER -> "";
              case AWS -> ring.seal(id, secret);
            },
            wish.scopes(),
            clock.instant(),
            wish.expires(),
            Optional.empty(),
            Optional.empty());
    ring.kept().add(key);
    ring.know(key);
    return new Made(key, secret);
  }

  private static Answer shown(Exchange exchange, Made made) {
    exchange.note(json(made.key, Optional.empty()));
    ObjectNode body = json(made.key, Optional.empty());
    switch (made.key.kind()) {
      case BEARER -> body.put("key", made.shown);
      case AWS -> body.put("access_key_id", made.key.hash()).put("secret_access_key", made.shown);
    }
    return Answer.json(201, body);
  }

  private static ObjectNode json(CallerKey key, Optional<Instant> lastUse) {
    ObjectNode node = Json.object().put("id", key.id());
    node.put("name", key.name().isEmpty() ? null : key.name());
    node.put("kind", word(key.kind())).put("prefix", key.prefix());
    node.put("created", key.created().toString());
    node.put("expires", key.expires().map(Instant::toString).orElse(null));
    node.put("last_use", lastUse.map(Instant::toString).orElse(null));
    ObjectNode scopes = node.putObject("scopes");
    put(scopes, "models", key.scopes().models());
    put(scopes, "endpoints", key.scopes().endpoints());
    put(scopes, "tools", key.scopes().tools());
    put(scopes, "addresses", key.scopes().addresses());
    return node.put("source", "store");
  }

  private ObjectNode json(CallerKey key) {
    return json(key, lastUse(key.id(), key.lastUse()));
  }

  private Optional<Instant> lastUse(String id, Optional<Instant> kept) {
    return lastUse(ring, id, kept);
  }

  /** The later one of what is known here and what is written down, which other nodes do too. */
  static Optional<Instant> lastUse(Ring ring, String id, Optional<Instant> kept) {
    return Stream.concat(kept.stream(), ring.lastUse(id).stream()).max(Comparator.naturalOrder());
  }

  private List<ObjectNode> written(List<Written> keys) {
    var all = new ArrayList<ObjectNode>();
    Map<String, Instant> uses =
        ring.kept().uses(keys.stream().map(Written::id).collect(Collectors.toSet()));
    for (Written key : keys) {
      ObjectNode node = Json.object().put("id", key.id());
      node.putNull("name").put("kind", word(key.kind())).put("prefix", key.prefix());
      node.putNull("created").putNull("expires");
      Optional<Instant> used = lastUse(key.id(), Optional.ofNullable(uses.get(key.id())));
      node.put("last_use", used.map(Instant::toString).orElse(null));
      node.putObject("scopes");
      all.add(node.put("source", "file"));
    }
    return all;
  }

  private static void put(ObjectNode node, String field, Set<String> names) {
    if (!names.isEmpty()) {
      names.stream().sorted().forEach(node.putArray(field)::add);
    }
  }

  private static String word(CallerKey.Kind kind) {
    return kind.name().toLowerCase(Locale.ROOT);
  }

  /** An app of a path. */
  private record Path(String tenant, String app, List<Written> written) {}

  private Path path(Exchange exchange) {
    String tenant = exchange.request().path().getOrDefault("t", "");
    String app = exchange.request().path().getOrDefault("a", "");
    if (!ring.tenant(tenant)) {
      throw Failure.of(Failure.Kind.NOT_FOUND, "There is no tenant '" + tenant + "'.")
          .at("tenant")
          .code("tenant_not_found");
    }
    return new Path(
        tenant,
        app,
        ring.app(tenant, app)
            .orElseThrow(() ->
                Failure.of(
                        Failure.Kind.NOT_FOUND,
                        "The tenant '" + tenant + "' has no app '" + app + "'.")
                    .at("app")
                    .code("app_not_found")));
  }

  private static Failure unknown(Path at, String id) {
    return at.written.stream().anyMatch(key -> key.id().equals(id))
        ? Failure.invalid(
                "The key '" + id + "' stands in the configuration's file and is changed there.")
            .status(409)
            .at("id")
        : Failure.of(Failure.Kind.NOT_FOUND, "The app has no key '" + id + "'.")
            .at("id")
            .code("key_not_found");
  }
}
