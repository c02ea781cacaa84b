package dev.lintel.filter;

import dev.lintel.Account;
import dev.lintel.Admission;
import dev.lintel.Allowance;
import dev.lintel.Call;
import dev.lintel.Chat;
import dev.lintel.Chunk;
import dev.lintel.Counters;
import dev.lintel.Counters.Charge;
import dev.lintel.Counters.Claim;
import dev.lintel.Failure;
import dev.lintel.Filter;
import dev.lintel.Handler;
import dev.lintel.Live;
import dev.lintel.Measure;
import dev.lintel.Part;
import dev.lintel.Sink;
import dev.lintel.Stop;
import dev.lintel.Trail;
import dev.lintel.Usage;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Lets a call in where its policy's limits and budgets leave room for it, all of them at once, and
 * settles at its end what it has really used. What a limit refuses goes no further; that a budget
 * is spent is for {@link Afford} to say, once a model is to be asked: another one may be cheaper.
 *
 * <p>A call that others who are under way leave no room waits for them for a while, since they may
 * use less than they hold.
 */
public final class Admit implements Filter {
  private final Counters counters;
  private final Consumer<List<Charge>> goingOn;
  private final Accounts accounts = new Accounts();
  private final Foresight foresight = new Foresight();
  private final Lines lines = new Lines();

  /**
   * @param goingOn is told what a call that goes on has used of lasting allowances: it must outlast
   *     the process as what calls that are over have used does
   */
  public Admit(Counters counters, Consumer<List<Charge>> goingOn) {
    this.counters = counters;
    this.goingOn = goingOn;
    counters.hear(lines::call);
  }

  @Override
  public void apply(Call call, Sink sink, Handler next) {
    Trail trail = call.trail();
    if (trail.policy().allowances().isEmpty() || trail.supposed()) {
      next.handle(call, sink);
      return;
    }
    var admitted = new Admitted(this, call);
    trail.admitted(admitted);
    admitted.begin();
    trail.passed(Stop.ADMIT);
    try {
      next.handle(call, call.request() instanceof Live ? byParts(admitted, sink) : sink);
    } catch (Failure failure) {
      Optional<String> answer = admitted.answer(failure);
      if (answer.isEmpty()) {
        throw failure;
      }
      answer(call, sink, answer.get());
    } finally {
      admitted.settle();
    }
  }

  /** A conversation may last for an hour: each answer in it is paid for when it is there. */
  private static Sink byParts(Admitted admitted, Sink sink) {
    return chunk -> {
      sink.emit(chunk);
      if (chunk.usageOr(Usage.UNKNOWN) != Usage.UNKNOWN) {
        admitted.goOn();
      }
    };
  }

  /** The policy's own words, where nobody was asked. */
  private static void answer(Call call, Sink sink, String text) {
    call.trail().answeredHere();
    sink.emit(
        Chunk.of(
            new Part.Start("", call.resolved().name()),
            new Part.Text(text),
            Usage.of(0, 0, Usage.Source.NONE),
            new Part.Stop(Part.Stop.Reason.END, "", "", "")));
    sink.flush();
  }

  /** The stop around an answer that is there already: it counts, whatever is left. */
  public Filter afterwards() {
    return (call, sink, next) -> {
      next.handle(call, sink);
      List<Allowance> allowances = call.trail().policy().allowances();
      if (allowances.isEmpty()) {
        return;
      }
      var used = new ArrayList<Claim>();
      for (Account account : accounts(call, allowances)) {
        long amount = used(account.allowance().measure(), call);
        if (account.allowance().measure() != Measure.CONCURRENT) {
          used.add(new Claim(account, amount, amount));
        }
      }
      call.trail().charged(counters.spent(used));
    };
  }

  /**
   * Budgets with their accounts: of those as a whole, and of those who have one of their own
   * lately. Of the same thing there may be several, by which one count is judged.
   */
  public List<Account> budgets(Collection<Allowance> configured) {
    var all = new ArrayList<Account>();
    configured.stream()
        .filter(Admit::isWhole)
        .distinct()
        .forEach(allowance -> all.add(accounts.of(allowance)));
    all.addAll(accounts.live(configured));
    return all;
  }

  /** Of the accounts that budgets' owners have as a whole, each by the strictest of its budgets. */
  public List<Account> budgetsAsAWhole(Collection<Allowance> configured) {
    var all = new LinkedHashMap<String, Account>();
    configured.stream()
        .filter(Admit::isWhole)
        .map(accounts::of)
        .forEach(account -> all.merge(account.id(), account, Accounts::stricter));
    return List.copyOf(all.values());
  }

  private static boolean isWhole(Allowance allowance) {
    return allowance.lasting() && allowance.per().isEmpty();
  }

  Counters counters() {
    return counters;
  }

  void goingOn(List<Charge> used) {
    if (!used.isEmpty()) {
      goingOn.accept(used);
    }
  }

  Foresight foresight() {
    return foresight;
  }

  Lines lines() {
    return lines;
  }

  List<Account> accounts(Call call, List<Allowance> allowances) {
    return accounts.of(call, allowances);
  }

  /** What a call that is over has used. */
  static long used(Measure measure, Call call) {
    Trail trail = call.trail();
    return switch (measure) {
      case REQUESTS, CONCURRENT -> 1;
      case TOKENS -> trail.free() ? 0 : trail.usage().total();
      case PICO_USD -> pico(call);
    };
  }

  static long pico(Call call) {
    Trail trail = call.trail();
    Optional<BigDecimal> cost = trail.cost();
    if (cost.isPresent()) {
      return Measure.pico(cost.get());
    }
    // What a provider refuses is handed on as an answer where it is passed through.
    boolean nothing =
        trail.usage().source() == Usage.Source.NONE
            && (trail.firstContentNanos() < 0 || trail.status() >= 400);
    return nothing ? 0 : Foresight.allowed(call);
  }

  /** Whether a text can be answered in place of a model's. */
  static boolean answerable(Call call) {
    return call.request() instanceof Chat && call.trail().firstContentNanos() < 0;
  }

  /** What is left of limits; {@link Admission.Figure} has the tightest. */
  static void tightest(List<Admission.Figure> figures, Admission.Figure other) {
    for (int i = 0; i < figures.size(); i++) {
      Admission.Figure known = figures.get(i);
      if (known.measure() == other.measure()) {
        if (other.left() < known.left()) {
          figures.set(i, other);
        }
        return;
      }
    }
    figures.add(other);
  }
}
