package dev.lintel.config;

import dev.lintel.Credential;
import dev.lintel.Merging;
import dev.lintel.Profile;
import dev.lintel.Provider;
import dev.lintel.Reach;
import dev.lintel.Retry;
import dev.lintel.Spec;
import dev.lintel.Strategy;
import dev.lintel.Timeouts;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import tools.jackson.databind.node.ObjectNode;

/** One file on its way from single words to what they mean together. */
final class Reading {
  /** Whoever waits longer for others than for the answer has meant another unit. */
  private static final Duration LONGEST_WINDOW = Duration.ofSeconds(10);

  private final Faults faults;
  private final Document written;
  private final Providers providers;
  private final Platforms platforms;
  private final Spec<Strategy> inOrder;
  private final Function<Path, SortedMap<Integer, String>> catalogueFaults;
  private final Map<String, Provider> remotes = new TreeMap<>();
  private final Map<String, SimSpec> sims = new TreeMap<>();

  /**
   * @param inOrder of a model that names no strategy
   * @param catalogueFaults what is wrong with a catalogue of models, by line
   */
  Reading(
      Faults faults,
      Document written,
      Providers providers,
      Spec<Strategy> inOrder,
      Function<Path, SortedMap<Integer, String>> catalogueFaults) {
    this.faults = faults;
    this.written = written;
    this.providers = providers;
    this.platforms = new Platforms(providers);
    this.inOrder = inOrder;
    this.catalogueFaults = catalogueFaults;
  }

  Config config(Set<String> notYet) {
    readProviders();
    List<Config.ModelSpec> models = models();
    checkPrices();
    return new Config(
        written.listen().orElse(new Address("127.0.0.1", 7070)),
        written.data().orElse(Path.of("lintel-data")),
        written.tls().flatMap(this::tls),
        written.limits().orElse(Config.Sizes.USUAL),
        written.threads(),
        new Storing(
            written.idempotency().orElse(Storing.Idempotency.USUAL),
            written.files().orElse(Storing.FileBounds.USUAL),
            written.batches().orElse(Storing.Batching.USUAL)),
        written.fetch().map(fetch -> new Reach(fetch.allow())).orElse(Reach.PUBLIC),
        written.database(),
        written.shared(),
        written.otlp(),
        remotes,
        sims,
        models,
        pricing(),
        apps(),
        List.copyOf(notYet));
  }

  private Optional<Config.Tls> tls(Document.Pem pem) {
    providers.readable(pem.certificate());
    providers.readable(pem.key());
    return pem.certificate()
        .value()
        .flatMap(certificate -> pem.key().value().map(key -> new Config.Tls(certificate, key)));
  }

  private void readProviders() {
    written
        .providers()
        .forEach((name, at) -> {
          switch (at.value().orElse(null)) {
            case Document.Remote remote ->
                providers.remote(name, at, remote).ifPresent(made -> keep(made, remote));
            case Document.Azure azure ->
                platforms.azure(name, at, azure).ifPresent(made -> keep(made, azure));
            case Document.Vertex vertex ->
                platforms.vertex(name, at, vertex).ifPresent(made -> keep(made, vertex));
            case Document.Bedrock bedrock ->
                platforms.bedrock(name, at, bedrock).ifPresent(made -> keep(made, bedrock));
            case Document.Simulated sim ->
                providers.sim(name, at, sim).ifPresent(made -> sims.put(name, made));
            case null -> {}
          }
        });
  }

  private void keep(Provider made, Document.Linked entry) {
    remotes.put(
        made.name(),
        made.within(entry.limits().map(Document.AccountLimits::known).orElse(made.limits())));
  }

  private List<Config.ModelSpec> models() {
    var models = new ArrayList<Config.ModelSpec>();
    written
        .models()
        .forEach(
            (name, at) -> at.value().flatMap(entry -> model(name, entry)).ifPresent(models::add));
    return models;
  }

