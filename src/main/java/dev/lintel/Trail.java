package dev.lintel;

import java.math.BigDecimal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What has happened to a call so far: its evidence. Written by the stops on its way and read by the
 * edge for headers and errors, and by listeners at its end; by the call's own thread only.
 */
public final class Trail {
  private final String id;
  private final Instant time;
  private final long started;
  private List<Attempt> attempts = List.of();
  private int trying;

  /** Of the try that began last, among all. */
  private int place = -1;

  /** Of the tries that are under way, where there are several. */
  private List<Target> several = List.of();

  private List<String> adapted = List.of();
  private List<String> standing = List.of();
  private Usage usage = Usage.UNKNOWN;

  /** Of the usage as it is now; {@code null} until somebody asks. */
  private @Nullable Optional<BigDecimal> cost;

  private @Nullable Dialect dialect;
  private String named = "";

  /** Of what was asked beside, which nobody was answered with; {@code null} where nothing was. */
  private @Nullable Optional<BigDecimal> beside;

  private Caller caller = Caller.UNKNOWN;
  private Terms terms = Terms.NONE;
  private @Nullable Request request;
  private @Nullable Model model;
  private @Nullable Target target;
  private long firstContent;
  private long longestGap = -1;
  private Memory memory = Memory.NONE;
  private Credential credential = Credential.NONE;
  private @Nullable Keyed keyed;
  private @Nullable Keeper keeper;
  private @Nullable Replay replay;
  private int status = 200;
  private @Nullable Decision decision;
  private String variant = "";
  private Lesson lesson = Lesson.NONE;

  /** Of the arm; {@code null} where there is none. */
  private @Nullable Rater arm;

  private boolean supposed;
  private String shadowOf = "";
  private String judgeOf = "";
  private Runnable told = () -> {};
  private boolean paidByAnother;
  private List<Finding> findings = List.of();
  private List<Counters.Charge> charges = List.of();
  private Admission admission = Admission.NONE;
  private Policy policy = Policy.NONE;
  private Peer peer = Peer.NOBODY;
  private final Timings timings;
  private Served served = Served.NOWHERE;
  private String trace = "";

  /** As it was read at first; {@code null} until it was. */
  private @Nullable Request read;

  private Terms given = Terms.NONE;

  /**
   * @param started {@link System#nanoTime} when the request arrived
   */
  public Trail(String id, Instant time, long started) {
    this.id = id;
    this.time = time;
    this.started = started;
    this.timings = new Timings(started);
  }

  /**
   * Of a call that begins now, under a new id.
   *
   * @param started {@link System#nanoTime} when its request arrived
   */
  public static Trail begin(long started) {
    Instant now = Instant.now();
    return new Trail(Ids.request(now), now, started);
  }

  public String id() {
    return id;
  }

  public Instant time() {
    return time;
  }

  /** {@link System#nanoTime} when the request arrived. */
  public long started() {
    return started;
  }

  /** The call is there to be served. */
  public void served(Served by) {
    served = by;
    passed(Stop.RECEIVE);
  }

  /** {@link Served#NOWHERE} until the call is looked at. */
  public Served served() {
    return served;
  }

  /** The call has that behind it now. */
  public void passed(Stop stop) {
    timings.passed(stop, CallThread.nanoTime());
  }

  /** The call has waited for room, so long. */
  public void waited(long nanos) {
    timings.waited(nanos);
  }

  /** How long everything took so far. */
  public Timings timings() {
    return timings;
  }

  /** The call belongs to that trace, whatever its caller says. */
  public void traced(String id) {
    trace = id;
  }

  /**
   * The trace to which the call belongs, 32 hexadecimal digits: its caller's, or one of its own.
   */
  public String traceId() {
    if (trace.isEmpty()) {
      trace = given.traceId().orElseGet(Ids::trace);
    }
    return trace;
  }

  /** What was asked for at first, whatever was made of it. */
  public Asked asked() {
    Request first = read;
    return first == null ? Asked.NOTHING : Asked.of(first, given);
  }

  /** The request as it was read at first; empty until it was. */
  public Optional<Request> first() {
    return Optional.ofNullable(read);
  }

  /** What its caller said beside it, whatever a policy made of that. */
  public Terms given() {
    return given;
  }

  /** Whether nobody may train a model with what the call said. */
  public boolean optedOut() {
    return policy.optsOut()
        || given.get("training").filter(Terms.OPTED_OUT::equals).isPresent()
        || terms.get("training").filter(Terms.OPTED_OUT::equals).isPresent();
  }

  /** The caller speaks that language. */
  public void spoken(Dialect language) {
    dialect = language;
  }

  /** In which the caller speaks; empty where nobody said. */
  public Optional<Dialect> dialect() {
    return Optional.ofNullable(dialect);
  }

