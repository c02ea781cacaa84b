package dev.lintel.config;

import dev.lintel.Admin;
import dev.lintel.AlertRule;
import dev.lintel.BreakerRules;
import dev.lintel.Caller;
import dev.lintel.Credential;
import dev.lintel.DatabaseUrl;
import dev.lintel.Dialects;
import dev.lintel.Facts;
import dev.lintel.Judging;
import dev.lintel.Logging;
import dev.lintel.Merging;
import dev.lintel.Model;
import dev.lintel.Platform;
import dev.lintel.Policy;
import dev.lintel.Profile;
import dev.lintel.Provider;
import dev.lintel.Reach;
import dev.lintel.Retry;
import dev.lintel.SignedCaller;
import dev.lintel.Spec;
import dev.lintel.Standing;
import dev.lintel.Strategy;
import dev.lintel.Target;
import dev.lintel.Timeouts;
import dev.lintel.TraceExport;
import dev.lintel.Webhook;
import java.math.BigDecimal;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Stream;
import tools.jackson.databind.node.ObjectNode;

/**
 * A configuration that has been checked: whatever it refers to exists.
 *
 * @param node what this one is called in records; empty where it is called as its machine
 * @param keks key-encryption keys, the first of which seals
 * @param signOn how people who administer log in
 * @param approvals how long a change waits for a second admin
 * @param webhooks where notices are sent
 * @param alerts of what metrics do
 * @param judge how answers are judged; empty where they are not
 * @param fetch where links in requests may lead
 * @param sims the simulated providers by their names
 * @param remotes every other provider by its name
 * @param probes how often a provider that rests is asked for a sign of life, by its name; the
 *     others never are
 * @param refusing providers that are not asked while they are in trouble, unless a model says so
 * @param policies who is under which
 * @param read files beside its own that values were read from
 * @param notYet keys in use that this version reads and checks but does not act on
 */
