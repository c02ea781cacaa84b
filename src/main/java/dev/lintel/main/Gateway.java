package dev.lintel.main;

import dev.lintel.Admin;
import dev.lintel.Call;
import dev.lintel.Caller;
import dev.lintel.Failure;
import dev.lintel.Fetcher;
import dev.lintel.Filter;
import dev.lintel.Handler;
import dev.lintel.Listener;
import dev.lintel.Listing;
import dev.lintel.Model;
import dev.lintel.Models;
import dev.lintel.Policy;
import dev.lintel.Provider;
import dev.lintel.Reach;
import dev.lintel.Served;
import dev.lintel.Sink;
import dev.lintel.Spool;
import dev.lintel.Target;
import dev.lintel.TokenCounter;
import dev.lintel.config.Config;
import dev.lintel.config.Identities;
import dev.lintel.filter.Admit;
import dev.lintel.filter.Afford;
import dev.lintel.filter.Authenticate;
import dev.lintel.filter.Cap;
import dev.lintel.filter.Choose;
import dev.lintel.filter.Coalesce;
import dev.lintel.filter.CountTokens;
import dev.lintel.filter.Divide;
import dev.lintel.filter.Estimate;
import dev.lintel.filter.Failover;
import dev.lintel.filter.Fallback;
import dev.lintel.filter.Foresee;
import dev.lintel.filter.Inline;
import dev.lintel.filter.KnownPrice;
import dev.lintel.filter.Links;
import dev.lintel.filter.Merge;
import dev.lintel.filter.Obey;
import dev.lintel.filter.Observe;
import dev.lintel.filter.Preferences;
import dev.lintel.filter.Queues;
import dev.lintel.filter.Read;
import dev.lintel.filter.Rollouts;
import dev.lintel.filter.Shadow;
import dev.lintel.identity.Addresses;
import dev.lintel.identity.Certificates;
import dev.lintel.identity.Directory;
import dev.lintel.identity.Issuers;
import dev.lintel.identity.Register;
import dev.lintel.identity.Strikes;
import dev.lintel.identity.Tokens;
import dev.lintel.price.Catalogue;
import dev.lintel.price.Knowledge;
import dev.lintel.route.BestRated;
import dev.lintel.route.InOrder;
import dev.lintel.route.Standings;
import dev.lintel.token.Tokenizer;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/**
 * Everything that one configuration decides. Immutable: a change of configuration builds another
 * gateway, and calls that have begun end on the one on which they began.
 *
 * @param planning the stops up to what a target would be asked, with the last one that is given
 * @param settling the stops around an answer that is there already, with the last one that gives it
 * @param telling the same for a call that has its record already
 * @param replaying the stops of a call that was made already, of which a record is left, with one
 *     that answers in the place of whoever is asked
 * @param judging the stops of what a judge is asked, which has no model yet
 * @param deciding the stops that say where a call would go, which is not made
 * @param hold by every call on it, and by whoever serves new calls with it
 */
