package dev.lintel.filter;

import dev.lintel.Account;
import dev.lintel.Admission;
import dev.lintel.Allowance;
import dev.lintel.Call;
import dev.lintel.CallThread;
import dev.lintel.Counters.Charge;
import dev.lintel.Counters.Claim;
import dev.lintel.Counters.Grant;
import dev.lintel.Counters.Level;
import dev.lintel.Counters.Short;
import dev.lintel.Counters.Taken;
import dev.lintel.Failure;
import dev.lintel.Live;
import dev.lintel.Measure;
import dev.lintel.Mode;
import dev.lintel.Ruled;
import dev.lintel.Span;
import dev.lintel.Usage;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** What one call holds of limits and budgets: for one model at a time, until it is settled. */
final class Admitted implements Admission {
  /** How long a call waits for others whom a limit lets in. */
  private static final long SHORTLY_NANOS = TimeUnit.SECONDS.toNanos(2);

  /** The same for a budget, as long as others give something back meanwhile. */
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(10);

  private static final long LONGEST_NANOS = TimeUnit.SECONDS.toNanos(60);

  /** How long it waits to learn what a kind of call uses of which none has ended yet. */
  private static final long LEARNING_NANOS = TimeUnit.SECONDS.toNanos(2);

  /** What is held for the calls of one model. */
  private record Booking(String model, List<Claim> claims, @Nullable Grant grant) {}

  private static final Booking OVER = new Booking("", List.of(), null);
  private static final Booking CHANGING = new Booking("", List.of(), null);

  private final Admit stop;
  private final Call call;
  private final AtomicReference<Booking> booked = new AtomicReference<>(CHANGING);

  /** The model that is asked, and what such calls use. */
  private volatile Foresight.View view;

  /** A budget that is spent, and what the model's calls are told of it. */
  private volatile @Nullable Failure spent;

  private volatile @Nullable Allowance spentOf;

  /** Of limits that did not let the call in. */
  private List<Figure> refused = List.of();

  /** The call as it was asked last, for the model that is asked. */
  private Call asked;

  /** Of a conversation; of other calls it holds nothing. */
  private Booking standing = OVER;

  /** Of a conversation, what was settled before it has ended. */
  private long paidTokens;

  private long paidPrompt;
  private long paidPico;

  Admitted(Admit stop, Call call) {
    this.stop = stop;
    this.call = call;
    this.asked = call;
    this.view = stop.foresight().new View(call);
  }

  /** Throws where a limit or an outage speaks against the call. */
  void begin() {
    List<Account> accounts = stop.accounts(call, call.trail().policy().allowances());
    if (!(call.request() instanceof Live)) {
      booked.set(book(call, accounts));
      return;
    }
    standing = book(call, accounts.stream().filter(Admitted::stands).toList());
    try {
      booked.set(book(call, accounts.stream().filter(account -> !stands(account)).toList()));
    } catch (RuntimeException refused) {
      over(standing, new long[standing.claims.size()]);
      throw refused;
    }
  }

  /** What a conversation holds from its beginning to its end, however much it uses. */
  private static boolean stands(Account account) {
    return switch (account.allowance().measure()) {
      case REQUESTS, CONCURRENT -> true;
      case TOKENS, PICO_USD -> false;
    };
  }

  /**
   * A part of a conversation is over: what it has used is settled, and what the next may use is
   * reserved. Throws where nothing is left for it.
   */
  void goOn() {
    Booking known = Objects.requireNonNull(booked.get());
    if (known == OVER || known == CHANGING || !booked.compareAndSet(known, CHANGING)) {
      return;
    }
    pay(known);
    change(known, asked);
    refuse(asked);
  }

  /**
   * The model is asked now. Throws where a budget is spent. For another model than the one for
   * which the call holds something it holds something else.
   */
  void afford(Call asking) {
    Booking known = Objects.requireNonNull(booked.get());
    if (known == OVER) {
      return;
    }
    if (!known.model.equals(asking.resolved().name())) {
      if (known == CHANGING || !booked.compareAndSet(known, CHANGING)) {
        return;
      }
      // What has been asked so far is a request, and has brought nothing.
      over(known, nothing(known.claims));
      change(known, asking);
    }
    asked = asking;
    refuse(asking);
  }

  private void refuse(Call asking) {
    Failure failure = spent;
    Allowance budget = spentOf;
    if (failure != null && budget != null) {
      Ruled.against(asking.trail(), budget.rule(), budget.mode(), failure);
    }
  }

  private static List<Charge> over(Booking booking, long[] used) {
    Grant grant = booking.grant;
    return grant == null ? List.of() : grant.settle(used);
  }

