package dev.lintel.config;

import dev.lintel.Admin;
import dev.lintel.Condition;
import dev.lintel.Credential;
import dev.lintel.Logging;
import dev.lintel.Percent;
import dev.lintel.Policy;
import dev.lintel.Provider;
import dev.lintel.Reach;
import dev.lintel.Spec;
import dev.lintel.Strategy;
import dev.lintel.TraceExport;
import java.math.BigDecimal;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/** One file on its way from single words to what they mean together. */
final class Reading implements ModelReading.Around {
  private static final Duration SHORTEST_PROBE = Duration.ofMillis(100);

  private static final Pattern KEK = Pattern.compile("[0-9a-fA-F]{64}|[A-Za-z0-9+/_-]{43}=?");

  /** But those that a client of HTTP sets itself. */
  private static final Pattern HEADER =
      Pattern.compile(
          "(?i)(?!(connection|content-length|expect|host|upgrade)$)[!#$%&'*+.^_`|~0-9a-z-]{1,128}");

  private static final Pattern REDIS =
      Pattern.compile("(rediss?|rediss?-sentinel)://[^/?#\\s]+(/\\d*)?(\\?[^#]*)?(#.+)?");

  private final Faults faults;
  private final Document written;
  private final Providers providers;
  private final Platforms platforms;
  private final Spec<Strategy> inOrder;
  private final Condition.Language language;
  private final Function<Path, SortedMap<Integer, String>> catalogueFaults;
  private final Map<String, Provider> remotes = new TreeMap<>();
  private final Map<String, SimSpec> sims = new TreeMap<>();
  private final Map<String, Duration> probes = new TreeMap<>();

  /**
   * @param inOrder of a model that names no strategy
   * @param language in which the conditions of rules are written
   * @param catalogueFaults what is wrong with a catalogue of models, by line
   */
  Reading(
      Faults faults,
      Document written,
      Providers providers,
      Spec<Strategy> inOrder,
      Condition.Language language,
      Function<Path, SortedMap<Integer, String>> catalogueFaults) {
    this.faults = faults;
    this.written = written;
    this.providers = providers;
    this.platforms = new Platforms(providers);
    this.inOrder = inOrder;
    this.language = language;
    this.catalogueFaults = catalogueFaults;
  }

  /**
   * @param files that were read beside the configuration's own
   */
  Config config(Set<String> notYet, Set<Path> files) {
    readProviders();
    var breakers = new Breakers(written.providers());
    List<Config.ModelSpec> models = models(breakers);
    checkPrices();
    Policies policies = policies(models);
    var alerting = new Alerting(faults, written);
    return new Config(
        written.listen().orElse(new Address("127.0.0.1", 7070)),
        written.node().map(Config.NodeName::text),
        written.data().orElse(Config.DATA),
        written.tls().flatMap(this::tls),
        new Identifying(faults, written.tenants()).of(written),
        keks(),
        written.admin().flatMap(Document.AdminEntry::oidc).flatMap(this::signOn),
        written.admin().flatMap(Document.AdminEntry::approvals).orElse(Config.APPROVALS),
        written.limits().orElse(Config.Sizes.USUAL),
        written.threads(),
        storing(),
        written.fetch().map(fetch -> new Reach(fetch.allow())).orElse(Reach.PUBLIC),
        written.database(),
        written.shared().flatMap(this::shared),
        written.otlp().flatMap(this::traces),
        written.logs().map(this::logging).orElse(Logging.USUAL),
        alerting.webhooks(),
        alerting.rules(),
        written.judge().flatMap(entry -> new Judged(faults, this::checkModel).of(entry)),
        remotes,
        sims,
        models,
        breakers.rules(),
        probes,
        breakers.refusing(),
        pricing(),
        policies,
        apps(models, policies),
        List.copyOf(notYet),
        List.copyOf(files));
  }