  /** The caller asks for a model of that name, whether or not there is one for it. */
  public void named(String wanted) {
    named = wanted;
  }

  /** The name of the model that was asked for; empty until the request's body was read. */
  public String named() {
    return model == null ? named : model.name();
  }

  /** The call came over that connection. */
  public void from(Peer other) {
    peer = other;
  }

  /** {@link Peer#NOBODY} where the call came over no connection of its own. */
  public Peer peer() {
    return peer;
  }

  /** The caller is known. */
  public void calledBy(Caller known) {
    caller = known;
    passed(Stop.AUTHENTICATE);
  }

  /** {@link Caller#UNKNOWN} until a key was recognised. */
  public Caller caller() {
    return caller;
  }

  /**
   * The request has been read, and the model it asks for found; or something was made of what was
   * read at first.
   */
  public void asked(Request now, Terms saying, Model found) {
    dialect = now.dialect();
    request = now;
    terms = saying;
    model = found;
    if (read == null) {
      read = now;
      given = saying;
      passed(Stop.READ);
    }
  }

  /** Empty until the request's body was read. */
  public Optional<Request> request() {
    return Optional.ofNullable(request);
  }

  public Terms terms() {
    return terms;
  }

  /** The configured model; empty until the request's body was read. */
  public Optional<Model> model() {
    return Optional.ofNullable(model);
  }

  /** The one try that was under way has ended. */
  public void attempted(Attempt attempt) {
    attempted(attempt, attempts.size());
  }

  /**
   * One of the tries that are under way has ended.
   *
   * @param place among all tries, as they began: what {@link #tries} was before
   */
  public void attempted(Attempt attempt, int place) {
    if (attempts.isEmpty()) {
      attempts = new ArrayList<>(2);
    }
    attempts.add(Math.min(place, attempts.size()), attempt);
    trying = Math.max(0, trying - 1);
    timings.again(Stop.ANSWER, CallThread.nanoTime());
    if (!several.isEmpty()) {
      ended(attempt.target());
    }
    told.run();
  }

  private void ended(String name) {
    for (int i = 0; i < several.size(); i++) {
      if (several.get(i).named(name)) {
        several.remove(i);
        return;
      }
    }
  }

  /** Whose answers are waited for, in the order in which they were asked. */
  public List<Target> underWay() {
    return trying == 0 || target == null
        ? List.of()
        : several.isEmpty() ? List.of(target) : List.copyOf(several);
  }

  /** The tries that have ended, in the order in which they began. */
  public List<Attempt> attempts() {
    return Collections.unmodifiableList(attempts);
  }

  /** How often a target was asked, with the tries that are under way. */
  public int tries() {
    return attempts.size() + trying;
  }

  /** A target is asked from now on; what was adapted for an earlier one does not count any more. */
  public void asking(Target next) {
    if (trying > 0 && target != null) {
      several = several.isEmpty() ? new ArrayList<>(List.of(target)) : several;
      several.add(next);
    }
    target = next;
    place = tries();
    trying++;
    passed(Stop.CHOOSE);
    adapted = List.of();
    usage = Usage.UNKNOWN;
    cost = null;
    status = 200;
    told.run();
  }

  /**
   * The same for one of several that are asked side by side, each with a trail of its own.
   *
   * @param number among all the call's tries, as they began
   */
  public void asking(Target next, Credential key, int number) {
    asking(next, key);
    place = number;
  }

  /** Of the try that began last, among all; -1 before the first. */
  public int place() {
    return place;
  }

  /** The provider answered with that status, which is handed on. */
  public void answered(int given) {
    status = given;
  }

  /** The status of a reply that was handed on; 200 where nobody said another. */
  public int status() {
    return status;
  }

  /** The same, with the key that is used. */
  public void asking(Target next, Credential key) {
    credential = key;
    asking(next);
  }

  /** The key with which the target was asked last. */
  public Credential credential() {
    return credential;
  }

  /** What is remembered of the reply. */
  public Memory memory() {
    return memory;
  }

  public void remember(Memory kept) {
    memory = kept;
  }

  /** The target that was asked last. */
  public Optional<Target> target() {
    return Optional.ofNullable(target);
  }

  public void adapted(String note) {
    if (adapted.isEmpty()) {
      adapted = new ArrayList<>(2);
    }
    if (!adapted.contains(note)) {
      adapted.add(note);
    }
  }

  /** What was adapted so far holds for whatever target is asked. */
  public void keepAdapted() {
    standing = adapted();
    adapted = List.of();
  }

  /** What the target could not take as it was asked, such as {@code drop:seed}. */
  public List<String> adapted() {
    if (standing.isEmpty()) {
      return Collections.unmodifiableList(adapted);
    }
    var all = new ArrayList<>(standing);
    adapted.stream().filter(note -> !all.contains(note)).forEach(all::add);
    return all;
  }

