package dev.lintel.main;

import dev.lintel.Caller;
import dev.lintel.Fetcher;
import dev.lintel.Filter;
import dev.lintel.Handler;
import dev.lintel.Health;
import dev.lintel.Listener;
import dev.lintel.Models;
import dev.lintel.Provider;
import dev.lintel.Reach;
import dev.lintel.SignedCaller;
import dev.lintel.Spool;
import dev.lintel.TokenCounter;
import dev.lintel.config.Config;
import dev.lintel.filter.Authenticate;
import dev.lintel.filter.CountTokens;
import dev.lintel.filter.Divide;
import dev.lintel.filter.Estimate;
import dev.lintel.filter.Failover;
import dev.lintel.filter.Inline;
import dev.lintel.filter.Links;
import dev.lintel.filter.Merge;
import dev.lintel.filter.Observe;
import dev.lintel.filter.Read;
import dev.lintel.route.InOrder;
import dev.lintel.token.Tokenizer;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * Everything that one configuration decides. Immutable: a change of configuration builds another
 * gateway, and calls that have begun end on the one on which they began.
 *
 * @param hold by every call on it, and by whoever serves new calls with it
 */
record Gateway(
    Config config,
    Map<String, Provider> providers,
    Models models,
    Function<String, Optional<Caller>> keys,
    Handler calls,
    Hold hold) {

  /**
   * What outlives a configuration.
   *
   * @param storedKeys callers that no configuration names; known while it names no app
   */
  record Lasting(
      Listener listener,
      Health health,
      Filter signatures,
      Spool spool,
      Fetcher fetcher,
      Handler upstream,
      Function<String, Optional<Caller>> storedKeys) {}

  /** Outlives every configuration, because its tables are large and load late. */
  private static final TokenCounter TOKENS = new Tokenizer();

  static Gateway of(Config config, Map<String, Provider> providers, Lasting lasting, Hold hold) {
    var models = new Models(config.models(providers), providers, new InOrder().build());
    Map<String, Caller> configured = config.callers();
    Function<String, Optional<Caller>> keys =
        config.apps().isEmpty()
            ? lasting.storedKeys
            : key -> Optional.ofNullable(configured.get(key));
    Map<String, SignedCaller> signers = config.signedCallers();
    var authenticate =
        new Authenticate(keys, accessKey -> Optional.ofNullable(signers.get(accessKey)));
    return new Gateway(
        config,
        providers,
        models,
        keys,
        calls(authenticate, models, config.fetch(), lasting),
        hold);
  }

  /** The stops of a call, in their order. Its reply comes back through the same stops. */
  private static Handler calls(
      Authenticate authenticate, Models models, Reach reach, Lasting lasting) {
    return through(
        List.of(
            new Observe(lasting.listener), // first, so that nothing ends unseen
            authenticate, // before the body is read: strangers cost little
            new Read(models, lasting.spool),
            new Links(reach), // before anybody is asked, whoever would follow them
            new Estimate(TOKENS),
            new CountTokens(TOKENS),
            new Failover(lasting.health, lasting.listener),
            new Inline(lasting.fetcher, reach), // once a target: some follow links themselves
            new Merge(), // after the target is known: only what goes to the same may be merged
            new Divide(),
            lasting.signatures), // once a target: which signatures are needed depends on it
        lasting.upstream);
  }

  private static Handler through(List<Filter> stops, Handler last) {
    Handler handler = last;
    for (Filter stop : stops.reversed()) {
      handler = stop.then(handler);
    }
    return handler;
  }

  /** The models that a caller may ask for by name. */
  List<String> namesFor(Caller caller) {
    return caller
        .models()
        .map(allowed ->
            allowed.stream().filter(name -> models.find(name).isPresent()).sorted().toList())
        .orElse(models.names());
  }
}
