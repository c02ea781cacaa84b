package dev.lintel.config;

import dev.lintel.AlertRule;
import dev.lintel.AlertRule.Figure;
import dev.lintel.AlertRule.Function;
import dev.lintel.AlertRule.Match;
import dev.lintel.AlertRule.Unit;
import dev.lintel.Notice;
import dev.lintel.Percent;
import dev.lintel.Webhook;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Who hears of what, and by which rules. */
final class Alerting {
  private static final Duration SHORTEST = Duration.ofSeconds(10);
  private static final Duration LONGEST = Duration.ofDays(1);
  private static final Duration REPEAT = Duration.ofHours(4);
  private static final Pattern METRIC = Pattern.compile("[a-zA-Z_:][a-zA-Z0-9_:]{0,127}");
  private static final Pattern ADDRESS = Pattern.compile("[!-;=?A-~]+@[A-Za-z0-9.\\-]+");

  /** What is no fault of callers. */
  private static final Set<String> ERRORS =
      Set.of(
          "upstream_rate_limited",
          "upstream_overloaded",
          "upstream_unavailable",
          "upstream_error",
          "timeout",
          "unavailable",
          "internal");

  private final Faults faults;
  private final Document written;

  Alerting(Faults faults, Document written) {
    this.faults = faults;
    this.written = written;
  }

  List<Webhook> webhooks() {
    var all = new ArrayList<Webhook>();
    var names = new TreeSet<String>();
    for (Document.Hook hook : written.webhooks()) {
      hook.name()
          .filter(name -> name.value().isPresent() && !names.add(name.value().get()))
          .ifPresent(name -> faults.add(name, "is the name of another one already"));
      Webhook.Form form = hook.kind().orElse(Webhook.Form.GENERIC);
      Optional<Webhook.Mail> mail = mail(form, hook);
      hook.url()
          .value()
          .filter(url -> leads(form, hook, url))
          .ifPresent(url ->
              all.add(
                  new Webhook(
                      hook.name().flatMap(At::value),
                      form,
                      url,
                      hook.events().isEmpty() ? EnumSet.allOf(Notice.Kind.class) : hook.events(),
                      hook.secret().filter(secret -> !secret.isEmpty()),
                      mail)));
    }
    return all;
  }

  private boolean leads(Webhook.Form form, Document.Hook hook, java.net.URI url) {
    boolean mail = form == Webhook.Form.EMAIL;
    Set<String> schemes = mail ? Set.of("smtp", "smtps") : Set.of("http", "https");
    if (schemes.contains(url.getScheme()) && url.getHost() != null && url.getUserInfo() == null) {
      return true;
    }
    faults.add(
        hook.url(),
        "must be an address such as "
            + (mail ? "smtp://mail.example.com:587" : "https://hooks.example.com/lintel"));
    return false;
  }

  private Optional<Webhook.Mail> mail(Webhook.Form form, Document.Hook hook) {
    if (form != Webhook.Form.EMAIL) {
      hook.user().ifPresent(at -> faults.add(at, "is of the kind email only"));
      hook.from().ifPresent(at -> faults.add(at, "is of the kind email only"));
      hook.to().forEach(at -> faults.add(at, "is of the kind email only"));
      return Optional.empty();
    }
    if (hook.from().isEmpty() || hook.to().isEmpty()) {
      faults.add(hook.url(), "needs 'from' and 'to' beside it, for it leads to people's mail");
    }
    if (hook.user().isPresent() && hook.secret().filter(text -> !text.isEmpty()).isEmpty()) {
      faults.add(hook.user().get(), "needs the password as 'secret' beside it");
    }
    var to = new ArrayList<String>();
    hook.to().forEach(at -> address(at).ifPresent(to::add));
    return Optional.of(
        new Webhook.Mail(
            hook.user().flatMap(At::value), hook.from().flatMap(this::address).orElse(""), to));
  }

  private Optional<String> address(At<String> at) {
    if (at.value().filter(text -> !ADDRESS.matcher(text).matches()).isPresent()) {
      faults.add(at, "must be an address such as lintel@example.com");
    }
    return at.value();
  }

