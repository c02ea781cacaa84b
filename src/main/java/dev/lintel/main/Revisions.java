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
import dev.lintel.Settings;
import dev.lintel.config.Config;
import dev.lintel.config.Edit;
import dev.lintel.config.Faulty;
import dev.lintel.config.Loader;
import dev.lintel.config.Written;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
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
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;

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

  private final Source source;
  private final Changes changes;
  private final FileMarks files;
  private final Drafts drafts;
  private final SecondAdmin second;
  private final Notices notices;
  private final BiFunction<Config, Long, Staged> staging;
  private final Consumer<App> ended;
  private final InstantSource clock;
  private final ScheduledExecutorService turns =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("lintel-config").factory());
  private volatile InForce state;
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
      BiFunction<Config, Long, Staged> staging,
      Consumer<App> ended,
      InstantSource clock) {
    this.source = source;
    this.changes = changes;
    this.files = new FileMarks(changes, source.first().database().isPresent());
    this.drafts = new Drafts(source.loader(), this::revision, this::now);
    this.second = new SecondAdmin(approvals, notices, this::now);
    this.notices = notices;
    this.staging = staging;
    this.ended = ended;
    this.clock = clock;
    Written own = source.own();
    this.state = new InForce(own, Revision.NONE, own, own, source.first());
  }

  /**
   * What the store knows, before anything is served. Throws {@link Faulty} where the changes do not
   * go with the file, and {@link IllegalStateException} where they cannot be opened: what was
   * deleted must not come back.
   */
  void begin() {
    try {
      arrive();
      InForce now = state(state.own(), changes.latest());
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
    Instant at = now();
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
    InForce now = state;
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
      throw Drafts.refusal(faulty, String.join(".", path) + ".");
    }
  }

  /** As exactly as the store keeps it. */
  private Instant now() {
    return clock.instant().truncatedTo(ChronoUnit.MILLIS);
  }

  /** The configuration in force. */
  Config config() {
    return state.config();
  }

  /** The number of the revision that is in force. */
  long number() {
    return state.revision().number();
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
      InForce before = state;
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
              Edit edit = now.edit(NOBODY, now(), Optional.empty());
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
        Edit edit = before.edit(NOBODY, now(), Optional.empty());
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
    return state.tag(path);
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
            drafts.of(wish, order),
            (before, after) -> second.ask(wish, order, before, after),
            Drafts.ending(order)));
  }

  @Override
  public Done approve(Admin admin, String id) {
    return turn(() -> {
      SecondAdmin.Agreed agreed = second.agreed(admin, id);
      Order order = agreed.order();
      return agreed.carried(() ->
          write(
              agreed.wish().by(),
              agreed.why(),
              order.about(),
              drafts.of(agreed.wish(), order),
              agreed,
              Drafts.ending(order)));
    });
  }

  @Override
  public List<Change> overrides() {
    InForce now = state;
    return now.whole().changes().stream().filter(Change::override).map(now.whole()::shown).toList();
  }

  @Override
  public Running running() {
    InForce now = state;
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
    return whole(revision(from).orElseThrow(() -> Drafts.none(from)))
        .to(whole(revision(to).orElseThrow(() -> Drafts.none(to))));
  }

  @Override
  public Plan plan(String file, String text) {
    return turn(() -> {
      InForce now = state;
      try {
        Edit edit = now.edit(NOBODY, now(), Optional.empty());
        Written given = source.loader().read(file, text);
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

  /**
   * What an apply of that text would put in force, but for what is each node's own, and without
   * anything that it only names: neither secrets nor the environment are read. Throws {@link
   * Failure} {@code INVALID_REQUEST} where it is no configuration.
   */
  Config candidate(String file, String text) {
    InForce now = state;
    try {
      Edit edit = now.edit(NOBODY, now(), Optional.empty());
      Written given = source.loader().read(file, text);
      edit.apply(given);
      return source.loader().unreading().load(given.shared().with(edit.changes()));
    } catch (Faulty faulty) {
      throw Drafts.refusal(faulty, "");
    }
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
      String by, String why, Optional<List<String>> place, Function<InForce, Next> next) {
    // What a file or a clock takes away may come back as it was, and nobody has to agree to it.
    return write(by, why, place, next, (before, after) -> Optional.empty(), Drafts.NONE_END);
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
      Function<InForce, Next> next,
      SecondAdmin.Consent consent,
      BiFunction<Written, Written, Set<App>> ending) {
    for (int tries = 0; tries < MOST_TRIES; tries++) {
      if (changes.newest() != state.revision().number()) {
        catchUp(changes.latest());
      }
      InForce before = state;
      Next wanted = next.apply(before);
      Instant at = now();
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
      InForce after = checked(wanted.own(), revision, place);
      Optional<Request> waits = consent.missing(before, after);
      if (waits.isPresent()) {
        return new Done(before.revision().number(), false, before.whole().to(after.whole()), waits);
      }
      Staged staged = staging.apply(after.config(), revision.number());
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
  private InForce checked(Written own, Revision revision, Optional<List<String>> place) {
    try {
      return state(own, revision);
    } catch (Faulty faulty) {
      if (!own.equals(state.own())) {
        throw faulty;
      }
      throw Drafts.refusal(faulty, place.map(path -> String.join(".", path) + ".").orElse(""));
    }
  }

  /** Everything that follows from a file and a revision. Throws {@link Faulty}. */
  private InForce state(Written own, Revision revision) {
    Written base = base(own, revision);
    Written whole = base.with(holding(revision));
    return new InForce(own, revision, base, whole, source.config(whole));
  }

  private Written base(Written own, Revision revision) {
    InForce now = state;
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

  private void use(InForce next) {
    staging.apply(next.config(), next.revision().number()).use();
    state = next;
  }

  private void look() {
    try {
      if (!arrived) {
        arrive();
      } else if (source.first().database().isPresent() && looks++ % FILE_LOOKS == 0) {
        files.look();
      }
      InForce now = state;
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
    InForce now = state;
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

  private static void report(InForce now) {
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