  private void change(Booking known, Call asking) {
    spent = null;
    spentOf = null;
    view = stop.foresight().new View(asking);
    var accounts = new ArrayList<Account>();
    for (Account account : stop.accounts(asking, asking.trail().policy().allowances())) {
      boolean holds = call.request() instanceof Live && stands(account);
      if (!holds && (account.allowance().measure() != Measure.REQUESTS || !has(known, account))) {
        accounts.add(account);
      }
    }
    Booking next = new Booking(asking.resolved().name(), List.of(), null);
    try {
      next = book(asking, accounts);
    } finally {
      Grant grant = next.grant;
      if (!booked.compareAndSet(CHANGING, next) && grant != null) {
        // The caller has left meanwhile.
        grant.settle(new long[next.claims.size()]);
      }
    }
  }

  private static boolean has(Booking booking, Account account) {
    return booking.claims.stream().anyMatch(claim -> claim.account().equals(account));
  }

  private static long[] nothing(List<Claim> claims) {
    var used = new long[claims.size()];
    for (int i = 0; i < used.length; i++) {
      used[i] = claims.get(i).account().allowance().measure() == Measure.REQUESTS ? 1 : 0;
    }
    return used;
  }

  private Booking book(Call asking, List<Account> accounts) {
    String model = asking.resolved().name();
    List<Account> wanted = accounts;
    while (!wanted.isEmpty()) {
      Attempt attempt = take(wanted);
      if (attempt.taken instanceof Grant grant) {
        note(attempt.claims, grant);
        return new Booking(model, attempt.claims, grant);
      }
      var missing = (Short) attempt.taken;
      Claim claim = attempt.claims.get(missing.claim());
      Allowance allowance = claim.account().allowance();
      if (!claim.account().beside().isEmpty()) {
        noteBeside(claim, missing.left(), missing.again());
      }
      if (!allowance.lasting()) {
        refused = figures(attempt.claims);
        Ruled.against(
            asking.trail(),
            allowance.rule(),
            allowance.mode(),
            Shortage.of(allowance, missing.again()));
        throw new IllegalStateException("a limit that is not enforced was short");
      }
      spent = Shortage.of(allowance, missing.again());
      spentOf = allowance;
      // Its limits count all the same; of money nothing is held that is not spent.
      wanted = wanted.stream().filter(account -> !account.allowance().lasting()).toList();
    }
    return new Booking(model, List.of(), null);
  }

  /** What came of the last time it was asked. */
  private record Attempt(List<Claim> claims, Taken taken) {
    boolean waits() {
      return taken instanceof Short missing && missing.held();
    }

    Account missing() {
      return claims.get(((Short) taken).claim()).account();
    }
  }

  private Attempt take(List<Account> accounts) {
    Attempt attempt = once(accounts, true);
    if (!attempt.waits()) {
      return attempt;
    }
    long began = CallThread.nanoTime();
    try {
      return waiting(accounts, attempt, began);
    } finally {
      call.trail().waited(CallThread.nanoTime() - began);
    }
  }

  private Attempt waiting(List<Account> accounts, Attempt first, long began) {
    Attempt attempt = first;
    long end = began + LONGEST_NANOS;
    end = call.deadline() - end < 0 ? call.deadline() : end;
    boolean cautious = true;
    while (attempt.waits()) {
      Account missing = attempt.missing();
      boolean budget = missing.allowance().lasting();
      boolean learning = budget && cautious && view.unknown();
      Lines.Place place = stop.lines().join(missing.id());
      boolean called = true;
      try {
        // What was given back before it stood in the line has called nobody.
        attempt = once(accounts, cautious);
        while (called && attempt.waits() && attempt.missing().equals(missing)) {
          long now = CallThread.nanoTime();
          long until =
              learning
                  ? began + LEARNING_NANOS
                  : budget ? now + PATIENCE_NANOS : began + SHORTLY_NANOS;
          called = place.await(until - end < 0 ? until : end);
          place.again();
          attempt = once(accounts, cautious);
        }
      } finally {
        stop.lines().leave(missing.id(), place);
      }
      if (!called && attempt.waits()) {
        if (!learning) {
          return attempt;
        }
        cautious = false;
        attempt = once(accounts, false);
      }
    }
    return attempt;
  }

  private Attempt once(List<Account> accounts, boolean cautious) {
    if (view.unknown()) {
      view = view.again();
    }
    var claims = new ArrayList<Claim>(accounts.size());
    for (Account account : accounts) {
      Outlay outlay = outlay(account.allowance(), cautious);
      claims.add(new Claim(account, outlay.bound(), outlay.usual()));
    }
    return new Attempt(claims, stop.counters().take(claims));
  }

  private Outlay outlay(Allowance allowance, boolean cautious) {
    return switch (allowance.measure()) {
      case REQUESTS, CONCURRENT -> Outlay.ONE;
      case TOKENS -> allowance.lasting() ? view.budgetTokens(cautious) : view.tokens();
      case PICO_USD -> view.money(cautious);
    };
  }

