package dev.lintel.admin;

import static dev.lintel.admin.Schema.TEXT;
import static dev.lintel.admin.Schema.TIME;
import static dev.lintel.admin.Schema.list;
import static dev.lintel.admin.Schema.object;

import dev.lintel.Admin;
import dev.lintel.Answer;
import dev.lintel.CallerKey;
import dev.lintel.Dialect;
import dev.lintel.Exchange;
import dev.lintel.Failure;
import dev.lintel.Ids;
import dev.lintel.Json;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** The keys of admins beside the first one: each has a name, by which acts go, and a role. */
public final class AdminKeys {
  private static final int LENGTH = 32;
  private static final int MOST = 1000;

  /** Nobody is to be taken for a person, whose name is an address as a rule. */
  private static final Pattern NAME = Pattern.compile("[\\p{L}\\p{N}][\\p{L}\\p{N} ._-]{0,99}");

  /** In the place of names in acts, where nobody has done it, or nobody is known. */
  private static final Set<String> TAKEN = Set.of(Admin.KEY.name(), "nobody", "lintel", "somebody");

  private static final Schema ROLE =
      Schema.oneOf(Arrays.stream(Admin.Role.values()).map(Admin.Role::word).toArray(String[]::new));

  private static final Schema WANTED =
      object("name", TEXT, "role", ROLE, "tenants?", list(TEXT), "expires?", TIME.orNull());

  private static final Schema KEY = schema();
  private static final Schema MADE = schema("key", TEXT);

  private final Dialect envelope;
  private final Keys.Ring ring;
  private final String prefix;
  private final InstantSource clock;

  /**
   * @param envelope in which failures are told
   * @param prefix with which such keys begin, and no others
   */
  public AdminKeys(Dialect envelope, Keys.Ring ring, String prefix, InstantSource clock) {
    this.envelope = envelope;
    this.ring = ring;
    this.prefix = prefix;
    this.clock = clock;
  }

  private static Schema schema(Object... more) {
    Object[] members = {
      "id", TEXT,
      "name", TEXT,
      "role", ROLE,
      "tenants", list(TEXT),
      "person", TEXT.saying("as whom it counts where two have to agree"),
      "prefix", TEXT,
      "created", TIME,
      "expires", TIME.orNull(),
      "last_use", TIME.orNull()
    };
    Object[] all = Arrays.copyOf(members, members.length + more.length);
    System.arraycopy(more, 0, all, members.length, more.length);
    return object(all);
  }

  public List<Operation> operations() {
    return List.of(
        Operation.get(
                "/admins",
                "Lists the admins' keys, but for the first one.",
                Schema.page(KEY),
                new Question(envelope, (exchange, trail) -> page(exchange)))
            .with(Operation.PAGES),
        Operation.create(
                "/admins",
                "Makes an admin's key, which is shown this once.",
                MADE,
                new Question(envelope, (exchange, trail) -> create(exchange)))
            .of(WANTED),
        Operation.delete(
            "/admins/{id}",
            "Ends an admin's key, within a second on every node.",
            new Question(envelope, (exchange, trail) -> delete(exchange))),
        Operation.create(
                "/admins/{id}/rotate",
                "Makes another key in a key's place, which ends after the overlap.",
                MADE,
                new Question(envelope, (exchange, trail) -> rotate(exchange)))
            .of(object("overlap?", TEXT.orNull())),
        Operation.get(
            "/me",
            "Says who asks, and what they may be.",
            object("name", TEXT, "role", ROLE, "tenants", list(TEXT), "person", TEXT),
            new Question(envelope, (exchange, trail) -> Answer.json(200, json(who(exchange))))));
  }

  private Answer page(Exchange exchange) {
    Listed.only(exchange.request(), "limit", "cursor");
    int limit = Listed.limit(exchange.request());
    List<CallerKey> keys = ring.kept().list("", "", Listed.after(exchange.request()), limit + 1);
    ObjectNode body = Json.object();
    var data = body.putArray("data");
    keys.stream().limit(limit).forEach(key -> data.add(json(key)));
    body.put("next", keys.size() > limit ? Listed.cursor(keys.get(limit - 1).id()) : null);
    return Answer.json(200, body);
  }

  private Answer create(Exchange exchange) {
    ObjectNode asked = Wish.object(exchange.request().body());
    Wish.check(asked, "", List.of("name", "role", "tenants", "expires"));
    String name = name(asked.path("name"));
    Admin.Role role = role(asked.path("role"));
    Set<String> tenants = tenants(asked.path("tenants"), role);
    Optional<Instant> expires = Wish.expires(asked, clock.instant());
    free(name);
    Admin maker = who(exchange);
    return made(exchange, new Admin(name, role, tenants, person(maker, name)), expires);
  }