  private Optional<Config.SignOn> signOn(Document.Oidc oidc) {
    if (oidc.mapping().isEmpty()) {
      faults.add(oidc.issuer(), "needs a 'mapping' beside it: from people's groups to roles");
    }
    var grants = new TreeMap<String, Admin.Grant>();
    oidc.mapping()
        .forEach(
            (group, grant) -> grants.put(group, new Admin.Grant(grant.role(), grant.tenants())));
    return oidc.issuer()
        .value()
        .map(issuer ->
            new Config.SignOn(
                issuer,
                new Credential(oidc.clientId(), oidc.clientSecret().orElse("")),
                oidc.audiences(),
                oidc.rolesClaim().orElse("groups"),
                grants,
                oidc.redirect(),
                oidc.scopes().orElse("openid profile email"),
                oidc.jwks()));
  }

  private Optional<TraceExport> traces(Document.Otlp otlp) {
    Optional<URI> url = otlp.url().value();
    boolean web =
        url.filter(at -> "http".equals(at.getScheme()) || "https".equals(at.getScheme()))
            .filter(at -> at.getHost() != null && at.getUserInfo() == null)
            .isPresent();
    if (url.isPresent() && !web) {
      faults.add(otlp.url(), "must be an address such as http://127.0.0.1:4318");
    }
    var headers = new TreeMap<String, String>();
    otlp.headers()
        .forEach((name, at) -> {
          boolean fits = HEADER.matcher(name).matches();
          if (!fits) {
            faults.add(at, "stands under a name that is none of a header");
          }
          Optional<String> value = at.value();
          if (value.isPresent() && value.get().chars().anyMatch(Character::isISOControl)) {
            faults.add(at, "has a control character");
          } else if (fits) {
            value.ifPresent(text -> headers.put(name, text));
          }
        });
    return url.filter(at -> web)
        .map(at ->
            new TraceExport(
                at,
                headers,
                otlp.sample().map(Percent::share).orElse(1.0),
                otlp.errors().orElse(true)));
  }

  private Logging logging(Document.Logs logs) {
    var levels = new TreeMap<String, Logging.Level>();
    logs.levels()
        .forEach((logger, at) -> {
          if (at.value().isPresent()) {
            Logging.Level level = at.value().get();
            Logging.wrong(logger, level).ifPresent(why -> faults.add(at, why));
            levels.put(logger, level);
          }
        });
    Logging usual = Logging.USUAL;
    return new Logging(
        logs.level().orElse(usual.level()),
        levels,
        logs.calls().orElse(usual.calls()),
        logs.form().orElse(usual.form()));
  }

  private List<Credential> keks() {
    var keys = new ArrayList<Credential>();
    for (At<String> at : written.kek()) {
      String key = at.value().orElse("").strip();
      if (at.value().isPresent() && !KEK.matcher(key).matches()) {
        faults.add(at, "must be 32 random bytes in base64 or hexadecimal");
      }
      keys.add(new Credential("kek#" + (keys.size() + 1), key));
    }
    return keys;
  }

  private Optional<Config.Shared> shared(Document.Shared shared) {
    At<String> url = shared.url();
    if (url.value().filter(text -> !REDIS.matcher(text).matches()).isPresent()) {
      faults.add(
          url,
          "must be redis://host:6379, rediss://… for TLS, or redis-sentinel://host:26379#master");
    }
    return url.value()
        .map(text -> new Config.Shared(text, shared.whenAway().orElse(Config.WhenAway.SHARE)));
  }

  private Optional<Config.Clients> clients(Document.Pem pem) {
    if (pem.clientCa().isEmpty()) {
      pem.clientAuth().ifPresent(at -> faults.add(at, "needs 'client_ca' beside it"));
      return Optional.empty();
    }
    boolean required =
        pem.clientAuth()
            .flatMap(At::value)
            .map(given ->
                switch (given) {
                  case REQUEST -> false;
                  case REQUIRE -> true;
                })
            .orElse(false);
    return pem.clientCa()
        .flatMap(providers::readable)
        .map(ca -> new Config.Clients(Path.of(ca), required));
  }

