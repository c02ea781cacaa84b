package dev.lintel.config;

import dev.lintel.Admin;
import dev.lintel.AlertRule;
import dev.lintel.BreakerRule;
import dev.lintel.Capture;
import dev.lintel.DatabaseUrl;
import dev.lintel.Dimension;
import dev.lintel.Json;
import dev.lintel.Limits;
import dev.lintel.Logging;
import dev.lintel.Mode;
import dev.lintel.Notice;
import dev.lintel.Percent;
import dev.lintel.Provider;
import dev.lintel.Rate;
import dev.lintel.Reach;
import dev.lintel.Routing;
import dev.lintel.Spec;
import dev.lintel.Strategy;
import dev.lintel.Timeouts;
import dev.lintel.Webhook;
import dev.lintel.config.Shape.Alone;
import dev.lintel.config.Shape.Inline;
import dev.lintel.config.Shape.Key;
import dev.lintel.config.Shape.Kind;
import dev.lintel.config.Shape.Secret;
import java.math.BigDecimal;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import tools.jackson.databind.node.ObjectNode;

/**
 * The configuration file as it is written; each component is a key. What the words mean together is
 * the {@link Loader}'s to find out.
 */
record Document(
    Optional<Address> listen,
    Optional<Config.NodeName> node,
    Optional<Path> data,
    Optional<DatabaseUrl> database,
    Optional<Shared> shared,
    Optional<Otlp> otlp,
    Optional<Logs> logs,
    List<Hook> webhooks,
    Map<String, At<AlertEntry>> alerts,
    Optional<JudgeEntry> judge,
    Optional<Pem> tls,
    List<Jwt> jwt,
    List<Client> clients,
    List<Reach.Network> trustedProxies,
    @Secret List<At<String>> kek,
    Optional<Prologue.Vault> vault,
    Optional<AdminEntry> admin,
    Optional<Config.Sizes> limits,
    Optional<Config.Threads> threads,
    Optional<Storing.Idempotency> idempotency,
    Optional<Storing.FileBounds> files,
    Optional<Storing.Batching> batches,
    Optional<Storing.Recording> records,
    Optional<Fetch> fetch,
    Map<String, At<Entry>> providers,
    Map<String, At<ModelEntry>> models,
    Map<String, At<PriceEntry>> prices,
    Optional<At<Path>> catalogue,
    Optional<UnknownPrice> unknownPrice,
    Map<String, At<PolicyEntry>> policies,
    Optional<At<String>> policy,
    Map<String, Tenant> tenants) {

  Document {
    tenants.keySet().forEach(name -> checkName("tenant", name));
  }

  /** Tenants and apps are told apart by their names with signs between them. */
  private static void checkName(String noun, String name) {
    if (name.isBlank()
        || name.chars()
            .anyMatch(c -> c == '/' || c == '#' || c == '|' || Character.isISOControl(c))) {
      throw new IllegalArgumentException(
          "must not have " + noun + "s whose names are blank, or have one of / # | in them");
    }
  }

  /** Where nodes share their counts. */
  record Shared(@Alone At<String> url, Optional<Config.WhenAway> whenAway) {}

  /** Where spans go, and of which calls. */
  record Otlp(
      @Alone @Secret At<URI> url,
      @Secret Map<String, At<String>> headers,
      Optional<Percent> sample,
      Optional<Boolean> errors) {}

  /** Which model judges answers, of which calls, and by what. */
  record JudgeEntry(
      @Alone At<String> model,
      Optional<At<Percent>> sample,
      Optional<At<String>> rubric,
      Optional<At<Count>> scale,
      List<At<String>> models,
      Optional<At<BigDecimal>> maxCostUsd) {}

  /** How much is said, and of which calls. */
  record Logs(
      @Alone Optional<Logging.Level> level,
      Map<String, At<Logging.Level>> levels,
      Optional<Percent> calls,
      Optional<Logging.Form> form) {
    Logs {
      if (levels.size() > Logging.MOST) {
        throw new IllegalArgumentException(
            "must have " + Logging.MOST + " 'levels' of single loggers at most");
      }
    }
  }

  /** Where links in requests may lead beside public addresses. */
  record Fetch(List<Reach.Network> allow) {}

  /** A certificate with its key, as PEM files, and what is asked of clients. */
  record Pem(
      At<Path> certificate,
      At<Path> key,
      Optional<At<Path>> clientCa,
      Optional<At<ClientAuth>> clientAuth) {}

  enum ClientAuth {
    REQUEST,
    REQUIRE
  }

  /** An issuer of tokens; each value knows its place. */
  record Jwt(
      At<URI> issuer,
      List<At<String>> audience,
      Optional<At<URI>> jwks,
      List<At<String>> algorithms,
      Optional<Claims> claims,
      Optional<At<String>> tenant,
      Optional<At<String>> app,
      Map<String, TokenGrant> roles,
      boolean insecure) {}

  /** In which claims of a token stands what. */
  record Claims(
      Optional<At<String>> tenant,
      Optional<At<String>> app,
      Optional<At<String>> user,
      Optional<At<String>> roles) {}

  /** What a word of a token makes of people; a tenant admin without tenants is one of its own. */
  record TokenGrant(@Alone Admin.Role role, Set<String> tenants) {
    TokenGrant {
      if (role != Admin.Role.TENANT_ADMIN && !tenants.isEmpty()) {
        throw new IllegalArgumentException("may name 'tenants' for the role tenant_admin only");
      }
    }
  }

  /** Whom a certificate stands for. */
  record Client(
      Optional<At<String>> subject, Optional<At<String>> san, At<String> tenant, At<String> app) {}

  /** Where people hear of what happens. */
  record Hook(
      Optional<At<String>> name,
      Optional<Webhook.Form> kind,
      @Secret At<URI> url,
      Set<Notice.Kind> events,
      @Secret Optional<String> secret,
      Optional<At<String>> user,
      Optional<At<String>> from,
      List<At<String>> to) {}

  /** What is looked at: a function of a metric, or the usual of some. */
  enum Watch {
    COST_PER_HOUR,
    ERROR_RATE,
    LATENCY,
    FIRST_TOKEN,
    BUDGET_SPENT,
    BREAKER_OPEN,
    STORE_AWAY,
    RECORDS_LOST,
    AUDIT_BROKEN,
    VALUE,
    RATE,
    INCREASE,
    RATIO,
    QUANTILE
  }

  /** What people are told of as long as it holds; each value knows its place. */
  record AlertEntry(
      @Alone At<Watch> watch,
      Optional<At<String>> metric,
      Map<String, At<Set<String>>> labels,
      Optional<List<String>> by,
      Optional<At<Level>> above,
      Optional<At<Level>> below,
      Optional<At<Percent>> quantile,
      Optional<At<Duration>> over,
      Optional<Count> least,
      @Key("for") Optional<Duration> lasting,
      Optional<AlertRule.Severity> severity,
      List<At<String>> to,
      Optional<At<Duration>> repeat,
      Optional<Boolean> once,
      Optional<Boolean> silent) {}

  /** Who may administer, beside who has an admin key. */
  record AdminEntry(Optional<Oidc> oidc, Optional<Duration> approvals) {
    AdminEntry {
      if (approvals.filter(time -> time.compareTo(Duration.ofMinutes(1)) < 0).isPresent()) {
        throw new IllegalArgumentException("must be a minute or more in 'approvals'");
      }
    }
  }

  /** Who says who people are, and which of their groups administer. */
  record Oidc(
      At<URI> issuer,
      String clientId,
      @Secret Optional<String> clientSecret,
      Set<String> audiences,
      Optional<String> rolesClaim,
      Map<String, Grant> mapping,
      Optional<URI> redirect,
      Optional<String> scopes,
      Optional<URI> jwks) {}

  record Grant(@Alone Admin.Role role, Set<String> tenants) {
    Grant {
      if ((role == Admin.Role.TENANT_ADMIN) == tenants.isEmpty()) {
        throw new IllegalArgumentException(
            "must name 'tenants' for the role tenant_admin, and for no other");
      }
    }
  }

  /** What a {@code providers} entry may be. */
  sealed interface Entry {
    Optional<At<String>> key();

    List<At<String>> keys();

    Optional<AccountLimits> limits();

    Optional<Breaker> breaker();

    /** How often one that rests is asked for a sign of life; where that costs nothing. */
    default Optional<At<Duration>> probe() {
      return Optional.empty();
    }
  }

  /** A provider at the other end of a network. */
  sealed interface Outside extends Entry {
    Linked linked();

    @Override
    default Optional<At<String>> key() {
      return linked().key();
    }

    @Override
    default List<At<String>> keys() {
      return linked().keys();
    }

    @Override
    default Optional<AccountLimits> limits() {
      return linked().limits();
    }

    @Override
    default Optional<Breaker> breaker() {
      return linked().breaker();
    }

    @Override
    default Optional<At<Duration>> probe() {
      return linked().probe();
    }
  }

  /** What every one of those may be told. */
  record Linked(
      Optional<At<URI>> url,
      @Secret Optional<At<String>> key,
      @Secret List<At<String>> keys,
      @Secret Map<String, At<String>> headers,
      Optional<At<URI>> proxy,
      Optional<Tls> tls,
      boolean http2,
      Set<String> drop,
      Map<String, String> rename,
      Optional<Boolean> streamUsage,
      Optional<At<BigDecimal>> priceFactor,
      Optional<AccountLimits> limits,
      Optional<Breaker> breaker,
      Optional<At<Duration>> probe) {}

  /** One that speaks as a vendor does, or is one. */
  record Remote(
      Optional<At<String>> kind,
      Optional<Provider.Auth> auth,
      Optional<At<Batches>> batches,
      @Inline Linked linked)
      implements Outside {}

  /** Who works off a batch of requests for a provider. */
  enum Batches {
    /** The provider, in batches of its own. */
    NATIVE,
    /** The gateway, a call a request. */
    OWN
  }

  /** Azure OpenAI. */
  @Kind("azure")
  record Azure(
      String kind,
      Optional<String> apiVersion,
      Map<String, String> deployments,
      Optional<Entra> entra,
      @Inline Linked linked)
      implements Outside {}

  /** An application of Microsoft Entra. */
  record Entra(
      At<String> tenant, At<String> client, @Secret At<String> secret, Optional<At<URI>> url) {}

  /** Google's Vertex AI. */
  @Kind("vertex")
  record Vertex(
      String kind,
      Optional<At<String>> project,
      Optional<At<String>> location,
      @Secret Optional<At<String>> credentials,
      @Inline Linked linked)
      implements Outside {}

  /** AWS Bedrock. */
  @Kind("bedrock")
  record Bedrock(
      String kind,
      Optional<At<String>> region,
      Optional<At<String>> accessKey,
      @Secret Optional<At<String>> secretKey,
      @Secret Optional<At<String>> sessionToken,
      @Secret Optional<At<String>> token,
      Optional<At<String>> profile,
      @Inline Linked linked)
      implements Outside {}

  record Tls(
      Optional<At<Path>> ca,
      Optional<At<Path>> certificate,
      Optional<At<Path>> key,
      Optional<Boolean> verify) {
    Tls {
      if (certificate.isPresent() != key.isPresent()) {
        throw new IllegalArgumentException("needs both 'certificate' and 'key', or neither");
      }
    }
  }

  /** The simulated provider. */
  @Kind("sim")
  record Simulated(
      String kind,
      @Secret Optional<At<String>> key,
      @Secret List<At<String>> keys,
      Optional<At<String>> dialect,
      Optional<Duration> ttft,
      Optional<BigDecimal> tokensPerSecond,
      Optional<Long> tokens,
      Optional<Long> inputTokens,
      Optional<Long> cacheReadTokens,
      Optional<Long> cacheWriteTokens,
      Optional<Long> outputTokens,
      Optional<Long> reasoningTokens,
      Optional<At<String>> fault,
      Optional<BigDecimal> faultShare,
      Optional<Duration> retryAfter,
      Optional<Long> calls,
      Optional<Boolean> interleave,
      Optional<Boolean> preface,
      Optional<Boolean> image,
      Optional<Boolean> sealed,
      Optional<Boolean> verify,
      Optional<String> stop,
      Optional<AccountLimits> limits,
      Optional<Breaker> breaker)
      implements Entry {

    /** What was set of the simulator's own options, by their names there, which are the keys. */
    Map<String, String> options() {
      var set = new TreeMap<String, String>();
      Shape.given(this)
          .forEach((key, value) -> {
            switch (value) {
              case Duration time -> set.put(key, time.toMillis() + "ms");
              case BigDecimal number -> set.put(key, number.toPlainString());
              case Long number -> set.put(key, number.toString());
              case Boolean truth -> set.put(key, truth.toString());
              case String word -> set.put(key, word);
              default -> {}
            }
          });
      fault.flatMap(At::value).ifPresent(word -> set.put("fault", word));
      return set;
    }
  }

  record ModelEntry(
      @Alone At<List<TargetEntry>> targets,
      Optional<Spec<Strategy>> strategy,
      Optional<At<Timeouts>> timeouts,
      Optional<RetryEntry> retry,
      Optional<Sticky> sticky,
      Optional<Breaker> breaker,
      Optional<Hedge> hedge,
      boolean coalesce,
      Optional<Queue> queue,
      Map<Routing.Cause, List<At<String>>> fallback,
      Optional<At<Canary>> canary,
      Optional<At<Map<String, At<Variant>>>> variants,
      Optional<Shadow> shadow,
      List<Rule> rules,
      Optional<At<BatchEntry>> batch) {}

  /** How concurrent requests for vectors are merged. */
  record BatchEntry(Duration window, Count size) {
    static final BatchEntry USUAL = new BatchEntry(Duration.ofMillis(5), new Count(64));
  }

  /** How a conversation stays where it was. */
  record Sticky(List<Mark> on, @Key("for") Duration time) {
    static final Sticky USUAL =
        new Sticky(
            List.of(new Mark("prompt_cache_key"), new Mark("session"), Mark.USER),
            Duration.ofMinutes(5));

    Sticky {
      if (on.isEmpty()) {
        throw new IllegalArgumentException("must say in 'on' by what sessions are told apart");
      }
      longer("for", time);
    }
  }

  /** When somebody who fails is left alone. */
  record Breaker(
      Optional<Count> failures,
      Optional<Duration> window,
      Optional<Duration> open,
      Optional<Count> probes,
      Optional<WhenAllOpen> whenAllOpen) {
    Breaker {
      window.ifPresent(given -> longer("window", given));
      open.ifPresent(given -> longer("open", given));
    }

    BreakerRule rule() {
      return new BreakerRule(
          failures.map(Count::value).orElse(0),
          window.orElse(Duration.ZERO),
          open.orElse(Duration.ZERO),
          probes.map(Count::value).orElse(0));
    }
  }

  private static void longer(String key, Duration time) {
    if (time.isZero()) {
      throw new IllegalArgumentException("must have a time longer than 0 as '" + key + "'");
    }
  }

  /** What is done where everybody is left alone. */
  enum WhenAllOpen {
    TRY,
    REFUSE
  }

  record Hedge(After after, Optional<Percent> share) {
    Hedge {
      after.time().ifPresent(given -> longer("after", given));
    }
  }

  record Queue(Count size, @Key("wait") Duration longest) {
    static final Queue USUAL = new Queue(new Count(100), Duration.ofSeconds(5));

    Queue {
      longer("wait", longest);
    }
  }

  record Canary(
      At<List<TargetEntry>> to,
      At<Percent> percent,
      Optional<Mark> on,
      Optional<StopIf> stopIf,
      Optional<Duration> over) {}

  record StopIf(Optional<Percent> errors, Optional<Duration> p95) {
    StopIf {
      if (errors.isEmpty() && p95.isEmpty()) {
        throw new IllegalArgumentException("needs the key 'errors' or the key 'p95'");
      }
      p95.ifPresent(given -> longer("p95", given));
    }
  }

  /** One of several; of the key {@code on}, by what callers are told apart. */
  record Variant(
      @Alone Optional<String> on, Optional<Percent> percent, Optional<At<List<TargetEntry>>> to) {}

  record Shadow(At<List<TargetEntry>> to, At<Percent> percent) {}

  record Rule(@Key("if") At<String> condition, At<List<TargetEntry>> use) {}

  record TargetEntry(
      @Alone At<String> to,
      Optional<Count> weight,
      Optional<String> tier,
      Optional<String> region,
      Optional<Grade> quality,
      Optional<String> family,
      Optional<Tokens> context,
      Optional<Count> concurrent) {}

  record RetryEntry(Optional<Count> attempts, Optional<Span> backoff) {}

  @Shape.Owner
  record Tenant(
      Optional<At<String>> residency,
      Optional<At<String>> policy,
      List<At<Limit>> limits,
      List<At<Budget>> budget,
      Optional<UnknownPrice> unknownPrice,
      Map<String, AppEntry> apps) {
    Tenant {
      apps.keySet().forEach(name -> checkName("app", name));
    }
  }

  @Shape.Owner
  record AppEntry(
      @Secret List<At<String>> keys,
      List<AwsPair> awsKeys,
      Optional<List<At<String>>> models,
      boolean ownKeys,
      Optional<At<String>> residency,
      boolean explain,
      Optional<At<String>> policy,
      List<At<Limit>> limits,
      List<At<Budget>> budget,
      Map<String, UseCase> useCases,
      Optional<UnknownPrice> unknownPrice) {}

  record UseCase(Optional<At<String>> policy, List<At<Limit>> limits, List<At<Budget>> budget) {}

  /** What calls may do; each rule in the policy's mode where it has none of its own. */
  record PolicyEntry(
      Optional<Mode> mode,
      Optional<Names> models,
      Optional<Names> providers,
      Optional<Names> endpoints,
      Optional<Names> tools,
      Optional<Required> require,
      Map<String, At<String>> force,
      Optional<MostTokens> maxTokens,
      Map<String, At<DataClass>> dataClasses,
      Optional<At<Preferred>> routing,
      Optional<At<Keep>> retention,
      Optional<At<Capturing>> capture,
      Optional<Training> training,
      Optional<Percent> traces,
      List<At<Limit>> limits,
      List<At<Budget>> budgets,
      Optional<Approval> approval) {}

  record Names(
      @Alone Optional<List<At<String>>> allow, List<At<String>> deny, Optional<Mode> mode) {
    Names {
      if (allow.isEmpty() && deny.isEmpty()) {
        throw new IllegalArgumentException("needs the key 'allow' or the key 'deny'");
      }
    }
  }

  record Required(@Alone List<At<String>> terms, Optional<Mode> mode) {}

  record MostTokens(@Alone Tokens most, Optional<Mode> mode) {}

  /** Where data may go; its word alone says that it may go nowhere. */
  record DataClass(
      @Alone Optional<At<String>> then, List<At<String>> regions, List<At<String>> providers) {}

  /** Of whom calls are asked rather than of others. */
  record Preferred(
      Optional<At<Spec<Strategy>>> strategy,
      Map<String, At<Count>> weights,
      List<At<String>> order,
      Optional<At<Some>> prefer,
      Optional<At<Some>> avoid,
      Optional<Mode> mode) {
    Preferred {
      if (strategy.isEmpty() && order.isEmpty() && prefer.isEmpty() && avoid.isEmpty()) {
        throw new IllegalArgumentException(
            "needs one of the keys 'strategy', 'order', 'prefer' and 'avoid'");
      }
      if (strategy.isEmpty() && !weights.isEmpty()) {
        throw new IllegalArgumentException("needs the key 'strategy' for its 'weights'");
      }
    }
  }

  /** How long what calls leave behind is kept. */
  record Keep(
      @Alone Optional<At<Duration>> records,
      Optional<At<Duration>> replies,
      Optional<At<Duration>> files,
      Optional<Mode> mode) {
    Keep {
      if (records.isEmpty() && replies.isEmpty() && files.isEmpty()) {
        throw new IllegalArgumentException(
            "needs one of the keys 'records', 'replies' and 'files'");
      }
    }
  }

  /** How much of what calls say is kept, and how long. */
  record Capturing(@Alone Capture.Level level, Optional<At<Duration>> keep, Optional<Mode> mode) {}

  /** Whether a model may be trained with what calls say. */
  enum Training {
    ALLOWED,
    OPTED_OUT
  }

  /** Targets, by their own names or their providers', or by where they are. */
  record Some(@Alone List<At<String>> targets, List<String> regions) {
    Some {
      if (targets.isEmpty() && regions.isEmpty()) {
        throw new IllegalArgumentException("needs the key 'targets' or the key 'regions'");
      }
    }
  }

  /** Who has to agree to a change beside the admin who makes it. */
  enum Approval {
    SECOND_ADMIN
  }

  /** What becomes of a call whose price nobody knows. */
  enum UnknownPrice {
    ALLOW,
    REFUSE
  }

  /** USD for each. */
  record Units(
      Optional<BigDecimal> image,
      Optional<BigDecimal> second,
      Optional<BigDecimal> character,
      Optional<BigDecimal> page,
      Optional<BigDecimal> search) {}

  /**
   * What a model costs, in USD per million tokens; a tier of service and a step of the prompt's
   * length are written the same way.
   */
  record PriceEntry(
      Optional<BigDecimal> input,
      Optional<BigDecimal> output,
      Optional<BigDecimal> cacheRead,
      Optional<BigDecimal> cacheWrite,
      @Key("cache_write_1h") Optional<BigDecimal> cacheWriteHour,
      Optional<BigDecimal> reasoning,
      Optional<BigDecimal> audioInput,
      Optional<BigDecimal> audioOutput,
      Optional<BigDecimal> imageInput,
      Optional<BigDecimal> imageOutput,
      Optional<Units> units,
      Optional<PriceEntry> batch,
      Optional<PriceEntry> flex,
      Optional<PriceEntry> priority,
      @Key("above_100k") Optional<PriceEntry> above100k,
      @Key("above_128k") Optional<PriceEntry> above128k,
      @Key("above_200k") Optional<PriceEntry> above200k,
      @Key("above_256k") Optional<PriceEntry> above256k,
      @Key("above_272k") Optional<PriceEntry> above272k,
      @Key("above_512k") Optional<PriceEntry> above512k) {
    PriceEntry {
      boolean nested =
          Stream.of(above100k, above128k, above200k, above256k, above272k, above512k)
                  .flatMap(Optional::stream)
                  .anyMatch(step -> step.tiered() || step.stepped())
              || Stream.of(batch, flex, priority)
                  .flatMap(Optional::stream)
                  .anyMatch(PriceEntry::tiered);
      if (nested) {
        throw new IllegalArgumentException(
            "may have tiers (batch, flex, priority), each with steps (above_200k), and nothing"
                + " below them");
      }
    }

    private boolean tiered() {
      return Stream.of(batch, flex, priority).anyMatch(Optional::isPresent);
    }

    private boolean stepped() {
      return Stream.of(above100k, above128k, above200k, above256k, above272k, above512k)
          .anyMatch(Optional::isPresent);
    }

    /** In the words of the file. */
    ObjectNode json() {
      return json(this);
    }

    private static ObjectNode json(Record rates) {
      ObjectNode node = Json.object();
      Shape.given(rates)
          .forEach((key, value) -> {
            if (value instanceof Record inner) {
              node.set(key, json(inner));
            } else {
              node.put(key, ((BigDecimal) value).toPlainString());
            }
          });
      return node;
    }
  }

  /** Keys as AWS's SDKs want them. */
  record AwsPair(At<String> id, @Secret At<String> secret) {}

  /** Of callers: each of its rates, and how many at once. */
  record Limit(
      List<At<Rate>> requests,
      List<At<Rate>> tokens,
      Optional<Count> concurrent,
      List<Dimension> per,
      List<At<String>> only,
      Optional<Mode> mode) {
    Limit {
      if (requests.isEmpty() && tokens.isEmpty() && concurrent.isEmpty()) {
        throw new IllegalArgumentException(
            "needs one of the keys 'requests', 'tokens' and 'concurrent'");
      }
      above0(values(requests), values(tokens));
    }

    static List<Rate> values(List<At<Rate>> written) {
      return written.stream().flatMap(at -> at.value().stream()).toList();
    }
  }

  /** Of callers: an amount for its window, or amounts for several. */
  record Budget(
      Optional<At<Amount>> minute,
      Optional<At<Amount>> hour,
      Optional<At<Amount>> day,
      Optional<At<Amount>> week,
      Optional<At<Amount>> month,
      Optional<At<Amount>> total,
      Optional<At<Amount>> amount,
      Optional<At<Window>> window,
      Optional<At<String>> zone,
      List<Dimension> per,
      List<At<String>> only,
      List<Percent> thresholds,
      Optional<Mode> mode,
      Optional<AtLimit> atLimit) {
    Budget {
      if (amount.isPresent() != window.isPresent()) {
        throw new IllegalArgumentException("needs both 'amount' and 'window', or neither");
      }
      boolean several =
          Stream.of(minute, hour, day, week, month, total).anyMatch(Optional::isPresent);
      if (several == amount.isPresent()) {
        throw new IllegalArgumentException(
            "needs either 'amount' with its 'window', or windows with their amounts: day: 20 USD");
      }
    }

    /** By their windows. */
    Map<Window, Amount> amounts() {
      var amounts = new EnumMap<Window, Amount>(Window.class);
      put(amounts, Window.MINUTE, minute);
      put(amounts, Window.HOUR, hour);
      put(amounts, Window.DAY, day);
      put(amounts, Window.WEEK, week);
      put(amounts, Window.MONTH, month);
      put(amounts, Window.TOTAL, total);
      window.flatMap(At::value).ifPresent(given -> put(amounts, given, amount));
      return amounts;
    }

    private static void put(
        Map<Window, Amount> amounts, Window window, Optional<At<Amount>> written) {
      written.flatMap(At::value).ifPresent(amount -> amounts.put(window, amount));
    }
  }

  /** What is done where nothing is left. */
  record AtLimit(@Alone Optional<Then> then, List<At<String>> downgrade, Optional<String> answer) {}

  /** What is done where nothing cheaper is left, either. */
  enum Then {
    REFUSE,
    APPROVE
  }

  /** Of a provider's account. */
  record AccountLimits(
      List<Rate> requests,
      List<Rate> tokens,
      Optional<Count> concurrent,
      Optional<Count> concurrentPerKey) {
    AccountLimits {
      above0(requests, tokens);
    }

    Limits known() {
      return new Limits(
          requests,
          tokens,
          concurrent.map(Count::value).orElse(0),
          concurrentPerKey.map(Count::value).orElse(0));
    }
  }

  private static void above0(List<Rate> requests, List<Rate> tokens) {
    if (Stream.concat(requests.stream(), tokens.stream()).anyMatch(rate -> rate.count() == 0)) {
      throw new IllegalArgumentException("must have rates above 0");
    }
  }

  /** How long a budget lasts. */
  enum Window {
    MINUTE,
    HOUR,
    DAY,
    WEEK,
    MONTH,
    TOTAL
  }
}