  /** What would have been refused, had it been enforced. */
  private void note(List<Claim> claims, Grant grant) {
    for (int i = 0; i < claims.size(); i++) {
      Account account = claims.get(i).account();
      Allowance allowance = account.allowance();
      if (allowance.mode() != Mode.ENFORCE && grant.left(i) < 0) {
        note(allowance, grant.reset(i));
      }
      if (!account.beside().isEmpty()) {
        noteBeside(claims.get(i), grant.left(i) + grant.held(i), grant.reset(i));
      }
    }
  }

  /**
   * The same of what judges by the same count.
   *
   * @param left of what the account is for, before the claim
   */
  private void noteBeside(Claim claim, long left, Duration again) {
    long taken = claim.account().allowance().amount() - left;
    for (Allowance other : claim.account().beside()) {
      if (other.mode() != Mode.ENFORCE && other.amount() - taken < claim.usual()) {
        note(other, again);
      }
    }
  }

  private void note(Allowance allowance, Duration again) {
    Ruled.noted(call.trail(), allowance.rule(), allowance.mode(), Shortage.of(allowance, again));
  }

  /** Once: what was really used is known now. */
  void settle() {
    Booking last = Objects.requireNonNull(booked.getAndSet(OVER));
    over(standing, nothing(standing.claims));
    if (last.grant != null) {
      pay(last);
      settled = last;
    }
  }

  /** What has been used since it was paid for last. */
  private void pay(Booking booking) {
    Usage usage = call.trail().usage();
    long tokens = Admit.used(Measure.TOKENS, call);
    long pico = Admit.pico(call);
    var used = new long[booking.claims.size()];
    for (int i = 0; i < used.length; i++) {
      used[i] =
          switch (booking.claims.get(i).account().allowance().measure()) {
            case REQUESTS, CONCURRENT -> 1;
            case TOKENS -> Math.max(0, tokens - paidTokens);
            case PICO_USD -> Math.max(0, pico - paidPico);
          };
    }
    List<Charge> more = over(booking, used);
    if (call.request() instanceof Live) {
      stop.goingOn(more);
      payPart(usage, pico);
    } else {
      call.trail().charged(more);
      if (!call.trail().free()) {
        view.learn(usage, pico);
      }
    }
  }

  private void payPart(Usage usage, long pico) {
    long prompt = Math.max(0, usage.prompt() - paidPrompt);
    long output = Math.max(0, usage.total() - paidTokens - prompt);
    if (prompt + output > 0) {
      view.learn(Usage.of(prompt, output, usage.source()), Math.max(0, pico - paidPico));
    }
    paidPrompt = usage.prompt();
    paidTokens = usage.total();
    paidPico = pico;
  }

  private @Nullable Booking settled;

  /** The text with which the policy answers in place of that failure; empty where it has none. */
  Optional<String> answer(Failure failure) {
    Allowance budget = spentOf;
    return budget != null
            && failure.kind() == Failure.Kind.BUDGET_EXCEEDED
            && call.trail().tries() == 0
            && Admit.answerable(call)
        ? budget.atLimit().answer()
        : Optional.empty();
  }

  @Override
  public List<String> downgrade() {
    Allowance budget = spentOf;
    return budget == null ? List.of() : budget.atLimit().downgrade();
  }

  @Override
  public List<Figure> figures() {
    Booking now = settled == null ? Objects.requireNonNull(booked.get()) : settled;
    Grant grant = now.grant;
    if (grant == null) {
      return refused;
    }
    List<Figure> figures = List.of();
    for (int i = 0; i < now.claims.size(); i++) {
      Allowance allowance = now.claims.get(i).account().allowance();
      if (told(allowance)) {
        figures = figures.isEmpty() ? new ArrayList<>(2) : figures;
        Admit.tightest(
            figures,
            new Figure(
                allowance.measure(),
                allowance.amount(),
                Math.max(0, grant.left(i)),
                grant.reset(i)));
      }
    }
    return figures;
  }

  private static boolean told(Allowance allowance) {
    return allowance.span() instanceof Span.Rolling && allowance.mode() == Mode.ENFORCE;
  }

  private List<Figure> figures(List<Claim> claims) {
    List<Account> limits =
        claims.stream().map(Claim::account).filter(one -> told(one.allowance())).toList();
    List<Level> levels = stop.counters().levels(limits);
    var figures = new ArrayList<Figure>(2);
    Instant now = Instant.now();
    for (int i = 0; i < limits.size(); i++) {
      Allowance allowance = limits.get(i).allowance();
      Level level = levels.get(i);
      Duration reset = Duration.between(now, level.reset());
      Admit.tightest(
          figures,
          new Figure(
              allowance.measure(),
              allowance.amount(),
              Math.max(0, allowance.amount() - level.spent() - level.reserved()),
              reset.isNegative() ? Duration.ZERO : reset));
    }
    return figures;
  }
}