  List<AlertRule> rules() {
    Set<String> receivers =
        written.webhooks().stream()
            .flatMap(hook -> hook.name().stream())
            .flatMap(name -> name.value().stream())
            .collect(Collectors.toCollection(TreeSet::new));
    var rules = new ArrayList<AlertRule>();
    written
        .alerts()
        .forEach((name, at) ->
            at.value()
                .ifPresent(entry -> {
                  for (At<String> to : entry.to()) {
                    to.value()
                        .filter(receiver -> !receivers.contains(receiver))
                        .ifPresent(receiver ->
                            faults.add(
                                to,
                                "is no name of 'webhooks'" + Closest.hint(receiver, receivers)));
                  }
                  entry.watch().value().ifPresent(watch -> rules.add(rule(name, at, entry, watch)));
                }));
    return rules;
  }

  /** What a rule is where it does not say so itself. */
  private record Usual(
      Function function,
      String metric,
      Map<String, Match> only,
      Optional<List<String>> by,
      Duration over,
      Unit unit,
      Optional<Double> bound,
      boolean above,
      boolean shared,
      String what) {}

  private static Usual usual(Document.Watch watch, double quantile) {
    Duration soon = Duration.ofMinutes(5);
    String percentile = Unit.NUMBER.text(quantile * 100) + "th percentile of ";
    Optional<List<String>> all = Optional.of(List.of());
    Optional<List<String>> model = Optional.of(List.of("model"));
    return switch (watch) {
      case COST_PER_HOUR ->
          new Usual(
              Function.INCREASE,
              "lintel_cost_usd_total",
              Map.of(),
              all,
              Duration.ofHours(1),
              Unit.USD,
              Optional.empty(),
              true,
              false,
              "cost");
      case ERROR_RATE ->
          new Usual(
              Function.RATIO,
              "lintel_calls_total",
              Map.of("kind", new Match(false, ERRORS)),
              model,
              soon,
              Unit.SHARE,
              Optional.of(0.05),
              true,
              false,
              "error rate");
      case LATENCY ->
          new Usual(
              Function.QUANTILE,
              "lintel_call_duration_seconds",
              Map.of(),
              model,
              soon,
              Unit.SECONDS,
              Optional.empty(),
              true,
              false,
              percentile + "latency");
      case FIRST_TOKEN ->
          new Usual(
              Function.QUANTILE,
              "lintel_time_to_first_token_seconds",
              Map.of(),
              model,
              soon,
              Unit.SECONDS,
              Optional.empty(),
              true,
              false,
              percentile + "time to first token");
      // What is spent is what is not left.
      case BUDGET_SPENT ->
          new Usual(
              Function.VALUE,
              "lintel_budget_left_ratio",
              Map.of(),
              Optional.empty(),
              soon,
              Unit.SHARE,
              Optional.of(0.9),
              true,
              true,
              "what is left of a budget");
      case BREAKER_OPEN ->
          new Usual(
              Function.VALUE,
              "lintel_provider_state",
              Map.of("state", new Match(false, Set.of("cooling", "half_open"))),
              Optional.of(List.of("provider")),
              soon,
              Unit.NUMBER,
              Optional.of(0.0),
              true,
              true,
              "open breakers");
      case STORE_AWAY ->
          new Usual(
              Function.VALUE,
              "lintel_footing_well",
              Map.of("name", new Match(false, Set.of("database", "shared"))),
              Optional.empty(),
              soon,
              Unit.NUMBER,
              Optional.of(1.0),
              false,
              true,
              "presence");
      case RECORDS_LOST ->
          new Usual(
              Function.INCREASE,
              "lintel_records_lost_total",
              Map.of(),
              all,
              Duration.ofMinutes(10),
              Unit.NUMBER,
              Optional.of(0.0),
              true,
              false,
              "lost records");
      case AUDIT_BROKEN ->
          new Usual(
              Function.VALUE,
              "lintel_footing_well",
              Map.of("name", new Match(false, Set.of("audit"))),
              Optional.empty(),
              soon,
              Unit.NUMBER,
              Optional.of(1.0),
              false,
              false,
              "soundness of the audit chain");
      case VALUE -> generic(Function.VALUE, Optional.empty(), "value");
      case RATE -> generic(Function.RATE, all, "growth a second");
      case INCREASE -> generic(Function.INCREASE, all, "growth");
      case RATIO -> generic(Function.RATIO, all, "share");
      case QUANTILE -> generic(Function.QUANTILE, all, percentile.strip());
    };
  }

  private static Usual generic(Function function, Optional<List<String>> by, String what) {
    return new Usual(
        function,
        "",
        Map.of(),
        by,
        Duration.ofMinutes(5),
        Unit.NUMBER,
        Optional.empty(),
        true,
        false,
        what);
  }