  private Optional<Config.Tls> tls(Document.Pem pem) {
    providers.readable(pem.certificate());
    providers.readable(pem.key());
    return pem.certificate()
        .value()
        .flatMap(certificate ->
            pem.key().value().map(key -> new Config.Tls(certificate, key, clients(pem))));
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

  private void keep(Provider made, Document.Entry entry) {
    entry.probe().ifPresent(at -> at.value().ifPresent(every -> probe(made, at, every)));
    remotes.put(
        made.name(),
        made.within(entry.limits().map(Document.AccountLimits::known).orElse(made.limits())));
  }

  private void probe(Provider made, At<Duration> at, Duration every) {
    if (made.dialect().listing(made.platform()).isEmpty()) {
      faults.add(at, "must be left out: such a provider has nothing that costs nothing to ask");
    } else if (every.compareTo(SHORTEST_PROBE) < 0) {
      faults.add(at, "must be 100ms or more");
    }
    probes.put(made.name(), every);
  }

  private List<Config.ModelSpec> models(Breakers breakers) {
    var reading = new ModelReading(faults, this, breakers, inOrder, language);
    var models = new ArrayList<Config.ModelSpec>();
    written
        .models()
        .forEach((name, at) ->
            at.value().flatMap(entry -> reading.read(name, entry)).ifPresent(models::add));
    new Fallbacks(faults, written.models()).check();
    return models;
  }

  @Override
  public int keys(String provider) {
    Provider remote = remotes.get(provider);
    return remote == null ? 1 : remote.credentials().size();
  }

  /** A provider that is configured, or usable by its name alone, which configures it. */
  @Override
  public boolean isProvider(String name, At<?> at) {
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
    String known = own.isEmpty() ? Closest.meant(name, providers.catalogue().rows().keySet()) : own;
    return known.isEmpty() ? Closest.hint(name, written.providers().keySet()) : known;
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
          if (at.value().orElse(null) instanceof Document.Outside remote) {
            remote
                .linked()
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

  private Policies policies(List<Config.ModelSpec> models) {
    return new PolicyReading(
            faults,
            new PolicyReading.Known() {
              private @Nullable Set<String> targets;

              @Override
              public void model(At<String> at) {
                checkModel(at);
              }

              @Override
              public void provider(At<String> at) {
                at.value().ifPresent(name -> checkProvider(name, at));
              }

              @Override
              public void target(String name, At<?> at) {
                if (name.indexOf('/') < 0) {
                  checkProvider(name, at);
                  return;
                }
                Set<String> all = targets == null ? targets(models) : targets;
                targets = all;
                if (!all.contains(name)) {
                  faults.add(at, "names a target that no model has" + Closest.hint(name, all));
                }
              }
            },
            storing())
        .read(written);
  }

  private Storing storing() {
    return new Storing(
        written.idempotency().orElse(Storing.Idempotency.USUAL),
        written.files().orElse(Storing.FileBounds.USUAL),
        written.batches().orElse(Storing.Batching.USUAL),
        written.records().orElse(Storing.Recording.USUAL));
  }

  /** A rule may speak of a provider that nobody asks yet. */
  private void checkProvider(String name, At<?> at) {
    if (!written.providers().containsKey(name) && providers.catalogue().find(name).isEmpty()) {
      faults.add(at, "names a provider that is not known" + meantProvider(name));
    }
  }

  private static Set<String> targets(List<Config.ModelSpec> models) {
    return models.stream()
        .flatMap(Config.ModelSpec::everyTarget)
        .map(Config.TargetSpec::name)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private List<Config.App> apps(List<Config.ModelSpec> models, Policies policies) {
    var residencies = new Residencies(faults, written.models().keySet(), models);
    var apps = new ArrayList<Config.App>();
    var owners = new HashMap<String, String>();
    written
        .tenants()
        .forEach((tenant, entry) -> {
          String usual = entry.residency().map(residencies::region).orElse("");
          entry
              .apps()
              .forEach((name, app) -> {
                String residency = app.residency().map(residencies::region).orElse(usual);
                app.models().ifPresent(listed -> residencies.check(residency, listed));
                apps.add(app(tenant, name, app, owners, residency, policies.of(tenant, name)));
              });
        });
    return apps;
  }

  private Config.App app(
      String tenant,
      String name,
      Document.AppEntry entry,
      Map<String, String> owners,
      String residency,
      Policy.Source policies) {
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
        entry.ownKeys(),
        residency,
        entry.explain(),
        policies);
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

  @Override
  public void checkModel(At<String> at) {
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
