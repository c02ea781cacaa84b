package dev.lintel.identity;

import dev.lintel.Caller;
import dev.lintel.CallerKey;
import dev.lintel.Mode;
import dev.lintel.Policy;
import dev.lintel.Ruled;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Policies narrowed to the scopes of a key, once for each policy. */
final class Scoped implements Policy.Source {
  /** A source has few; this is for one that makes them anew each time. */
  private static final int MOST = 256;

  private final Policy.Source source;
  private final CallerKey.Scopes scopes;
  private final String rule;

  /** By the policies themselves, which are too large to be compared. Replaced whole. */
  private volatile Map<Policy, Policy> narrowed = new IdentityHashMap<>();

  private Scoped(Policy.Source source, CallerKey.Scopes scopes, String rule) {
    this.source = source;
    this.scopes = scopes;
    this.rule = rule;
  }

  /** The caller as the key of that id lets it call. */
  static Caller narrow(Caller caller, String id, CallerKey.Scopes scopes) {
    if (scopes.equals(CallerKey.Scopes.ALL)) {
      return caller;
    }
    Caller narrow =
        new Caller(
            caller.tenant(),
            caller.app(),
            caller.keyId(),
            models(caller.models(), scopes.models()),
            caller.ownKeys(),
            caller.residency(),
            caller.explain(),
            caller.user(),
            caller.policies());
    return scopes.endpoints().isEmpty() && scopes.tools().isEmpty()
        ? narrow
        : narrow.under(new Scoped(caller.policies(), scopes, "keys." + id + ".scopes"));
  }

  private static Optional<Set<String>> models(Optional<Set<String>> app, Set<String> key) {
    if (key.isEmpty()) {
      return app;
    }
    return Optional.of(
        app.map(all -> all.stream().filter(key::contains).collect(Collectors.toUnmodifiableSet()))
            .orElse(Set.copyOf(key)));
  }

  @Override
  public Policy of(String useCase) {
    Policy whole = source.of(useCase);
    Map<Policy, Policy> known = narrowed;
    Policy narrow = known.get(whole);
    if (narrow == null) {
      narrow = narrow(whole);
      Map<Policy, Policy> more =
          known.size() < MOST ? new IdentityHashMap<>(known) : new IdentityHashMap<>();
      more.put(whole, narrow);
      narrowed = more;
    }
    return narrow;
  }

  private Policy narrow(Policy policy) {
    return policy.and(
        new Policy(
            List.of(),
            List.of(),
            only(scopes.endpoints(), "endpoints"),
            only(scopes.tools(), "tools"),
            List.of(),
            List.of(),
            List.of(),
            List.of(),
            List.of(),
            List.of(),
            List.of(),
            List.of(),
            List.of()));
  }

  private List<Ruled<Policy.Names>> only(Set<String> names, String field) {
    return names.isEmpty()
        ? List.of()
        : List.of(new Ruled<>(Policy.Names.of(names), Mode.ENFORCE, rule + "." + field));
  }
}
