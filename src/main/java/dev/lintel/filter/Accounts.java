package dev.lintel.filter;

import dev.lintel.Account;
import dev.lintel.Allowance;
import dev.lintel.Call;
import dev.lintel.Caller;
import dev.lintel.Dimension;
import dev.lintel.Measure;
import dev.lintel.Mode;
import dev.lintel.Service;
import dev.lintel.Terms;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** On which accounts a call counts: one an allowance, or one each of those who have their own. */
final class Accounts {
  /** Longer ones count under what stands for them. */
  private static final int LONGEST = 128;

  /** So many are known again; more would be made by callers who make up names. */
  private static final int MOST = 100_000;

  /** So many of those that have one of their own are shown. */
  private static final int MOST_SHOWN = 10_000;

  /** Of callers' keys so many are known again. */
  private static final int MOST_CALLERS = 1 << 17;

  /** Known by being the same object: to compare all of it would cost more. */
  private record Same<T>(T one) {
    @Override
    public boolean equals(Object other) {
      return other instanceof Same<?> same && same.one == one;
    }

    @Override
    public int hashCode() {
      return System.identityHashCode(one);
    }
  }

  /** On what a policy's accounts depend. */
  private sealed interface Whose {
    /** On nothing: the same count for all calls. */
    record All(List<Account> accounts) implements Whose {}

    /** On who calls alone. */
    record Callers() implements Whose {}

    /** On what the call says, too. */
    record Calls() implements Whose {}
  }

  /** A policy's allowances and one of its callers. */
  private record Theirs(List<Allowance> allowances, String tenant, String app, String key) {
    @Override
    public boolean equals(Object other) {
      return other instanceof Theirs same
          && same.allowances == allowances
          && same.key.equals(key)
          && same.app.equals(app)
          && same.tenant.equals(tenant);
    }

    @Override
    public int hashCode() {
      return 31 * System.identityHashCode(allowances) + key.hashCode();
    }
  }

  private final Map<Same<Allowance>, Account> whole = new ConcurrentHashMap<>();
  private final Map<Same<List<Allowance>>, Whose> policies = new ConcurrentHashMap<>();
  private final Map<Theirs, List<Account>> callers = new ConcurrentHashMap<>();
  private final Map<String, Account> live = new ConcurrentHashMap<>();

  /**
   * Budgets of which somebody has one of his own, as far as they were met since the start, as they
   * are configured now.
   */
  List<Account> live(Collection<Allowance> configured) {
    var now = new HashMap<Place, Allowance>();
    configured.forEach(allowance -> now.put(Place.of(allowance), allowance));
    var rows = new ArrayList<Account>();
    for (Account account : live.values()) {
      Allowance current = now.get(Place.of(account.allowance()));
      if (current != null) {
        rows.add(account.judgedBy(current));
      }
    }
    return rows;
  }

  /** Where an allowance stands, whatever its amount. */
  private record Place(
      String rule, String owner, Measure measure, String span, List<Dimension> per) {
    static Place of(Allowance allowance) {
      return new Place(
          allowance.rule(),
          allowance.owner(),
          allowance.measure(),
          allowance.span().name(),
          allowance.per());
    }
  }

  /** The account of an allowance that its owner has as a whole. */
  Account of(Allowance allowance) {
    var key = new Same<>(allowance);
    Account known = whole.get(key);
    if (known == null) {
      known = new Account(id(allowance, ""), allowance);
      put(whole, MOST, key, known);
    }
    return known;
  }

  private static <K, V> void put(Map<K, V> map, int most, K key, V value) {
    if (map.size() >= most) {
      map.clear();
    }
    map.put(key, value);
  }

  /** Those on which that call counts. */
  List<Account> of(Call call, List<Allowance> allowances) {
    var key = new Same<>(allowances);
    Whose whose = policies.get(key);
    if (whose == null) {
      whose = whose(call, allowances);
      put(policies, MOST, key, whose);
    }
    return switch (whose) {
      case Whose.All all -> all.accounts;
      case Whose.Callers them -> theirs(call, allowances);
      case Whose.Calls each -> anew(call, allowances);
    };
  }

  private Whose whose(Call call, List<Allowance> allowances) {
    boolean all = true;
    for (Allowance allowance : allowances) {
      for (Dimension dimension : allowance.per()) {
        all = false;
        if (!isOfCaller(dimension)) {
          return new Whose.Calls();
        }
      }
    }
    return all ? new Whose.All(anew(call, allowances)) : new Whose.Callers();
  }

  private static boolean isOfCaller(Dimension dimension) {
    return switch (dimension) {
      case TENANT, APP, KEY -> true;
      case USE_CASE, USER, MODEL, ENDPOINT, TAG -> false;
    };
  }

  private List<Account> theirs(Call call, List<Allowance> allowances) {
    Caller caller = call.caller();
    var key = new Theirs(allowances, caller.tenant(), caller.app(), caller.keyId());
    List<Account> known = callers.get(key);
    if (known == null) {
      known = anew(call, allowances);
      put(callers, MOST_CALLERS, key, known);
    }
    return known;
  }