  public void used(Usage reported) {
    usage = reported;
    cost = null;
  }

  /**
   * The same of an answer whose provider told nothing: the try that brought it, which may have
   * ended without knowing, cost as much.
   */
  public void estimated(Usage guess) {
    used(guess);
    Target asked = target;
    for (int i = attempts.size() - 1; i >= 0 && asked != null; i--) {
      Attempt attempt = attempts.get(i);
      if (asked.named(attempt.target())) {
        attempts.set(i, attempt.costing(answerCost()));
        return;
      }
    }
  }

  public Usage usage() {
    return usage;
  }

  /**
   * What the call cost so far, in USD; empty where the price of what was used is unknown, or
   * nothing is known of what was used.
   */
  public Optional<BigDecimal> cost() {
    if (free()) {
      return Optional.of(BigDecimal.ZERO);
    }
    Optional<BigDecimal> also = beside;
    if (also == null) {
      return answerCost();
    }
    // Nobody was answered, so that nothing is unknown of an answer.
    boolean alone = usage.source() == Usage.Source.NONE && firstContent == 0;
    return alone ? also : also.flatMap(more -> answerCost().map(more::add));
  }

  /** The same of the target that was asked last alone. */
  public Optional<BigDecimal> answerCost() {
    Optional<BigDecimal> known = cost;
    if (known == null) {
      known =
          target == null || usage.source() == Usage.Source.NONE
              ? Optional.empty()
              : target.price().cost(usage);
      cost = known;
    }
    return known;
  }

  /**
   * Something was used beside what the call is answered with.
   *
   * @param more what that cost, in USD; empty where its price is unknown
   */
  public void spentBeside(Optional<BigDecimal> more) {
    Optional<BigDecimal> known = beside;
    beside = known == null ? more : known.flatMap(sum -> more.map(sum::add));
  }

  /**
   * What the caller asks at that path shall be asked once.
   *
   * @param name by which the caller will know it again
   */
  public record Keyed(String name, String path) {}

  public void keyed(Keyed by) {
    keyed = by;
  }

  /** Empty for nearly every call. */
  public Optional<Keyed> keyed() {
    return Optional.ofNullable(keyed);
  }

  /** What the caller said beside its request, where that itself is not read. */
  public void said(Terms saying) {
    terms = saying;
    given = saying;
  }

  /** Somebody wants to keep what the caller is answered. */
  public void keptBy(Keeper wanting) {
    keeper = wanting;
  }

  public Optional<Keeper> keeper() {
    return Optional.ofNullable(keeper);
  }

  /** The call is answered with a reply that was given before. */
  public void replayed(Replay earlier) {
    replay = earlier;
  }

  /** Empty where the call was answered for itself, or not at all. */
  public Optional<Replay> replay() {
    return Optional.ofNullable(replay);
  }

  /** The call is not made: somebody wants to know where it would go. */
  public void suppose() {
    supposed = true;
  }

  /** Whether the call is not made, so that nothing that later calls depend on may change by it. */
  public boolean supposed() {
    return supposed;
  }

  /** Whether whoever asks is to be told the decision. */
  public boolean explains() {
    return supposed || terms.explain();
  }

  /** Why the call goes where it goes, as far as that is decided. */
  public Decision decision() {
    Decision known = decision;
    if (known == null) {
      known = new Decision();
      decision = known;
    }
    return known;
  }

  /**
   * For a try that is made on another thread: what it notes does not stand here until {@link
   * #answeredBy} says so.
   */
  public Trail aside() {
    var aside = new Trail(id, time, started);
    aside.dialect = dialect;
    aside.named = named;
    aside.caller = caller;
    aside.terms = terms;
    aside.request = request;
    aside.model = model;
    aside.place = place;
    aside.memory = memory;
    aside.policy = policy;
    aside.admission = admission;
    aside.read = read;
    aside.given = given;
    aside.served = served;
    aside.trace = traceId();
    return aside;
  }

  /** Of the tries that are under way that one answers the call. */
  public void answeredBy(Trail one) {
    target = one.target;
    credential = one.credential;
    adapted = new ArrayList<>(one.adapted);
    usage = Usage.UNKNOWN;
    cost = null;
    status = one.status;
  }

  /**
   * What has happened to the other so far holds for this one, too: it was asked on its behalf. What
   * comes later does not.
   */
  public void follow(Trail other) {
    attempts = new ArrayList<>(other.attempts);
    trying = other.trying;
    several = other.several.isEmpty() ? List.of() : new ArrayList<>(other.several);
    target = other.target;
    credential = other.credential;
    adapted = new ArrayList<>(other.adapted);
    standing = other.standing;
    usage = other.usage;
    cost = other.cost;
    beside = other.beside;
    status = other.status;
    decision = other.decision == null ? null : other.decision.copy();
    variant = other.variant;
    lesson = other.lesson;
    arm = other.arm;
  }