record Gateway(
    Config config,
    Map<String, Provider> providers,
    Models models,
    Catalogue catalogue,
    Register register,
    Handler calls,
    UnaryOperator<Handler> planning,
    UnaryOperator<Handler> settling,
    UnaryOperator<Handler> telling,
    UnaryOperator<Handler> replaying,
    Handler judging,
    Handler deciding,
    Hold hold) {

  /**
   * What outlives a configuration.
   *
   * @param node the name of this one
   * @param firstKey the caller of the first caller key; known while the configuration names no app
   */
  record Lasting(
      String node,
      Listener listener,
      Standings standings,
      Queues queues,
      Filter once,
      Filter tape,
      Filter signatures,
      Filter continuity,
      Rollouts rollouts,
      Preferences preferences,
      Shadow shadow,
      Filter sticky,
      Spool spool,
      Fetcher fetcher,
      Handler upstream,
      Admit admit,
      Function<String, Optional<Caller>> firstKey,
      Directory directory,
      Issuers issuers,
      Strikes strikes) {}

  /** Outlives every configuration, because its tables are large and load late. */
  static final TokenCounter TOKENS = new Tokenizer();

  /**
   * @param revision the number of the configuration's
   * @param before the models that were served until now, by their names
   */
  static Gateway of(
      Config config,
      Map<String, Provider> providers,
      Lasting lasting,
      long revision,
      Hold hold,
      Function<String, Optional<Model>> before) {
    Catalogue catalogue = catalogue(config, providers);
    Config.Pricing pricing = config.pricing();
    var facts = new Knowledge(catalogue, pricing.own(), pricing.factors());
    var named = new LinkedHashMap<>(config.models(providers, facts, lasting.standings));
    named.replaceAll((name, model) ->
        before
            .apply(name)
            .map(old -> model.by(model.strategy().following(old.strategy())))
            .orElse(model));
    var models =
        new Models(
            named,
            providers,
            new InOrder().build(),
            facts,
            lasting.standings::named,
            config.refusing());
    lasting.preferences.begin(config.policies().preferences());
    Register register = register(config, lasting);
    var stops =
        new Stops(
            new Authenticate(register),
            models,
            new Choose(lasting.rollouts, lasting.preferences, named.values(), TOKENS),
            pricing::refusesUnknown,
            config.fetch(),
            new Served(lasting.node, revision),
            lasting);
    return new Gateway(
        config,
        providers,
        models,
        catalogue,
        register,
        stops.calls(),
        stops::planning,
        stops::settling,
        stops::telling,
        stops::replaying,
        stops.judging(),
        stops.deciding(),
        hold);
  }

  private static Register register(Config config, Lasting lasting) {
    Map<String, Map<String, Config.App>> apps =
        config.apps().stream()
            .collect(
                Collectors.groupingBy(
                    Config.App::tenant, Collectors.toMap(Config.App::name, Function.identity())));
    Caller first =
        Caller.FIRST.under(config.policies().of(Caller.FIRST.tenant(), Caller.FIRST.app()));
    Register.Apps callers =
        apps.isEmpty()
            ? (tenant, app, keyId) ->
                Optional.of(first)
                    .filter(only -> only.tenant().equals(tenant) && only.app().equals(app))
                    .map(only -> only.with(keyId))
            : (tenant, app, keyId) ->
                Optional.ofNullable(apps.getOrDefault(tenant, Map.of()).get(app))
                    .map(known -> known.caller(keyId));
    Identities known = config.identities();
    return new Register(
        new Register.Configured(
            config.callers(),
            config.signedCallers(),
            apps.isEmpty()
                ? key -> lasting.firstKey.apply(key).map(caller -> first)
                : key -> Optional.empty()),
        new Tokens(known.issuers(), lasting.issuers, callers, InstantSource.system()),
        new Certificates(known.clients(), callers, InstantSource.system()),
        lasting.directory,
        callers,
        new Addresses(known.trustedProxies()),
        lasting.strikes);
  }

  /** Of models, as far as the providers' families go. */
  private static Catalogue catalogue(Config config, Map<String, Provider> providers) {
    Set<String> families =
        providers.values().stream().map(Provider::family).collect(Collectors.toUnmodifiableSet());
    return config
        .pricing()
        .catalogue()
        .map(file -> Catalogue.read(file, families))
        .orElseGet(() -> Catalogue.builtIn(families));
  }

  /** Where calls stop on their way, which depends on why they are made. */
  private record Stops(
      Authenticate authenticate,
      Models models,
      Choose choose,
      Predicate<Caller> refusesUnknownPrice,
      Reach reach,
      Served served,
      Lasting lasting) {

    /** The stops of a call, in their order. Its reply comes back through the same stops. */
    Handler calls() {
      return through(
          List.of(
              new Observe(lasting.listener, served), // first, so that nothing ends unseen
              authenticate, // before the body is read: strangers cost little
              lasting.once, // before the body is parsed: it goes by its bytes
              new Read(models, lasting.spool),
              new Obey(), // before anything comes of the call
              lasting.tape, // once the policy is known; what passes is what the caller gets
              new Links(reach), // before anybody is asked, whoever would follow them
              lasting.continuity, // what is named decides who may be asked
              lasting.admit, // once a call, and before calls are joined: each counts
              new Coalesce(), // before anything is asked; what comes after it is done once for all
              new Estimate(TOKENS),
              new CountTokens(TOKENS),
              new Fallback(models::find, lasting.listener), // before what is decided by model
              new Afford(), // once a model: what one costs another may not
              choose, // once a model: each has its own
              new KnownPrice(refusesUnknownPrice),
              lasting.shadow, // once who may be asked is known, and for each model that is asked
              lasting.sticky, // of those who may be asked, and for callers only
              new Failover(lasting.listener, lasting.queues),
              new Cap(TOKENS), // once a target: each has its price
              new Inline(lasting.fetcher, reach), // once a target: some follow links themselves
              new Merge(), // after the target is known: only what goes to the same may be merged
              new Divide(),
              lasting.signatures), // once a target: which signatures are needed depends on it
          lasting.upstream);
    }

    /**
     * For a line of a batch that may be handed on whole: as far as what its first target would be
     * sent. Nobody is asked, so nothing is observed, kept or estimated.
     */
    Handler planning(Handler last) {
      return through(
          List.of(
              Stops::suppose,
              authenticate,
              new Read(models, lasting.spool),
              new Obey(),
              new Links(reach),
              lasting.continuity,
              choose.uncounted(),
              new KnownPrice(refusesUnknownPrice),
              lasting.sticky,
              Stops::toTheFirst,
              new Cap(TOKENS),
              new Inline(lasting.fetcher, reach),
              lasting.signatures),
          last);
    }

    /**
     * For a line whose answer a provider's batch has brought: a call like others, but that nobody
     * is asked any more. What it cost has been spent, whether or not its price is known.
     */
    Handler settling(Handler last) {
      return through(
          List.of(
              new Observe(lasting.listener, served),
              authenticate,
              new Read(models, lasting.spool),
              Obey::afterwards,
              lasting.tape,
              new Links(reach),
              lasting.continuity,
              lasting.admit.afterwards(), // around what tells the usage
              new Estimate(TOKENS)),
          last);
    }

    /** The same for one that was paid for by a process that did not live to keep its answer. */
    Handler telling(Handler last) {
      return through(
          List.of(
              authenticate,
              new Read(models, lasting.spool),
              new Links(reach),
              lasting.continuity,
              new Estimate(TOKENS)),
          last);
    }

    /**
     * For a call of which a record is left: what lets it in and decides whom it is asked of, one
     * after the other. What it said is not known, so that nothing is followed, kept or joined.
     */
    Handler replaying(Handler last) {
      return through(
          List.of(
              new Observe(lasting.listener),
              new Read(models, lasting.spool),
              new Obey(),
              lasting.admit,
              new Fallback(models::find, lasting.listener),
              new Afford(),
              choose,
              new KnownPrice(refusesUnknownPrice),
              lasting.sticky,
              new Failover(lasting.listener, lasting.queues),
              new Cap(TOKENS)),
          last);
    }

    /**
     * For what a judge is asked: a call of the gateway's own on behalf of a caller, whose policies
     * hold. Nothing of it is kept, copied or remembered, and no judge hears of it.
     */
    Handler judging() {
      return through(
          List.of(
              new Observe(lasting.listener, served),
              this::judgedBy,
              new Obey(),
              lasting.admit,
              new Estimate(TOKENS),
              new Fallback(models::find, lasting.listener),
              new Afford(),
              choose.uncounted(),
              new KnownPrice(caller -> true), // what it may cost is bounded
              new Failover(lasting.listener, lasting.queues),
              new Cap(TOKENS)),
          lasting.upstream);
    }

    /** In the place of reading it: it was written here. An app need not list the model. */
    private void judgedBy(Call call, Sink sink, Handler next) {
      String name = call.request().model();
      call.trail().named(name);
      Model model =
          models
              .find(name)
              .orElseThrow(
                  () -> Failure.of(Failure.Kind.NOT_FOUND, "There is no model '" + name + "'."));
      call.trail().asked(call.request(), call.terms(), model);
      long end = call.trail().started() + model.timeouts().total().toNanos();
      next.handle(
          call.with(
              call.request(),
              call.terms(),
              Optional.empty(),
              model,
              Math.min(call.deadline(), end)),
          sink);
    }

    /**
     * For a call that is not made, by a caller who is known: what decides whom it would be asked
     * of, and nothing that would be seen or felt elsewhere.
     */
    Handler deciding() {
      return through(
          List.of(
              new Read(models, lasting.spool),
              new Obey(),
              lasting.continuity,
              new Fallback(models::find),
              choose.uncounted(),
              new KnownPrice(refusesUnknownPrice),
              lasting.sticky),
          new Foresee(lasting.queues));
    }

    private static void suppose(Call call, Sink sink, Handler next) {
      call.trail().suppose();
      next.handle(call, sink);
    }

    private static void toTheFirst(Call call, Sink sink, Handler next) {
      Model model = call.resolved();
      List<Target> targets = model.targets();
      Target first =
          targets.get(
              model
                  .strategy()
                  .rank(call, targets)
                  .best(targets.size(), new boolean[targets.size()]));
      next.handle(call.to(first, first.provider().credentials().getFirst()), sink);
    }
  }

  private static Handler through(List<Filter> stops, Handler last) {
    Handler handler = last;
    for (Filter stop : stops.reversed()) {
      handler = stop.then(handler);
    }
    return handler;
  }

  /** An app's caller without a key at hand, as batches call; empty where there is no such app. */
  Optional<Caller> callerOf(String tenant, String app, String keyId) {
    return register.caller(tenant, app, keyId);
  }

  /** As {@link Register#admin} says. */
  Optional<Admin> admin(String credential) {
    return register.admin(credential);
  }

  /** The models of which is asked how well they were answered; empty where of none. */
  Optional<Predicate<String>> scored() {
    return config.strategies().anyMatch(BestRated.class::isInstance)
        ? Optional.of(Set.copyOf(models.names())::contains)
        : Optional.empty();
  }

  /** Whether there is such a tenant with an app. */
  boolean hasTenant(String name) {
    return config.apps().isEmpty()
        ? name.equals(Caller.FIRST.tenant())
        : config.apps().stream().anyMatch(app -> app.tenant().equals(name));
  }

  /** A model that the caller may ask for, also by its provider's name of it. */
  Optional<Listing> modelFor(Caller caller, String name) {
    return caller.mayAsk(name) && !caller.policies().of("").forbids(name)
        ? models.find(name).map(Listing::of)
        : Optional.empty();
  }

  /** The models that a caller may ask for by name. */
  List<Listing> modelsFor(Caller caller) {
    Policy policy = caller.policies().of("");
    return caller
        .models()
        .map(allowed -> allowed.stream().sorted())
        .orElse(models.names().stream())
        .filter(name -> !policy.forbids(name))
        .flatMap(name -> models.find(name).stream())
        .map(Listing::of)
        .toList();
  }
}
