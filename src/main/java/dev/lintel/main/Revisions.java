package dev.lintel.main;

import dev.lintel.Admin;
import dev.lintel.Approvals;
import dev.lintel.Approvals.Request;
import dev.lintel.CallThread;
import dev.lintel.Changes;
import dev.lintel.Changes.App;
import dev.lintel.Changes.Change;
import dev.lintel.Changes.Revision;
import dev.lintel.Failure;
import dev.lintel.History;
import dev.lintel.Ids;
import dev.lintel.Json;
import dev.lintel.Settings;
import dev.lintel.config.Config;
import dev.lintel.config.Edit;
import dev.lintel.config.Fault;
import dev.lintel.config.Faulty;
import dev.lintel.config.Grammar;
import dev.lintel.config.Loader;
import dev.lintel.config.Written;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Which configuration is in force: this node's own file, or the text that was applied in its place,
 * with the changes of all nodes over it. Everything that changes it goes one after the other on one
 * thread, and is in the store before it is in force.
 */
final class Revisions implements Settings, History, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Revisions.class);
  private static final Duration LOOK = Duration.ofMillis(300);

  /** As often another node may be faster before somebody is told to try again. */
  private static final int MOST_TRIES = 30;

  private static final String APPLIED = "the applied configuration";
  private static final String NOBODY = "lintel";

  /** Every so many looks it is looked whether another node has brought a newer file. */
  private static final int FILE_LOOKS = 10;

  /**
   * Where the node's own part comes from.
   *
   * @param own its file
   * @param first what the file alone means
   * @param around what the command line says instead of the file
   * @param origins where its secrets lie
   */
  record Source(
      Loader loader, Written own, Config first, UnaryOperator<Config> around, Origins origins) {
    /** Of one that names no secrets that lie elsewhere. Throws {@link Faulty}. */
    static Source of(Loader loader, Written own, UnaryOperator<Config> around) {
      return of(loader, own, around, Origins.nowhere());
    }

    /** Throws {@link Faulty}. */
    static Source of(Loader loader, Written own, UnaryOperator<Config> around, Origins origins) {
      return new Source(loader, own, around.apply(loader.load(own)), around, origins);
    }

    private Config config(Written written) {
      return around.apply(loader.load(written));
    }
  }

  /** A configuration that is ready to serve. */
  interface Staged {
    /** Serves by it from now on. */
    void use();

    /** It was for nothing. */
    void drop();
  }

  /**
   * What is in force.
   *
   * @param own this node's file
   * @param base what is under the changes
   * @param whole the base with those changes whose time is not over
   */
  private record State(
      Written own, Revision revision, Written base, Written whole, Config config) {}

  /**
   * What to do next.
   *
   * @param own this node's file then
   */
  private record Next(Written own, Optional<String> base, List<Change> changes) {}

  /** Who else has to agree to a change. */
  @FunctionalInterface
  private interface Consent {
    /** The request that now waits for them; empty where nobody has to, or all have. */
    Optional<Request> missing(State before, State after);
  }

  /** What an apply or a way back leaves out may come back as it was, with its keys. */
  private static final BiFunction<Written, Written, Set<App>> NONE_END =
      (before, after) -> Set.of();

  private final Source source;
  private final Changes changes;
  private final FileMarks files;
  private final Approvals approvals;
  private final Notices notices;
  private final Function<Config, Staged> staging;
  private final Consumer<App> ended;
  private final InstantSource clock;
  private final ScheduledExecutorService turns =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("lintel-config").factory());
  private volatile State state;
  private boolean away;
  private boolean owed;
  private long refused = -1;

  /** Whether it is known how this node's file stands to those that were in force before. */
  private boolean arrived;

  private int looks;

  /**
   * @param changes as the approvals throw {@link Failure} where the store cannot be had
   * @param staging makes a configuration ready; what it throws is told to who wanted it
   * @param ended hears of each app whose keys have ended
   */
  Revisions(
      Source source,
      Changes changes,
      Approvals approvals,
      Notices notices,
      Function<Config, Staged> staging,
      Consumer<App> ended,
      InstantSource clock) {
    this.source = source;
    this.changes = changes;
    this.files = new FileMarks(changes, source.first().database().isPresent());
    this.approvals = approvals;
    this.notices = notices;
    this.staging = staging;
    this.ended = ended;
    this.clock = clock;
    Written own = source.own();
    this.state = new State(own, Revision.NONE, own, own, source.first());
  }

  /**
   * What the store knows, before anything is served. Throws {@link Faulty} where the changes do not
   * go with the file, and {@link IllegalStateException} where they cannot be opened: what was
   * deleted must not come back.
   */
  void begin() {
    try {
      arrive();
      State now = state(state.own(), changes.latest());
      state = now;
      report(now);
    } catch (Failure notThere) {
      if (!notThere.retryable()) {
        throw new IllegalStateException(
            "The configuration's changes cannot be read from the store: " + notThere.message(),
            notThere);
      }
      late();
    }
  }

  /**
   * Finds out whether the file has changed while this node was down, which is an apply of it as a
   * change under a running node is: it ends the overrides. Nodes that share a database are given
   * the same file one after the other, so that there a text which was in force before is an old
   * copy, and is applied no more. Throws {@link Faulty} where a changed file cannot be used.
   */
  private void arrive() {
    Written own = state.own();
    for (int tries = 0; tries < MOST_TRIES && !arrived; tries++) {
      files.look();
      boolean first = files.none();
      arrived = !first && files.knows(own) || (first || applied(own)) && files.tryNote(own);
    }
    files.look();
    switch (standing()) {
      case IN_FORCE, PASSED_OVER -> {}
      case OLDER ->
          LOG.warn(
              "{} is an older text than the one that another node has brought: it is in force on"
                  + " this node and ends no override; bring it up to date, or apply it",
              own.file());
    }
  }

  /** Before anything is served by it; false where another node was faster. */
  private boolean applied(Written own) {
    Revision latest = changes.latest();
    Written base = base(own, latest);
    Instant at = clock.instant().truncatedTo(ChronoUnit.MILLIS);
    var edit = new Edit(base, base.with(holding(latest)), NOBODY, at, Optional.empty());
    List<Change> over = edit.apply(own);
    Optional<String> text = latest.base().map(given -> own.text());
    if (!over.isEmpty() || !text.equals(latest.base())) {
      var next =
          new Revision(
              latest.number() + 1,
              at,
              NOBODY,
              "the file " + own.file() + " has changed while its node was down",
              text,
              edit.changes());
      state(own, next);
      if (!changes.add(next)) {
        return false;
      }
    }
    LOG.info("{} has changed while this node was down, and is applied", own.file());
    over.forEach(change -> tellEnd(change, "the file has changed while this node was down"));
    return true;
  }

  private static void tellEnd(Change change, String why) {
    LOG.warn(
        "the change of {} by {} ({}) has ended: {}",
        Difference.pointer(change.path()),
        change.by(),
        change.at(),
        why);
  }

  /** How this node's own file stands to what is in force. */
  OwnFile standing() {
    State now = state;
    if (now.revision().base().isPresent()) {
      return now.base().mark().equals(now.own().mark()) ? OwnFile.IN_FORCE : OwnFile.PASSED_OVER;
    }
    return files.none() || files.isNewest(now.own()) ? OwnFile.IN_FORCE : OwnFile.OLDER;
  }

  /** The store is not there, and nobody waits for it any longer. */
  void late() {
    away = true;
    LOG.error(
        "the store cannot be had: until it can, the file is in force without what admins have"
            + " changed");
  }

  /** Looks from time to time for what other nodes have changed, and for what ends by itself. */
  void start() {
    turns.scheduleWithFixedDelay(
        this::look, LOOK.toMillis(), LOOK.toMillis(), TimeUnit.MILLISECONDS);
  }

  /**
   * What would be with that written there; nothing is kept. Throws {@link Failure} {@code
   * INVALID_REQUEST} that names what is wrong with it.
   */
  Config supposing(List<String> path, JsonNode value) {
    Written whole = state.whole();
    var more = new ArrayList<>(whole.changes());
    more.add(
        new Change(path, Optional.of(value), false, NOBODY, clock.instant(), Optional.empty()));
    try {
      return source.config(whole.with(more));
    } catch (Faulty faulty) {
      throw failure(faulty, String.join(".", path) + ".");
    }
  }

  /** The configuration in force. */
  Config config() {
    return state.config();
  }

  /** Looks at once: somebody said that there is something new. Does not wait. */
  void hurry() {
    try {
      turns.execute(this::look);
    } catch (RejectedExecutionException ending) {
      LOG.debug("no look any more: {}", ending.getMessage());
    }
  }

  /**
   * Puts the changed file to use, and ends the overrides of what it says. Throws {@link Faulty} and
   * changes nothing.
   */
  Config file(Written changed) {
    return turn(() -> {
      State before = state;
      List<Change> ended = new ArrayList<>();
      try {
        arrive();
        files.look();
        // What another node has brought first has ended what it ends.
        boolean fresh = !files.isNewest(changed);
        write(
            NOBODY,
            "the file " + changed.file() + " has changed",
            Optional.empty(),
            now -> {
              if (!fresh) {
                return new Next(changed, now.revision().base(), now.revision().changes());
              }
              Edit edit = edit(now, NOBODY, Optional.empty());
              ended.clear();
              ended.addAll(edit.apply(changed));
              return new Next(
                  changed, now.revision().base().map(text -> changed.text()), edit.changes());
            });
        owed = false;
        if (fresh) {
          files.note(changed);
        }
      } catch (Failure notThere) {
        // The file is at hand whether the store is or not; what it ends is written down later.
        owed = true;
        Edit edit = edit(before, NOBODY, Optional.empty());
        edit.apply(changed);
        Revision kept = before.revision();
        use(
            state(
                changed,
                new Revision(
                    kept.number(),
                    kept.at(),
                    kept.by(),
                    kept.why(),
                    kept.base().map(text -> changed.text()),
                    edit.changes())));
        LOG.warn("the changed file is in force here; the store cannot be told of it yet");
      }
      ended.forEach(change -> tellEnd(change, "the file has changed"));
      return state.config();
    });
  }

  @Override
  public Optional<JsonNode> find(List<String> path) {
    return state.whole().opened(path);
  }

  @Override
  public List<String> names(List<String> path) {
    return state.whole().at(path).stream()
        .flatMap(all -> all.propertyNames().stream())
        .sorted()
        .toList();
  }

  @Override
  public String tag(List<String> path) {
    return tag(state, path);
  }

  private static String tag(State now, List<String> path) {
    var text = new StringBuilder(now.whole().opened(path).map(Json::text).orElse(""));
    // What is shown of a secret does not tell when another has taken its place.
    for (Change change : now.whole().changes()) {
      if (Edit.touches(path, change.path())) {
        text.append('\n').append(change.at().toEpochMilli()).append(change.by());
      }
    }
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256")
              .digest(text.toString().getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(hash, 0, 10);
    } catch (NoSuchAlgorithmException everyJdkHasIt) {
      throw new IllegalStateException(everyJdkHasIt);
    }
  }

  @Override
  public Done change(Wish wish, Verb verb, Place place, JsonNode value) {
    return carry(wish, new Order.Put(verb, place, value, wish.until()));
  }

  @Override
  public Done end(Wish wish, List<String> path) {
    return carry(wish, new Order.End(path));
  }

  @Override
  public Done apply(Wish wish, String file, String text) {
    return carry(wish, new Order.Apply(file, text));
  }

  @Override
  public Done rollback(Wish wish, long number) {
    return carry(wish, new Order.Back(number));
  }

  /** At once, or, where one admin alone may not, as a request to another. */
  private Done carry(Wish wish, Order order) {
    return turn(() ->
        write(
            wish.by(),
            wish.why(),
            order.about(),
            next(wish, order),
            (before, after) -> request(wish, order, before, after),
            ending(order)));
  }

  /** Empty where one admin is enough. */
  private Optional<Request> request(Wish wish, Order order, State before, State after) {
    List<String> places = before.config().secondAdmin(after.config());
    if (places.isEmpty()) {
      return Optional.empty();
    }
    ObjectNode shown = Json.object().set("differences", differences(before, after));
    places.forEach(shown.putArray("places")::add);
    shown.put("person", wish.person());
    Instant at = clock.instant().truncatedTo(ChronoUnit.MILLIS);
    var request =
        new Request(
            Ids.of("apr_"),
            at,
            wish.by(),
            wish.why(),
            at.plus(before.config().approvals()),
            order.written(),
            Json.text(shown));
    approvals.add(request);
    notices.asked(request);
    return Optional.of(request);
  }

  private static ArrayNode differences(State before, State after) {
    ArrayNode all = Json.array();
    before.whole().to(after.whole()).forEach(difference -> all.add(difference.json()));
    return all;
  }

  @Override
  public Done approve(Admin admin, String id) {
    return turn(() -> {
      String by = admin.name();
      Request request = waiting(admin, id);
      Order order = Order.of(request.order());
      var wish =
          new Wish(
              request.by(), person(request), request.why(), Optional.empty(), Optional.empty());
      var agreed = new Agreed(request, by);
      try {
        Done done =
            write(
                request.by(),
                request.why() + ", approved by " + by,
                order.about(),
                next(wish, order),
                agreed,
                ending(order));
        if (!agreed.decided) {
          throw stale(id, "nothing would be different");
        }
        approvals.done(id, done.revision());
        return done;
      } catch (Failure refused) {
        if (agreed.decided) {
          approvals.undecide(id);
        }
        throw switch (refused.kind()) {
          case INVALID_REQUEST, NOT_FOUND ->
              refused.status() == 409 ? refused : stale(id, refused.message());
          default -> refused;
        };
      }
    });
  }

  private static String person(Request request) {
    return Json.parse(request.shown()).path("person").asString(request.by());
  }

  private Request waiting(Admin by, String id) {
    Approvals.Known known =
        approvals
            .find(id, clock.instant())
            .orElseThrow(() ->
                Failure.of(Failure.Kind.NOT_FOUND, "There is no request '" + id + "'.")
                    .at("id")
                    .code("approval_not_found"));
    if (known.decision().state() != Approvals.State.PENDING) {
      throw Failure.invalid(
              "The request '" + id + "' waits no more: " + known.decision().state().word() + ".")
          .status(409)
          .at("id")
          .code("approval_" + known.decision().state().word());
    }
    Request request = known.request();
    if (request.by().equalsIgnoreCase(by.name()) || person(request).equalsIgnoreCase(by.person())) {
      throw Failure.of(
          Failure.Kind.PERMISSION, "Another admin than who asked for a change agrees to it.");
    }
    return known.request();
  }

  private static Failure stale(String id, String why) {
    return Failure.invalid(
            "The request '"
                + id
                + "' does not fit the configuration any more; make the change again. "
                + why)
        .status(409)
        .at("id")
        .code("approval_stale");
  }

  /** That of two who agree at once one does it, and only what was shown is done. */
  private final class Agreed implements Consent {
    private final Request request;
    private final String by;
    private boolean decided;

    private Agreed(Request request, String by) {
      this.request = request;
      this.by = by;
    }

    @Override
    public Optional<Request> missing(State before, State after) {
      String now = Json.text(differences(before, after));
      if (!Json.parse(now).equals(Json.parse(request.shown()).path("differences"))) {
        throw stale(request.id(), "Something else would be different than was shown.");
      }
      if (!decided) {
        decided = approvals.decide(request.id(), Approvals.State.APPROVED, by, clock.instant());
        if (!decided) {
          throw stale(request.id(), "Somebody has decided meanwhile.");
        }
      }
      return Optional.empty();
    }
  }

  private Function<State, Next> next(Wish wish, Order order) {
    return switch (order) {
      case Order.Put put -> now -> put(now, wish, put);
      case Order.End end -> now -> ended(now, wish, end.path());
      case Order.Apply apply -> now -> applied(now, wish, apply);
      case Order.Back back -> {
        Revision target = revision(back.number()).orElseThrow(() -> none(back.number()));
        yield now -> new Next(now.own(), target.base(), target.changes());
      }
    };
  }

  private static BiFunction<Written, Written, Set<App>> ending(Order order) {
    return switch (order) {
      case Order.Put put -> (before, after) -> strangers(before, after, put.until().isPresent());
      case Order.End _, Order.Apply _, Order.Back _ -> NONE_END;
    };
  }

  private Next put(State now, Wish wish, Order.Put put) {
    Place place = put.place();
    Optional<JsonNode> there = now.whole().at(place.path());
    place
        .home()
        .filter(home -> now.whole().at(home.path()).isEmpty())
        .ifPresent(home -> {
          throw home.missing();
        });
    matched(wish, now, place, there.isPresent());
    if (put.verb() == Verb.CREATE && there.isPresent()) {
      throw Failure.invalid(
              "There is a " + place.noun() + " '" + place.path().getLast() + "' already.")
          .status(409)
          .at("name")
          .code(place.noun() + "_exists");
    }
    if (there.isEmpty() && (put.verb() == Verb.MERGE || put.verb() == Verb.REMOVE)) {
      throw place.missing();
    }
    Edit edit = edit(now, wish.by(), put.until());
    try {
      switch (put.verb()) {
        case CREATE, REPLACE -> edit.replace(place.path(), put.value());
        case MERGE -> edit.merge(place.path(), put.value());
        case REMOVE -> edit.remove(place.path());
      }
    } catch (Grammar.NothingKept nothing) {
      throw Failure.invalid("'unchanged' keeps the secret that is there, and there is none.")
          .at(nothing.path());
    }
    return new Next(now.own(), now.revision().base(), edit.changes());
  }

  private Next ended(State now, Wish wish, List<String> path) {
    Edit edit = edit(now, wish.by(), Optional.empty());
    boolean known =
        now.whole().changes().stream()
            .anyMatch(change -> change.override() && change.path().equals(path));
    if (!known || !edit.end(path)) {
      throw Failure.of(
              Failure.Kind.NOT_FOUND, "There is no override of " + Difference.pointer(path) + ".")
          .at("path")
          .code("override_not_found");
    }
    return new Next(now.own(), now.revision().base(), edit.changes());
  }

  private Next applied(State now, Wish wish, Order.Apply apply) {
    Edit edit = edit(now, wish.by(), Optional.empty());
    try {
      edit.apply(source.loader().read(apply.file(), apply.text()));
    } catch (Faulty noYaml) {
      throw failure(noYaml, "");
    }
    return new Next(now.own(), Optional.of(apply.text()), edit.changes());
  }

  /**
   * The apps that were taken away or made: one of the same name that is made later is another one,
   * and must not find the keys of the one before.
   *
   * @param back whether what was taken away comes back by itself, with its keys
   */
  private static Set<App> strangers(Written before, Written after, boolean back) {
    Set<App> old = apps(before);
    Set<App> fresh = apps(after);
    var all = new HashSet<App>(fresh);
    all.removeAll(old);
    if (!back) {
      old.stream().filter(app -> !fresh.contains(app)).forEach(all::add);
    }
    return all;
  }

  private static Set<App> apps(Written of) {
    var all = new HashSet<App>();
    of.at(List.of("tenants"))
        .ifPresent(tenants ->
            tenants
                .properties()
                .forEach(tenant -> {
                  all.add(new App(tenant.getKey(), ""));
                  tenant
                      .getValue()
                      .path("apps")
                      .propertyNames()
                      .forEach(app -> all.add(new App(tenant.getKey(), app)));
                }));
    return all;
  }

  private static void matched(Wish wish, State now, Place place, boolean there) {
    if (wish.match().isEmpty()) {
      return;
    }
    List<String> tags = wish.match().get();
    if (!there || !(tags.contains("*") || tags.contains(tag(now, place.path())))) {
      throw Failure.invalid(
              "The "
                  + place.noun()
                  + " '"
                  + place.path().getLast()
                  + "' has changed since it was read; read it again, and try again.")
          .status(412)
          .at("If-Match")
          .code("precondition_failed");
    }
  }

  @Override
  public List<Change> overrides() {
    State now = state;
    return now.whole().changes().stream().filter(Change::override).map(now.whole()::shown).toList();
  }

  @Override
  public Running running() {
    State now = state;
    return new Running(
        shown(now.revision(), now.whole()),
        now.base().file(),
        now.revision().base().isPresent(),
        standing(),
        now.whole().shown());
  }

  @Override
  public List<Revision> list(long before, int limit) {
    return changes.list(before, limit);
  }

  @Override
  public Optional<Revision> find(long number) {
    return revision(number).map(found -> shown(found, whole(found)));
  }

  @Override
  public List<Difference> differences(long from, long to) {
    return whole(revision(from).orElseThrow(() -> none(from)))
        .to(whole(revision(to).orElseThrow(() -> none(to))));
  }

  @Override
  public Plan plan(String file, String text) {
    return turn(() -> {
      State now = state;
      try {
        Written given = source.loader().read(file, text);
        Edit edit = edit(now, NOBODY, Optional.empty());
        List<Change> ends = edit.apply(given);
        Written then = given.standing(now.own()).with(edit.changes());
        source.loader().load(then);
        return new Plan(
            List.of(), now.whole().to(then), ends.stream().map(now.whole()::shown).toList());
      } catch (Faulty faulty) {
        return new Plan(
            faulty.faults().stream()
                .map(fault -> new Flaw(fault.line(), fault.path(), fault.text()))
                .toList(),
            List.of(),
            List.of());
      }
    });
  }

  @Override
  public void close() {
    turns.shutdownNow();
  }

  /**
   * The next revision, in the store and in force; what it would have to say is asked anew when
   * another node was faster.
   *
   * @param place at which a fault is named from
   */
  private Done write(
      String by, String why, Optional<List<String>> place, Function<State, Next> next) {
    // What a file or a clock takes away may come back as it was, and nobody has to agree to it.
    return write(by, why, place, next, (before, after) -> Optional.empty(), NONE_END);
  }

  /**
   * The same.
   *
   * @param consent asked once it is known that all else is well
   * @param ending the apps whose keys end with it
   */
  private Done write(
      String by,
      String why,
      Optional<List<String>> place,
      Function<State, Next> next,
      Consent consent,
      BiFunction<Written, Written, Set<App>> ending) {
    for (int tries = 0; tries < MOST_TRIES; tries++) {
      if (changes.newest() != state.revision().number()) {
        catchUp(changes.latest());
      }
      State before = state;
      Next wanted = next.apply(before);
      Instant at = clock.instant().truncatedTo(ChronoUnit.MILLIS);
      boolean same =
          wanted.base().equals(before.revision().base())
              && wanted.changes().equals(before.revision().changes());
      Revision revision =
          same
              ? before.revision()
              : new Revision(
                  before.revision().number() + 1, at, by, why, wanted.base(), wanted.changes());
      if (same && wanted.own().equals(before.own())) {
        return new Done(revision.number(), false, List.of(), Optional.empty());
      }
      State after = checked(wanted.own(), revision, place);
      Optional<Request> waits = consent.missing(before, after);
      if (waits.isPresent()) {
        return new Done(before.revision().number(), false, before.whole().to(after.whole()), waits);
      }
      Staged staged = staging.apply(after.config());
      Set<App> ends = ending.apply(before.whole(), after.whole());
      boolean added = false;
      try {
        added = same || changes.add(revision, ends);
      } finally {
        if (!added) {
          staged.drop();
        }
      }
      if (added) {
        staged.use();
        state = after;
        List<Difference> differences = before.whole().to(after.whole());
        if (!same) {
          notices.revised(revision, differences);
        }
        if (!wanted.base().equals(before.revision().base())) {
          if (wanted.base().isPresent()) {
            files.noteGiven(after.base());
          } else {
            files.note(after.own());
          }
        }
        ends.forEach(ended);
        return new Done(
            revision.number(),
            place.filter(path -> before.whole().at(path).isEmpty()).isPresent(),
            differences,
            Optional.empty());
      }
    }
    throw Failure.of(
            Failure.Kind.UNAVAILABLE, "Other nodes change the configuration too; try again.")
        .retryAfter(Optional.of(Duration.ofSeconds(1)));
  }

  private void catchUp(Revision latest) {
    try {
      use(state(state.own(), latest));
    } catch (Faulty faulty) {
      throw Failure.of(
          Failure.Kind.UNAVAILABLE,
          "This node cannot use revision "
              + latest.number()
              + " of the configuration, so that nothing can be changed here; its log says why.",
          faulty);
    }
  }

  /** Faults of the file itself stay what they are; those of a change are the admin's. */
  private State checked(Written own, Revision revision, Optional<List<String>> place) {
    try {
      return state(own, revision);
    } catch (Faulty faulty) {
      if (!own.equals(state.own())) {
        throw faulty;
      }
      throw failure(faulty, place.map(path -> String.join(".", path) + ".").orElse(""));
    }
  }

  private static Failure failure(Faulty faulty, String place) {
    Fault first =
        faulty.faults().stream()
            .filter(fault -> fault.path().startsWith(place))
            .findFirst()
            .orElse(faulty.faults().getFirst());
    String param =
        first.path().startsWith(place) ? first.path().substring(place.length()) : first.path();
    return Failure.invalid(
            faulty.faults().stream()
                .limit(20)
                .map(fault -> fault.text() + ".")
                .distinct()
                .collect(Collectors.joining(" ")))
        .at(param.isEmpty() ? "body" : param)
        .code("invalid_configuration");
  }

  /** Everything that follows from a file and a revision. Throws {@link Faulty}. */
  private State state(Written own, Revision revision) {
    Written base = base(own, revision);
    Written whole = base.with(holding(revision));
    return new State(own, revision, base, whole, source.config(whole));
  }

  private Written base(Written own, Revision revision) {
    State now = state;
    return own.equals(now.own()) && revision.base().equals(now.revision().base())
        ? now.base()
        : revision
            .base()
            .map(text -> source.loader().read(APPLIED, text).standing(own))
            .orElse(own);
  }

  private List<Change> holding(Revision revision) {
    Instant now = clock.instant();
    return revision.changes().stream()
        .filter(change -> change.until().map(now::isBefore).orElse(true))
        .toList();
  }

  private Edit edit(State now, String by, Optional<Instant> until) {
    return new Edit(
        now.base(), now.whole(), by, clock.instant().truncatedTo(ChronoUnit.MILLIS), until);
  }

  /** Reads what is in force again: something that it names may have changed. Does not wait. */
  void again() {
    try {
      turns.execute(() -> {
        try {
          use(state(state.own(), state.revision()));
          LOG.info("secrets that lie elsewhere were read again");
        } catch (Faulty faulty) {
          LOG.error("secrets that lie elsewhere cannot be read again; those before go on:");
          faulty.faults().forEach(fault -> LOG.error("{}", fault));
        } catch (RuntimeException failed) {
          LOG.error("secrets that lie elsewhere could not be put to use", failed);
        }
      });
    } catch (RejectedExecutionException ending) {
      LOG.debug("nothing is read any more: {}", ending.getMessage());
    }
  }

  private void use(State next) {
    staging.apply(next.config()).use();
    state = next;
  }

  private void look() {
    try {
      if (!arrived) {
        arrive();
      } else if (source.first().database().isPresent() && looks++ % FILE_LOOKS == 0) {
        files.look();
      }
      State now = state;
      long newest = changes.newest();
      if (away) {
        away = false;
        LOG.info("the store is there again");
      }
      if (newest != now.revision().number() && newest != refused) {
        adopt(changes.latest());
      }
      if (owed) {
        state = state(state.own(), changes.latest());
        file(state.own());
      }
    } catch (Failure notThere) {
      if (!away) {
        away = true;
        LOG.warn(
            "changes of the configuration are not seen until the store is there again: {}",
            notThere.getMessage());
      }
    } catch (Faulty faulty) {
      arrived = true;
      LOG.error("the file has changed while this node was down, and cannot be used:");
      faulty.faults().forEach(fault -> LOG.error("{}", fault));
    } catch (RuntimeException failed) {
      LOG.error("the configuration could not be looked at", failed);
    }
    try {
      expire();
    } catch (RuntimeException failed) {
      LOG.error("a change that was to end goes on", failed);
    }
  }

  private void adopt(Revision latest) {
    try {
      use(state(state.own(), latest));
      refused = -1;
      LOG.info(
          "revision {} of the configuration is in force: {} by {}",
          latest.number(),
          latest.why(),
          latest.by());
    } catch (Faulty faulty) {
      refused = latest.number();
      LOG.error(
          "revision {} of the configuration ({} by {}) cannot be used on this node; the one before"
              + " it goes on",
          latest.number(),
          latest.why(),
          latest.by());
      faulty.faults().forEach(fault -> LOG.error("{}", fault));
    }
  }

  /** Ends here at once what was to end by now, and then for all. */
  private void expire() {
    State now = state;
    if (now.whole().changes().equals(holding(now.revision()))) {
      return;
    }
    List<Change> over = new ArrayList<>(now.whole().changes());
    over.removeAll(holding(now.revision()));
    use(state(now.own(), now.revision()));
    over.forEach(change ->
        LOG.info(
            "the change of {} by {} has ended, as it was to",
            Difference.pointer(change.path()),
            change.by()));
    try {
      write(
          NOBODY,
          "a change has ended, as it was to",
          Optional.empty(),
          later -> new Next(later.own(), later.revision().base(), later.whole().changes()));
    } catch (Failure notThere) {
      LOG.debug("the store is told of it with the next change: {}", notThere.getMessage());
    }
  }

  private Optional<Revision> revision(long number) {
    return number == 0 ? Optional.of(Revision.NONE) : changes.find(number);
  }

  private Written whole(Revision revision) {
    return base(state.own(), revision).with(revision.changes());
  }

  private static Revision shown(Revision revision, Written whole) {
    return new Revision(
        revision.number(),
        revision.at(),
        revision.by(),
        revision.why(),
        Optional.empty(),
        revision.changes().stream().map(whole::shown).toList());
  }

  private static Failure none(long number) {
    return Failure.of(Failure.Kind.NOT_FOUND, "There is no revision " + number + ".")
        .at("revision")
        .code("revision_not_found");
  }

  private static void report(State now) {
    if (now.revision().base().isPresent()) {
      LOG.warn(
          "what was applied is in force in the place of {}, until that changes or somebody goes"
              + " back to a revision before it",
          now.own().file());
    }
    if (now.revision().number() > 0) {
      LOG.info(
          "revision {} of the configuration is in force, {} changes over {}",
          now.revision().number(),
          now.whole().changes().size(),
          now.base().file());
    }
  }

  /** One after the other, and on a thread that no call waits on. */
  private <T> T turn(Supplier<T> work) {
    if (Thread.currentThread().getName().equals("lintel-config")) {
      return work.get();
    }
    try {
      return CallThread.await(CompletableFuture.supplyAsync(work, turns));
    } catch (RejectedExecutionException ending) {
      throw Failure.of(Failure.Kind.UNAVAILABLE, "The gateway is ending.", ending);
    }
  }
}