  /** Limits first: a call that comes too early is not told that there is no money. */
  private List<Account> anew(Call call, List<Allowance> allowances) {
    var all = new ArrayList<Account>(allowances.size());
    for (Allowance allowance : allowances) {
      if (!allowance.lasting()) {
        add(allowance, call, all);
      }
    }
    for (Allowance allowance : allowances) {
      if (allowance.lasting()) {
        add(allowance, call, all);
      }
    }
    return List.copyOf(all);
  }

  /** Those of one allowance on which that call counts. */
  private void add(Allowance allowance, Call call, List<Account> to) {
    if (allowance.per().isEmpty()) {
      add(of(allowance), to);
      return;
    }
    List<String> ways = List.of("");
    boolean counts = allowance.only().isEmpty();
    for (Dimension dimension : allowance.per()) {
      var next = new ArrayList<String>(ways.size());
      for (String value : values(dimension, call)) {
        boolean named = allowance.only().isEmpty() || allowance.only().contains(value);
        counts |= named;
        if (named || allowance.per().size() > 1) {
          for (String way : ways) {
            next.add(way + "|" + word(dimension) + "=" + safe(value));
          }
        }
      }
      ways = next;
    }
    if (!counts) {
      return;
    }
    for (String way : ways) {
      var account = new Account(id(allowance, way), allowance);
      if (allowance.lasting() && live.size() < MOST_SHOWN) {
        met(account);
      }
      add(account, to);
    }
  }

  private void met(Account account) {
    Account known = live.putIfAbsent(account.id(), account);
    if (known != null && known.allowance() != account.allowance()) {
      String rule = account.allowance().rule();
      String key =
          known.allowance().rule().equals(rule) ? account.id() : account.id() + '\n' + rule;
      live.put(key, account);
    }
  }

  /**
   * Of allowances of the same thing the strictest counts; it counts once, and the others judge by
   * the same count.
   */
  private static void add(Account account, List<Account> to) {
    for (int i = 0; i < to.size(); i++) {
      if (to.get(i).equals(account)) {
        to.set(i, both(to.get(i), account.allowance()));
        return;
      }
    }
    to.add(account);
  }

  private static Account both(Account known, Allowance other) {
    if (known.allowance().equals(other) || known.beside().contains(other)) {
      return known;
    }
    boolean stricter = strictness(other) < strictness(known.allowance());
    var beside = new ArrayList<>(known.beside());
    beside.add(stricter ? known.allowance() : other);
    return new Account(known.id(), stricter ? other : known.allowance(), beside);
  }

  static Account stricter(Account one, Account other) {
    return strictness(other.allowance()) < strictness(one.allowance()) ? other : one;
  }

  private static double strictness(Allowance allowance) {
    return allowance.mode() == Mode.ENFORCE ? allowance.amount() : 1e30 + allowance.amount();
  }

  private static String id(Allowance allowance, String way) {
    return allowance.owner()
        + way
        + "|"
        + word(allowance.measure())
        + "|"
        + allowance.span().name();
  }

  private static String word(Measure measure) {
    return measure == Measure.PICO_USD ? "usd" : measure.name().toLowerCase(Locale.ROOT);
  }

  private static String word(Dimension dimension) {
    return dimension.name().toLowerCase(Locale.ROOT);
  }

  private static List<String> values(Dimension dimension, Call call) {
    Caller caller = call.caller();
    return switch (dimension) {
      case TENANT -> List.of(caller.tenant());
      case APP -> List.of(caller.tenant() + "/" + caller.app());
      case KEY -> List.of(caller.keyId());
      case USE_CASE -> List.of(call.terms().get("use_case").orElse(""));
      case USER -> List.of(call.trail().user());
      case MODEL -> List.of(call.resolved().name());
      case ENDPOINT -> List.of(Service.of(call.request()).word());
      case TAG ->
          call.terms()
              .get("tags")
              .map(tags ->
                  Arrays.stream(tags.split(",", -1))
                      .map(String::strip)
                      .filter(tag -> !tag.isEmpty())
                      .distinct()
                      .toList())
              .orElse(List.of());
    };
  }

  /** Callers may say anything; it must not look like another account. */
  private static String safe(String value) {
    if (value.length() > LONGEST || !Terms.isText(value)) {
      try {
        byte[] digest =
            MessageDigest.getInstance("SHA-256").digest(value.getBytes(StandardCharsets.UTF_8));
        return "sha256:" + HexFormat.of().formatHex(digest, 0, 16);
      } catch (NoSuchAlgorithmException impossible) {
        throw new IllegalStateException(impossible);
      }
    }
    return value.indexOf('|') < 0 && value.indexOf('%') < 0
        ? value
        : value.replace("%", "%25").replace("|", "%7C");
  }
}