public record Config(
    Address listen,
    Optional<String> node,
    Path data,
    Optional<Tls> tls,
    Identities identities,
    List<Credential> keks,
    Optional<SignOn> signOn,
    Duration approvals,
    Sizes limits,
    Optional<Threads> threads,
    Storing storing,
    Reach fetch,
    Optional<DatabaseUrl> database,
    Optional<Shared> shared,
    Optional<TraceExport> otlp,
    Logging logging,
    List<Webhook> webhooks,
    List<AlertRule> alerts,
    Optional<Judging> judge,
    Map<String, Provider> remotes,
    Map<String, SimSpec> sims,
    List<ModelSpec> models,
    BreakerRules breakers,
    Map<String, Duration> probes,
    Set<String> refusing,
    Pricing pricing,
    Policies policies,
    List<App> apps,
    List<String> notYet,
    List<Path> read) {

  public Config {
    remotes = Collections.unmodifiableMap(new TreeMap<>(remotes));
    sims = Collections.unmodifiableMap(new TreeMap<>(sims));
    models = List.copyOf(models);
    webhooks = List.copyOf(webhooks);
    alerts = List.copyOf(alerts);
    probes = Map.copyOf(probes);
    refusing = Set.copyOf(refusing);
    apps = List.copyOf(apps);
    notYet = List.copyOf(notYet);
    read = List.copyOf(read);
  }

  /** What a node is called. */
  record NodeName(String text) {
    NodeName {
      if (text.isEmpty() || text.length() > 64 || !text.chars().allMatch(c -> c > ' ' && c < 127)) {
        throw new IllegalArgumentException("must have 1 to 64 visible ASCII characters");
      }
    }
  }

  /** Where data lies where nobody says it. */
  public static final Path DATA = Path.of("lintel-data");

  /** How long a change waits for a second admin where nobody says it. */
  public static final Duration APPROVALS = Duration.ofDays(3);

  /**
   * Who says who people are.
   *
   * @param client what the gateway is called there; its secret is empty where it has none
   * @param audiences for whom tokens may be, beside the client
   * @param claim where tokens say somebody's groups
   * @param grants what a group may be, and of which tenants
   * @param redirect where browsers come back to
   * @param scopes that are asked for
   * @param keys where the issuer's keys are, where it does not say so itself
   */
  public record SignOn(
      URI issuer,
      Credential client,
      Set<String> audiences,
      String claim,
      Map<String, Admin.Grant> grants,
      Optional<URI> redirect,
      String scopes,
      Optional<URI> keys) {}

  /** The gateway's own certificate and its key, as PEM files, and what is asked of clients. */
  public record Tls(Path certificate, Path key, Optional<Clients> clients) {}

  /**
   * Clients with certificates.
   *
   * @param ca a PEM file with the certificates that sign theirs
   * @param required whether nobody else is served
   */
  public record Clients(Path ca, boolean required) {}

  /**
   * The most that a request may have: of its body, unpacked, of a body that is handed on without
   * being held, and of its headers.
   */
  public record Sizes(Size body, Size upload, Size headers) {
    public static final Sizes USUAL =
        new Sizes(new Size(32 << 20), new Size(1 << 30), new Size(64 << 10));
  }

  /**
   * What is said of prices.
   *
   * @param own by {@code provider/model}, in the words of the file
   * @param factors by which the catalogue's prices are multiplied, by provider
   * @param catalogue of models, instead of the built-in one
   * @param refuseUnknown whether calls of unknown price are refused, where the app does not say
   * @param refuses what an app says of that, by {@code tenant/app}
   */
  public record Pricing(
      Map<String, ObjectNode> own,
      Map<String, BigDecimal> factors,
      Optional<Path> catalogue,
      boolean refuseUnknown,
      Map<String, Boolean> refuses) {
    public Pricing {
      own = Map.copyOf(own);
      factors = Map.copyOf(factors);
      refuses = Map.copyOf(refuses);
    }

    /** Whether a call of that caller is refused where nobody knows what it will cost. */
    public boolean refusesUnknown(Caller caller) {
      return refuses.isEmpty()
          ? refuseUnknown
          : refuses.getOrDefault(caller.tenant() + "/" + caller.app(), refuseUnknown);
    }
  }

  /** Which scheduler carries the calls' threads. */
  public enum Threads {
    LOOP,
    STOCK
  }

  /** A model as it is configured. */
  public record ModelSpec(
      String name,
      List<TargetSpec> targets,
      Spec<Strategy> strategy,
      Timeouts timeouts,
      Retry retry,
      Optional<Merging> merging,
      RoutingSpec routing) {
    public ModelSpec {
      targets = List.copyOf(targets);
    }

    /** Its own, and those that may be asked in their place or beside them. */
    Stream<TargetSpec> everyTarget() {
      return Stream.concat(targets.stream(), routing.targets());
    }

    Model at(Known known) {
      return new Model(
          name,
          targets.stream().map(target -> target.at(known)).toList(),
          strategy.build(),
          timeouts,
          retry,
          merging,
          routing.at(known));
    }
  }

  /** What stands behind the names of a configuration. */
  record Known(Map<String, Provider> providers, Facts.Source facts, Standing.Source standings) {}

  /** A target as it is configured. */
  public record TargetSpec(String provider, String model, Profile profile) {
    String name() {
      return provider + "/" + model;
    }

    Target at(Known known) {
      Provider at = known.providers.get(provider);
      if (at == null) {
        throw new IllegalArgumentException("nobody gave the provider " + provider);
      }
      return new Target(
          at,
          model,
          profile,
          known.facts.of(at, model),
          known.standings.of(at, model, profile.concurrent()));
    }
  }

  /**
   * Who may call.
   *
   * @param awsKeys with which AWS's SDKs sign
   * @param models that it may ask for; empty means every model
   * @param ownKeys whether its calls may bring a provider's key of their own
   * @param residency the region that its calls must not leave; empty where they may go anywhere
   * @param explain whether its calls may ask to be told why they went where they went
   * @param policies what its calls may do
   */
  public record App(
      String tenant,
      String name,
      List<Credential> keys,
      List<AwsPair> awsKeys,
      Optional<Set<String>> models,
      boolean ownKeys,
      String residency,
      boolean explain,
      Policy.Source policies) {
    public App {
      keys = List.copyOf(keys);
      awsKeys = List.copyOf(awsKeys);
    }

    /** Who calls with that key of its own. */
    public Caller caller(String keyId) {
      return new Caller(tenant, name, keyId, models, ownKeys, residency, explain).under(policies);
    }
  }

  /**
   * A pair of an app's.
   *
   * @param id names it, as a {@link Credential}'s does
   */
  public record AwsPair(String id, String accessKey, String secretKey) {
    @Override
    public String toString() {
      return "AwsPair[" + id + "]";
    }
  }

  /**
   * Every provider by its name.
   *
   * @param at tells the base URL at which a simulated provider listens
   */
  public Map<String, Provider> providers(Function<SimSpec, URI> at) {
    var all = new TreeMap<>(remotes);
    sims.forEach((name, sim) ->
        all.put(
            name,
            new Provider(
                    name,
                    name,
                    new Dialects(sim.dialects()),
                    at.apply(sim),
                    sim.auth(),
                    sim.credentials(),
                    Map.of(),
                    Provider.Transport.PLAIN,
                    Provider.Quirks.NONE,
                    Platform.PLAIN)
                .within(sim.limits())));
    return Collections.unmodifiableMap(all);
  }

  /** Every configured model by its name, each with a strategy of its own. */
  public Map<String, Model> models(Map<String, Provider> providers) {
    return models(providers, Facts.Source.NONE, Standing.Source.NONE);
  }

  /**
   * Every configured model by its name, each with a strategy of its own.
   *
   * @param facts what is known of its targets
   * @param standings how they fare
   */
  public Map<String, Model> models(
      Map<String, Provider> providers, Facts.Source facts, Standing.Source standings) {
    var known = new Known(providers, facts, standings);
    var all = new LinkedHashMap<String, Model>();
    for (ModelSpec model : models) {
      all.put(model.name(), model.at(known));
    }
    return Collections.unmodifiableMap(all);
  }

  /** Who calls with which key; the map's keys are the secrets themselves. */
  public Map<String, Caller> callers() {
    var all = new HashMap<String, Caller>();
    for (App app : apps) {
      for (Credential key : app.keys()) {
        all.put(key.secret(), app.caller(key.id()));
      }
    }
    return Collections.unmodifiableMap(all);
  }

  /** Who calls with which AWS access key. */
  public Map<String, SignedCaller> signedCallers() {
    var all = new HashMap<String, SignedCaller>();
    for (App app : apps) {
      for (AwsPair pair : app.awsKeys()) {
        all.put(pair.accessKey(), new SignedCaller(pair.secretKey(), app.caller(pair.id())));
      }
    }
    return Collections.unmodifiableMap(all);
  }

  /**
   * Where nodes share their counts.
   *
   * @param url of a Redis; may hold its password
   */
  public record Shared(String url, WhenAway whenAway) {
    @Override
    public String toString() {
      return "Shared[" + whenAway + "]";
    }
  }

  /** What becomes of calls while that is away. */
  public enum WhenAway {
    /** Each node goes on with its share. */
    SHARE,
    /** They are refused. */
    REFUSE
  }

  /**
   * The keys in which another configuration differs and which are read at the start alone, such as
   * {@code listen}.
   */
  public List<String> fixed(Config other) {
    var differing = new ArrayList<String>();
    if (!listen.equals(other.listen)) {
      differing.add("listen");
    }
    if (!node.equals(other.node)) {
      differing.add("node");
    }
    if (!data.equals(other.data)) {
      differing.add("data");
    }
    if (!tls.equals(other.tls)) {
      differing.add("tls");
    }
    if (!signOn.equals(other.signOn)) {
      differing.add("admin");
    }
    if (!keks.equals(other.keks)) {
      differing.add("kek");
    }
    if (!limits.equals(other.limits)) {
      differing.add("limits");
    }
    if (!shared.equals(other.shared)) {
      differing.add("shared");
    }
    if (!threads.equals(other.threads)) {
      differing.add("threads");
    }
    if (!database.equals(other.database)) {
      differing.add("database");
    }
    if (!storing.idempotency().equals(other.storing.idempotency())) {
      differing.add("idempotency");
    }
    if (!storing.files().equals(other.storing.files())) {
      differing.add("files");
    }
    if (!storing.batches().equals(other.storing.batches())) {
      differing.add("batches");
    }
    if (!storing.records().equals(other.storing.records())) {
      differing.add("records");
    }
    return differing;
  }

  /**
   * The places that one admin alone may not change into another configuration, such as {@code
   * policies.strict}: guarded policies that are changed or dropped, where they stood and do not any
   * more, callers that are led to an app where they do not stand, and who is an admin. Empty where
   * one admin is enough.
   */
  public List<String> secondAdmin(Config after) {
    if (!policies.guarded()) {
      return List.of();
    }
    var places = new TreeSet<>(policies.secondAdmin(after.policies));
    Map<List<String>, Led> led = after.led();
    led()
        .forEach((credential, before) -> {
          Led now = led.get(credential);
          if (now != null
              && !now.isFor(before)
              && !after
                  .policies
                  .guarding(now.tenant, now.app)
                  .containsAll(policies.guarding(before.tenant, before.app))) {
            places.add(before.place);
          }
        });
    // Who could name admins alone would soon be two.
    if (!signOn.equals(after.signOn)) {
      places.add("admin.oidc");
    }
    if (identities.issuers().stream().anyMatch(issuer -> after.identities.changes(issuer))) {
      places.add("jwt");
    }
    return List.copyOf(places);
  }

  /** To which app a credential leads, and where that is written. */
  private record Led(String tenant, String app, String place) {
    private boolean isFor(Led other) {
      return tenant.equals(other.tenant) && app.equals(other.app);
    }
  }

  private Map<List<String>, Led> led() {
    var all = new HashMap<List<String>, Led>();
    for (App app : apps) {
      String place = "tenants." + app.tenant + ".apps." + app.name;
      app.keys.forEach(key ->
          all.put(List.of("key", key.secret()), new Led(app.tenant, app.name, place + ".keys")));
      app.awsKeys.forEach(pair ->
          all.put(
              List.of("aws", pair.accessKey()),
              new Led(app.tenant, app.name, place + ".aws_keys")));
    }
    identities
        .clients()
        .forEach(client ->
            all.put(
                List.of("client", client.subject(), client.san()),
                new Led(client.tenant(), client.app(), "clients")));
    return all;
  }

  /** What it was read from beside its own file. */
  public List<Path> files() {
    return Stream.concat(
            Stream.concat(read.stream(), pricing.catalogue().stream()),
            strategies().flatMap(strategy -> strategy.files().stream()))
        .distinct()
        .toList();
  }

  /** Those of models, and of policies. */
  public Stream<Spec<Strategy>> strategies() {
    return Stream.concat(
        models.stream().map(ModelSpec::strategy),
        policies.preferences().stream().flatMap(rule -> rule.value().strategy().stream()));
  }

  /** The same at another address. */
  public Config at(Address other) {
    return placed(other, data);
  }

  /** The same with another data folder. */
  public Config in(Path folder) {
    return placed(listen, folder);
  }

  private Config placed(Address address, Path folder) {
    return new Config(
        address,
        node,
        folder,
        tls,
        identities,
        keks,
        signOn,
        approvals,
        limits,
        threads,
        storing,
        fetch,
        database,
        shared,
        otlp,
        logging,
        webhooks,
        alerts,
        judge,
        remotes,
        sims,
        models,
        breakers,
        probes,
        refusing,
        pricing,
        policies,
        apps,
        notYet,
        read);
  }

  /** Without what may be a secret. */
  @Override
  public String toString() {
    return "Config[" + listen + ", providers " + remotes.keySet() + " " + sims.keySet() + "]";
  }
}