  /**
   * Whoever makes a key has seen it, and so it counts as them; the first key makes people, as it
   * may do anything where the gateway runs.
   */
  private static String person(Admin maker, String otherwise) {
    return maker.equals(Admin.KEY) ? otherwise : maker.person();
  }

  private Answer rotate(Exchange exchange) {
    Duration overlap = Wish.overlap(exchange.request().body()).orElse(Keys.OVERLAP);
    CallerKey old = known(exchange);
    Admin admin = old.admin().orElseThrow();
    Instant now = clock.instant();
    Admin next =
        new Admin(
            admin.name(), admin.role(), admin.tenants(), person(who(exchange), admin.person()));
    Answer answer = made(exchange, next, Keys.anew(old, now));
    Keys.retire(ring, old, now.plus(overlap));
    return answer;
  }

  private Answer made(Exchange exchange, Admin admin, Optional<Instant> expires) {
    String secret = Ids.secret(prefix, LENGTH);
    var key =
        new CallerKey(
            Ids.of("adm_"),
            "",
            "",
            admin.name(),
            CallerKey.Kind.BEARER,
            secret.substring(0, prefix.length() + 4),
            ring.hash(secret),
            "",
            CallerKey.Scopes.ALL,
            clock.instant(),
            expires,
            Optional.empty(),
            Optional.of(admin));
    ring.kept().add(key);
    ring.know(key);
    ObjectNode shown = json(key);
    exchange.note(shown.deepCopy());
    return Answer.json(201, shown.put("key", secret));
  }

  private Answer delete(Exchange exchange) {
    CallerKey key = known(exchange);
    ring.kept().delete("", "", key.id());
    ring.forget(key.id());
    exchange.note(Json.object().put("id", key.id()).put("name", key.name()));
    return new Answer(204, Answer.JSON, new byte[0]);
  }

  private CallerKey known(Exchange exchange) {
    String id = exchange.request().path().getOrDefault("id", "");
    return ring.kept()
        .find("", "", id)
        .orElseThrow(() ->
            Failure.of(Failure.Kind.NOT_FOUND, "There is no admin's key '" + id + "'.")
                .at("id")
                .code("admin_not_found"));
  }

  private static Admin who(Exchange exchange) {
    return exchange.admin().orElse(Admin.KEY);
  }

  private static String name(JsonNode given) {
    String name = Wish.name(given);
    if (!NAME.matcher(name).matches() || TAKEN.contains(name.toLowerCase(Locale.ROOT))) {
      throw Wish.wrong(
          "name",
          "must be given: letters, digits, blanks and . _ -, 100 at most, and none of "
              + String.join(", ", TAKEN.stream().sorted().toList()));
    }
    return name;
  }

  private static Admin.Role role(JsonNode given) {
    String word = given.isString() ? given.asString() : "";
    return Arrays.stream(Admin.Role.values())
        .filter(role -> role.word().equals(word))
        .findFirst()
        .orElseThrow(() -> Wish.wrong("role", "must be admin, tenant_admin, auditor or viewer"));
  }

  private Set<String> tenants(JsonNode given, Admin.Role role) {
    boolean wanted = role == Admin.Role.TENANT_ADMIN;
    if (given.isMissingNode() && !wanted) {
      return Set.of();
    }
    if (!given.isArray() || given.isEmpty() == wanted || given.size() > MOST) {
      throw Wish.wrong(
          "tenants", "must be a list of names for the role tenant_admin, and for no other");
    }
    var names = new LinkedHashSet<String>();
    for (JsonNode one : given) {
      if (!one.isString() || !ring.tenant(one.asString())) {
        throw Wish.wrong("tenants[" + names.size() + "]", "must be a tenant that there is");
      }
      names.add(one.asString());
    }
    return names;
  }

  private void free(String name) {
    List<CallerKey> all = ring.kept().list("", "", "", MOST);
    if (all.size() == MOST) {
      throw Failure.invalid("There are " + MOST + " admins' keys; end some.")
          .status(409)
          .at("name");
    }
    if (all.stream().anyMatch(key -> key.name().equalsIgnoreCase(name))) {
      throw Failure.invalid("There is an admin's key '" + name + "' already; it can be rotated.")
          .status(409)
          .at("name")
          .code("admin_exists");
    }
  }

  private ObjectNode json(CallerKey key) {
    ObjectNode node = Json.object().put("id", key.id());
    node.setAll(json(key.admin().orElseThrow()));
    node.put("prefix", key.prefix()).put("created", key.created().toString());
    node.put("expires", key.expires().map(Instant::toString).orElse(null));
    return node.put(
        "last_use",
        Keys.lastUse(ring, key.id(), key.lastUse()).map(Instant::toString).orElse(null));
  }

  private static ObjectNode json(Admin admin) {
    ObjectNode node = Json.object().put("name", admin.name()).put("role", admin.role().word());
    admin.tenants().stream().sorted().forEach(node.putArray("tenants")::add);
    return node.put("person", admin.person());
  }
}