  private Optional<Config.ModelSpec> model(String name, Document.ModelEntry entry) {
    var targets = new ArrayList<Config.TargetSpec>();
    for (Document.TargetEntry target : entry.targets().value().orElse(List.of())) {
      target(target).ifPresent(targets::add);
    }
    if (entry.targets().value().filter(List::isEmpty).isPresent()) {
      faults.add(entry.targets(), "must list one target or more");
    }
    entry.timeouts().ifPresent(this::checkTimeouts);
    checkOthers(entry);
    Retry usual = Retry.usual(targets.size());
    Retry retry =
        entry
            .retry()
            .map(given -> {
              var waits = given.backoff().orElse(new Span(usual.least(), usual.most()));
              return new Retry(
                  given.attempts().map(Count::value).orElse(usual.attempts()),
                  waits.least(),
                  waits.most());
            })
            .orElse(usual);
    return targets.isEmpty()
        ? Optional.empty()
        : Optional.of(
            new Config.ModelSpec(
                name,
                targets,
                entry.strategy().orElse(inOrder),
                entry.timeouts().flatMap(At::value).orElse(Timeouts.USUAL),
                retry,
                entry.batch().flatMap(this::merging)));
  }

  private Optional<Merging> merging(At<Document.BatchEntry> at) {
    if (at.value().filter(given -> given.window().compareTo(LONGEST_WINDOW) > 0).isPresent()) {
      faults.add(at, "must have a window of " + LONGEST_WINDOW.toSeconds() + "s at most");
    }
    return at.value().map(given -> new Merging(given.window(), given.size().value()));
  }

  /** Whoever else may be asked has to be there, too. */
  private void checkOthers(Document.ModelEntry entry) {
    entry.canary().ifPresent(canary -> canary.to().forEach(this::target));
    entry.variants().values().forEach(variant -> variant.to().forEach(this::target));
    entry.shadow().ifPresent(shadow -> shadow.to().forEach(this::target));
    entry.rules().forEach(rule -> rule.use().forEach(this::target));
    entry.fallback().values().forEach(models -> models.forEach(this::checkModel));
  }

  private Optional<Config.TargetSpec> target(Document.TargetEntry entry) {
    String to = entry.to().value().orElse("");
    int slash = to.indexOf('/');
    if (entry.to().value().isEmpty()) {
      return Optional.empty();
    }
    if (slash < 1 || slash == to.length() - 1) {
      faults.add(entry.to(), "must be a provider and its model, such as openai/gpt-4o-mini");
      return Optional.empty();
    }
    String provider = to.substring(0, slash);
    if (!isProvider(provider, entry.to())) {
      return Optional.empty();
    }
    return Optional.of(
        new Config.TargetSpec(
            provider,
            to.substring(slash + 1),
            new Profile(
                entry.weight().map(Count::value).orElse(1),
                entry.region().orElse(""),
                entry.tier().orElse(""),
                "",
                OptionalDouble.empty(),
                0,
                0)));
  }

  /** A provider that is configured, or usable by its name alone, which configures it. */
  private boolean isProvider(String name, At<?> at) {
    if (written.providers().containsKey(name) || remotes.containsKey(name)) {
      return true;
    }
    Optional<Catalogue.Row> row = providers.catalogue().find(name);
    if (row.isPresent() && row.get().usable(providers.environment())) {
      remotes.put(name, providers.usual(row.get()));
      return true;
    }
    if (row.isPresent()) {
      faults.add(
          at,
          "names a provider that is not configured; add it under 'providers'"
              + (row.get().hasUrl()
                  ? ", or set the environment variable "
                      + String.join(" or ", row.get().variables())
                  : ""));
    } else {
      faults.add(at, "names a provider that is not configured" + meantProvider(name));
    }
    return false;
  }

  private String meantProvider(String name) {
    String own = Closest.meant(name, written.providers().keySet());
    return own.isEmpty() ? Closest.meant(name, providers.catalogue().rows().keySet()) : own;
  }

  private void checkTimeouts(At<Timeouts> at) {
    at.value()
        .filter(times ->
            Stream.of(
                    times.connect(), times.firstToken(), times.idle(), times.total(), times.write())
                .anyMatch(Duration::isZero))
        .ifPresent(times -> faults.add(at, "must all be longer than 0"));
  }

  private void checkPrices() {
    written
        .prices()
        .forEach((name, at) -> {
          int slash = name.indexOf('/');
          String provider = name.substring(0, Math.max(0, slash));
          if (slash < 1 || slash == name.length() - 1) {
            faults.add(at, "must be the price of a provider's model, such as openai/gpt-4o");
          } else if (!written.providers().containsKey(provider)
              && providers.catalogue().find(provider).isEmpty()) {
            faults.add(at, "is of a provider that is not known" + meantProvider(provider));
          }
        });
  }

