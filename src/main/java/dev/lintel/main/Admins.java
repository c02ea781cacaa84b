package dev.lintel.main;

import dev.lintel.Acts;
import dev.lintel.Admin;
import dev.lintel.CallThread;
import dev.lintel.Failure;
import dev.lintel.Route;
import dev.lintel.Sealer;
import dev.lintel.admin.Attempts;
import dev.lintel.admin.Guard;
import dev.lintel.config.Config;
import dev.lintel.identity.Issuer;
import dev.lintel.identity.Issuers;
import dev.lintel.identity.Login;
import dev.lintel.identity.People;
import dev.lintel.server.Front;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * Who administers: who has the first admin key or one with a name, a token of an issuer's, or has
 * logged in.
 */
final class Admins {
  private final Optional<Config.SignOn> signOn;
  private final Predicate<String> first;
  private final Supplier<Gateway> live;
  private final Supplier<Acts> acts;
  private final Issuers issuers;
  private final Sealer sealer;
  private final boolean encrypted;
  private final Optional<Login> login;

  /**
   * @param first whether that is the first admin key
   * @param acts may throw {@link Failure} {@code UNAVAILABLE}
   * @param encrypted whether the gateway is reached by TLS
   */
  Admins(
      Optional<Config.SignOn> signOn,
      Predicate<String> first,
      Supplier<Gateway> live,
      Supplier<Acts> acts,
      Issuers issuers,
      Sealer sealer,
      boolean encrypted) {
    this.signOn = signOn;
    this.first = first;
    this.live = live;
    this.acts = acts;
    this.issuers = issuers;
    this.sealer = sealer;
    this.encrypted = encrypted;
    this.login = signOn.map(this::login);
  }

  /** Where people log in and out, as far as they can. */
  List<Route> routes() {
    return login
        .map(people ->
            List.of(
                new Route("GET", "/admin/login", people.begin()),
                new Route("GET", "/admin/callback", people.callback()),
                new Route("GET", "/admin/session", people.show()),
                new Route("POST", "/admin/logout", people.end())))
        .orElse(List.of());
  }

  /**
   * @param changed told after each change that an admin has made
   */
  Guard guard(Runnable changed) {
    return new Guard(
        new Guard.Doors(
            exchange -> Front.credential(exchange.request()),
            this::holder,
            exchange -> login.flatMap(people -> people.session(exchange))),
        new Attempts(CallThread::nanoTime),
        acts,
        InstantSource.system(),
        Builtins.OPENAI,
        encrypted,
        changed);
  }

  private Login login(Config.SignOn known) {
    var audiences = new HashSet<>(known.audiences());
    audiences.add(known.client().id());
    return new Login(
        new Issuer(known.issuer(), audiences, known.keys(), issuers, InstantSource.system()),
        new Login.Client(
            known.client().id(), known.client().secret(), known.redirect(), known.scopes()),
        new People(known.claim(), known.grants()),
        sealer,
        acts,
        InstantSource.system(),
        Builtins.OPENAI,
        Guard.headers(encrypted),
        encrypted);
  }

  /** A token has two dots; an admin key that has them, too, is known first. */
  private Optional<Admin> holder(String key) {
    if (first.test(key)) {
      return Optional.of(Admin.KEY);
    }
    Optional<Login> people = login.filter(there -> key.chars().filter(c -> c == '.').count() == 2);
    try {
      Optional<Admin> known = live.get().admin(key);
      return known.isPresent() ? known : people.map(there -> there.holder(key));
    } catch (Failure refused) {
      // The same issuer may be asked for people's logins, where its tokens are for somebody else.
      if (people.isPresent() && signOn.map(this::isIssuer).orElse(false)) {
        return people.map(there -> there.holder(key));
      }
      throw refused;
    }
  }

  private boolean isIssuer(Config.SignOn known) {
    return live.get().config().identities().issuers().stream()
        .anyMatch(issuer -> issuer.name().equals(known.issuer().toString()));
  }
}