  private AlertRule rule(String name, At<?> at, Document.AlertEntry entry, Document.Watch watch) {
    double quantile = entry.quantile().flatMap(At::value).map(Percent::share).orElse(0.95);
    Usual usual = usual(watch, quantile);
    if (usual.function != Function.QUANTILE) {
      entry.quantile().ifPresent(given -> faults.add(given, "is of quantiles only"));
    }
    Duration over = entry.over().flatMap(At::value).orElse(usual.over);
    entry
        .over()
        .filter(given -> over.compareTo(SHORTEST) < 0 || over.compareTo(LONGEST) > 0)
        .ifPresent(given -> faults.add(given, "must be 10s to 1d"));
    Duration repeat = entry.repeat().flatMap(At::value).orElse(REPEAT);
    entry
        .repeat()
        .filter(given -> repeat.compareTo(Duration.ofMinutes(1)) < 0)
        .ifPresent(given -> faults.add(given, "must be a minute or more"));
    var only = new LinkedHashMap<>(usual.only);
    entry
        .labels()
        .forEach((label, values) ->
            values.value().ifPresent(given -> only.put(label, match(values, given))));
    String metric = metric(at, entry, usual);
    return new AlertRule(
        name,
        usual.metric.isEmpty() ? usual.what + " of " + metric : usual.what,
        new Figure(
            usual.function,
            metric,
            only,
            entry.by().or(() -> usual.by),
            over,
            quantile,
            entry.least().map(Count::value).orElse(20)),
        bound(at, entry, watch, usual),
        entry.lasting().orElse(Duration.ZERO),
        entry.severity().orElse(AlertRule.Severity.WARNING),
        entry.to().stream().flatMap(to -> to.value().stream()).collect(Collectors.toSet()),
        repeat,
        entry.once().orElse(usual.shared),
        entry.silent().orElse(false));
  }

  private String metric(At<?> at, Document.AlertEntry entry, Usual usual) {
    if (!usual.metric.isEmpty()) {
      entry
          .metric()
          .ifPresent(given ->
              faults.add(given, "must be left out, where 'watch' is no function of a metric"));
      return usual.metric;
    }
    if (entry.metric().isEmpty()) {
      faults.add(at, "needs the key 'metric', such as lintel_queue_length");
    }
    Optional<String> metric = entry.metric().flatMap(At::value);
    if (metric.filter(text -> !METRIC.matcher(text).matches()).isPresent()) {
      faults.add(entry.metric().get(), "must be the name of a metric, such as lintel_queue_length");
    }
    return metric.orElse("");
  }

  /** {@code !ok} is everything but that; all of them, or none. */
  private Match match(At<?> at, Set<String> given) {
    long not = given.stream().filter(value -> value.startsWith("!")).count();
    if (not > 0 && not < given.size()) {
      faults.add(at, "must have a ! before each of its values, or before none");
    }
    return new Match(
        not > 0,
        given.stream()
            .map(value -> value.startsWith("!") ? value.substring(1) : value)
            .collect(Collectors.toSet()));
  }

  private AlertRule.Bound bound(
      At<?> at, Document.AlertEntry entry, Document.Watch watch, Usual usual) {
    boolean spent = watch == Document.Watch.BUDGET_SPENT;
    if (entry.above().isPresent() && entry.below().isPresent()) {
      faults.add(entry.below().get(), "cannot stand beside 'above'");
    }
    Optional<At<Level>> given = entry.above().or(entry::below);
    if (given.isEmpty() && usual.bound.isEmpty()) {
      faults.add(at, "needs the key 'above' or 'below'");
    }
    Optional<Level> level = given.flatMap(At::value);
    boolean generic = usual.metric.isEmpty();
    Unit unit =
        level
            .map(Level::unit)
            .filter(written -> generic && written != Unit.NUMBER)
            .orElse(usual.function == Function.RATIO ? Unit.SHARE : usual.unit);
    if (level
        .filter(written -> written.unit() != Unit.NUMBER && written.unit() != unit)
        .isPresent()) {
      faults.add(
          given.get(),
          "must be a number"
              + switch (unit) {
                case NUMBER -> ", such as 3";
                case SHARE -> " or a share, such as 5%";
                case SECONDS -> " of seconds or a time, such as 20s";
                case USD -> " of USD, such as 50 USD";
              });
    }
    double value = level.map(Level::value).orElse(usual.bound.orElse(0.0));
    boolean above = given.isEmpty() ? usual.above : entry.above().isPresent();
    return spent
        ? new AlertRule.Bound(!above, 1 - value, unit)
        : new AlertRule.Bound(above, value, unit);
  }
}