  private Config.Pricing pricing() {
    var own = new TreeMap<String, ObjectNode>();
    written
        .prices()
        .forEach((name, at) -> at.value().ifPresent(price -> own.put(name, price.json())));
    var factors = new TreeMap<String, BigDecimal>();
    written
        .providers()
        .forEach((name, at) -> {
          if (at.value().orElse(null) instanceof Document.Linked remote) {
            remote
                .priceFactor()
                .ifPresent(factor -> factor.value().ifPresent(f -> factors.put(name, f)));
          }
        });
    Optional<Path> catalogue = written.catalogue().flatMap(At::value);
    catalogue.ifPresent(file ->
        catalogueFaults
            .apply(file)
            .forEach((line, text) -> faults.add(new Fault(file.toString(), line, text))));
    return new Config.Pricing(
        own, factors, catalogue, refuses(written.unknownPrice()).orElse(false), refuses());
  }

  private Map<String, Boolean> refuses() {
    var refuses = new TreeMap<String, Boolean>();
    written
        .tenants()
        .forEach((tenant, entry) ->
            entry
                .apps()
                .forEach((name, app) ->
                    refuses(app.unknownPrice().or(entry::unknownPrice))
                        .ifPresent(refused -> refuses.put(tenant + "/" + name, refused))));
    return refuses;
  }

  private static Optional<Boolean> refuses(Optional<Document.UnknownPrice> word) {
    return word.map(given ->
        switch (given) {
          case ALLOW -> false;
          case REFUSE -> true;
        });
  }

  private List<Config.App> apps() {
    var apps = new ArrayList<Config.App>();
    var owners = new HashMap<String, String>();
    written
        .tenants()
        .forEach((tenant, entry) ->
            entry.apps().forEach((name, app) -> apps.add(app(tenant, name, app, owners))));
    return apps;
  }

  private Config.App app(
      String tenant, String name, Document.AppEntry entry, Map<String, String> owners) {
    String whole = tenant + "/" + name;
    var keys = new ArrayList<Credential>();
    for (At<String> at : entry.keys()) {
      String key = at.value().orElse("").strip();
      String owner = owners.putIfAbsent(key, whole);
      if (key.isEmpty()) {
        faults.add(at, "must not be empty");
      } else if (owner != null) {
        faults.add(at, "is a key of " + owner + " already; each key must belong to one app");
      } else {
        keys.add(new Credential(whole + "#" + (keys.size() + 1), key));
      }
    }
    var pairs = new ArrayList<Config.AwsPair>();
    for (Document.AwsPair pair : entry.awsKeys()) {
      awsPair(whole, pairs.size() + 1, pair, owners).ifPresent(pairs::add);
    }
    entry.models().ifPresent(models -> models.forEach(this::checkModel));
    return new Config.App(
        tenant,
        name,
        keys,
        pairs,
        entry
            .models()
            .map(models ->
                models.stream()
                    .flatMap(at -> at.value().stream())
                    .collect(Collectors.toUnmodifiableSet())),
        entry.ownKeys());
  }

  private Optional<Config.AwsPair> awsPair(
      String whole, int number, Document.AwsPair pair, Map<String, String> owners) {
    String id = pair.id().value().orElse("").strip();
    String secret = pair.secret().value().orElse("").strip();
    if (id.isEmpty() || !id.chars().allMatch(c -> Character.isLetterOrDigit(c) && c < 128)) {
      faults.add(pair.id(), "must be letters and digits, such as AKIDEXAMPLE");
      return Optional.empty();
    }
    if (secret.isEmpty()) {
      faults.add(pair.secret(), "must not be empty");
      return Optional.empty();
    }
    String owner = owners.putIfAbsent("aws " + id, whole);
    if (owner != null) {
      faults.add(pair.id(), "is a key of " + owner + " already; each key must belong to one app");
      return Optional.empty();
    }
    return Optional.of(new Config.AwsPair(whole + "#aws" + number, id, secret));
  }

  private void checkModel(At<String> at) {
    String name = at.value().orElse("");
    int slash = name.indexOf('/');
    if (at.value().isEmpty() || written.models().containsKey(name)) {
      return;
    }
    if (slash > 0) {
      isProvider(name.substring(0, slash), at);
    } else {
      faults.add(
          at,
          "names a model that is not configured" + Closest.hint(name, written.models().keySet()));
    }
  }
}