  /** From now on somebody is told, on the call's thread, when a try begins and when one ends. */
  public void tell(Runnable somebody) {
    told = somebody;
  }

  /** Another call was answered with the same reply, and pays for it. */
  public void paidByAnother() {
    paidByAnother = true;
  }

  /** The gateway answers by itself what nobody was asked for: that costs nothing. */
  public void answeredHere() {
    paidByAnother = true;
  }

  /** Whether somebody else pays for what the call is answered with. */
  public boolean free() {
    return replay != null || paidByAnother;
  }

  /** The call is let in. */
  public void admitted(Admission with) {
    admission = with;
  }

  /** {@link Admission#NONE} for a call that nobody counts. */
  public Admission admission() {
    return admission;
  }

  /** The call belongs to that arm of its model's split. */
  public void variant(String name) {
    variant = name;
    arm = null;
  }

  /**
   * The same.
   *
   * @param rater wants to know how well the arm answered
   */
  public void variant(String name, Rater rater) {
    variant = name;
    arm = rater;
  }

  /** Of the arm to which the call belongs; empty where it belongs to none. */
  public Optional<Rater> arm() {
    return Optional.ofNullable(arm);
  }

  /** A strategy wants to learn what comes of the call; what another one wanted is over. */
  public void teaching(Lesson wanting) {
    lesson = wanting;
  }

  /** Of the strategy that ranked last; {@link Lesson#NONE} where it does not learn. */
  public Lesson lesson() {
    return lesson;
  }

  /** {@code base}, {@code canary} or a variant's name; empty where the model has none. */
  public String variant() {
    return variant;
  }

  /** The call is a copy, for comparison alone, of the one with that id: nobody is billed for it. */
  public void shadowOf(String callId) {
    shadowOf = callId;
  }

  /** Empty for every call that a caller made. */
  public Optional<String> shadowOf() {
    return shadowOf.isEmpty() ? Optional.empty() : Optional.of(shadowOf);
  }

  /** The call asks how well the one with that id was answered: no caller's budget is billed. */
  public void judgeOf(String callId) {
    judgeOf = callId;
  }

  /** Empty for every call that a caller made. */
  public Optional<String> judgeOf() {
    return judgeOf.isEmpty() ? Optional.empty() : Optional.of(judgeOf);
  }

  /** Whether the gateway makes the call of its own accord, beside a caller's. */
  public boolean beside() {
    return !shadowOf.isEmpty() || !judgeOf.isEmpty();
  }

  /** On whose behalf the call is made; empty where nobody says. */
  public String user() {
    return caller.user().isEmpty() ? terms.get("user").orElse("") : caller.user();
  }

  /** What the call may do, once its terms are known. */
  public void under(Policy found) {
    policy = found;
  }

  /** {@link Policy#NONE} until the call's terms are known. */
  public Policy policy() {
    return policy;
  }

  /** A rule speaks against the call. */
  public void found(Finding finding) {
    if (findings.isEmpty()) {
      findings = new ArrayList<>(2);
    }
    if (!findings.contains(finding)) {
      findings.add(finding);
    }
  }

  /** Whether that rule has spoken against the call. */
  public boolean told(String rule) {
    for (Finding finding : findings) {
      if (finding.rule().equals(rule)) {
        return true;
      }
    }
    return false;
  }

  /** What rules had to say against the call, whatever came of it. */
  public List<Finding> findings() {
    return findings.isEmpty() ? findings : Collections.unmodifiableList(findings);
  }

  /** The call has used that of lasting allowances. */
  public void charged(List<Counters.Charge> more) {
    charges = charges.isEmpty() ? more : Stream.concat(charges.stream(), more.stream()).toList();
  }

  /** What the call has used of lasting allowances, once it is settled. */
  public List<Counters.Charge> charges() {
    return charges;
  }

  /** The content of a stream paused so long, in nanoseconds, and never longer. */
  public void paused(long longest) {
    longestGap = longest;
  }

  /** Nanoseconds of the longest pause between contents of a stream; -1 where there was none. */
  public long longestGapNanos() {
    return longestGap;
  }

  public void answering(long now) {
    if (firstContent == 0) {
      firstContent = now;
      timings.passed(Stop.FIRST_CONTENT, now);
    }
  }

  /** Nanoseconds from the request's arrival to the first content; -1 where there was none. */
  public long firstContentNanos() {
    return firstContent == 0 ? -1 : firstContent - started;
  }
}
