package dev.lintel.report;

import static dev.lintel.report.Notes.usd;

import dev.lintel.Costs;
import dev.lintel.Costs.Figure;
import dev.lintel.Costs.Sums;
import dev.lintel.Json;
import dev.lintel.Measure;
import dev.lintel.Opinion;
import dev.lintel.Opinions;
import dev.lintel.Price;
import dev.lintel.Usage;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import tools.jackson.databind.node.ObjectNode;

/**
 * What would have cost less in some days, each with its figures and how they are made. Of what the
 * records do not tell nothing is guessed: that stands under {@code unknown}.
 */
public final class Advice {
  private static final List<String> CALLER = List.of("tenant", "app", "use_case");

  /** A target does as well as another if it answers no smaller share of its calls than that. */
  private static final double AS_GOOD = 0.01;

  /** And if what is said of it is no worse than that. */
  private static final double AS_LIKED = 0.05;

  /** Fewer opinions tell nothing. */
  private static final long LEAST_OPINIONS = 5;

  /** Bounds that are so many times what was answered hold budgets for nothing. */
  private static final int LOOSE = 10;

  /**
   * What is asked.
   *
   * @param from the first day
   * @param to the day after the last one
   * @param leastUsd a saving of less is none
   * @param leastCalls fewer calls tell nothing
   */
  public record Asked(
      Optional<String> tenant, LocalDate from, LocalDate to, BigDecimal leastUsd, long leastCalls) {
    Instant start() {
      return from.atStartOfDay().toInstant(ZoneOffset.UTC);
    }

    Instant end() {
      return to.atStartOfDay().toInstant(ZoneOffset.UTC);
    }
  }

  private record Piece(long saving, ObjectNode json) {}

  private final Asked asked;
  private final Cells cells;
  private final Map<List<String>, Opinions.Sum> liked = new HashMap<>();
  private final Function<String, Optional<Price>> prices;
  private final List<Piece> pieces = new ArrayList<>();

  private Advice(
      Costs costs, Opinions opinions, Asked asked, Function<String, Optional<Price>> prices) {
    this.asked = asked;
    this.prices = prices;
    this.cells = Cells.of(costs, CALLER, asked.tenant, asked.from, asked.to);
    var by = new ArrayList<>(CALLER);
    by.add("target");
    by.add("source");
    opinions
        .sums(by, asked.tenant, asked.start(), asked.end())
        .forEach(sum -> liked.put(sum.values(), sum));
  }

  /**
   * @param prices of a target, now
   * @param inventory asked once
   */
  public static ObjectNode of(
      Costs costs,
      Opinions opinions,
      Asked asked,
      Function<String, Optional<Price>> prices,
      Inventory inventory) {
    var advice = new Advice(costs, opinions, asked, prices);
    advice.cheaper();
    advice.caches();
    advice.failedTries();
    advice.shadows();
    advice.bounds();
    advice.unpriced();
    advice.unusedKeys(inventory);
    advice.unused(costs, inventory);
    return advice.answer(costs, inventory);
  }

  private ObjectNode answer(Costs costs, Inventory inventory) {
    pieces.sort(Comparator.comparingLong(Piece::saving).reversed());
    ObjectNode body = Json.object();
    var data = body.putArray("data");
    pieces.forEach(piece -> data.add(piece.json));
    body.putNull("next");
    Notes.period(body.putObject("period"), asked.from, asked.to);
    body.put("counted_since", costs.first().map(LocalDate::toString).orElse(null));
    var unknown = body.putArray("unknown");
    Sums all = cells.groups().values().stream().map(Cells::sum).reduce(new Sums(), Sums::plus);
    unknown
        .addObject()
        .put("about", "identical_requests")
        .put(
            "says",
            "Which calls asked the same is not known: records do not say what was asked. %d of %d calls were answered again for their Idempotency-Key and cost nothing."
                .formatted(all.get(Figure.REPLAYS), all.get(Figure.CALLS)));
    if (!inventory.whole()) {
      unknown
          .addObject()
          .put("about", "unused_keys")
          .put(
              "says",
              "Only the first "
                  + inventory.keys().size()
                  + " keys were looked at: there are more.");
    }
    return body;
  }

  private void add(String kind, long saving, String says, String how, ObjectNode figures) {
    ObjectNode json =
        Json.object()
            .put("kind", kind)
            .put("says", says)
            .put("saving_usd", usd(saving))
            .put("how", how);
    json.set("figures", figures);
    pieces.add(new Piece(saving, json));
  }

  private static ObjectNode whose(List<String> caller) {
    ObjectNode figures = Json.object();
    for (int i = 0; i < CALLER.size(); i++) {
      figures.put(CALLER.get(i), caller.get(i).isEmpty() ? null : caller.get(i));
    }
    return figures;
  }

  private static String words(List<String> caller) {
    return caller.get(0)
        + "/"
        + caller.get(1)
        + (caller.get(2).isEmpty() ? "" : ", use case " + caller.get(2));
  }

  private boolean worth(long saving) {
    return saving > 0 && saving >= Measure.pico(asked.leastUsd);
  }

  /** The calls of one target at the prices of another that did as well for the same caller. */
  private void cheaper() {
    cells
        .groups()
        .forEach((caller, targets) ->
            targets.forEach((target, sums) -> {
              if (enough(target, sums)) {
                targets.entrySet().stream()
                    .filter(other ->
                        !other.getKey().equals(target)
                            && enough(other.getKey(), other.getValue())
                            && asGood(other.getValue(), sums)
                            && asLiked(caller, other.getKey(), target))
                    .flatMap(other ->
                        at(other.getKey(), sums)
                            .map(cost -> Map.entry(other.getKey(), cost))
                            .stream())
                    .min(
                        Map.Entry.<String, Long>comparingByValue()
                            .thenComparing(Map.Entry.comparingByKey()))
                    .ifPresent(best ->
                        cheaper(caller, target, sums, best.getKey(), best.getValue(), targets));
              }
            }));
  }

  private void cheaper(
      List<String> caller,
      String target,
      Sums sums,
      String other,
      long cost,
      Map<String, Sums> targets) {
    long saving = paid(sums) - cost;
    if (!worth(saving)) {
      return;
    }
    Sums others = targets.getOrDefault(other, new Sums());
    ObjectNode figures =
        whose(caller)
            .put("target", target)
            .put("instead", other)
            .put("calls", sums.get(Figure.CALLS))
            .put("cost_usd", usd(paid(sums)))
            .put("would_have_cost_usd", usd(cost))
            .put("answered", share(sums))
            .put("instead_answered", share(others));
    Optional<Compared> liked = compared(caller, target, other);
    figures.put("feedback", liked.map(both -> both.here.mean()).orElse(null));
    figures.put("instead_feedback", liked.map(both -> both.there.mean()).orElse(null));
    figures.put("feedback_by", liked.map(Compared::source).orElse(null));
    add(
        "cheaper_model",
        saving,
        "%s: %s answers for %s as %s as %s does, and the %d calls of %s would have cost %s USD there instead of %s."
            .formatted(
                words(caller),
                other,
                "it",
                liked
                    .map(both ->
                        both.source.equals(Opinion.CALLER)
                            ? "well, by what callers say,"
                            : "well, by what a judging model says,")
                    .orElse("often"),
                target,
                sums.get(Figure.CALLS),
                target,
                usd(cost),
                usd(paid(sums))),
        "The tokens of those calls at today's prices of the other target. "
            + (liked.isPresent()
                ? "Both have feedback: the mean there is lower by no more than 0.05, the share of answered calls by no more than 0.01."
                : "There is not enough feedback on both (5 calls each): only the shares of answered calls are compared, which says nothing of how good the answers are."),
        figures);
  }

  private boolean enough(String target, Sums sums) {
    return !target.isEmpty() && sums.get(Figure.CALLS) >= asked.leastCalls;
  }

  private static double share(Sums sums) {
    return (double) sums.get(Figure.ANSWERED) / Math.max(1, sums.get(Figure.CALLS));
  }

  private static long paid(Sums sums) {
    return sums.get(Figure.PICO_USD) - sums.get(Figure.FAILED_PICO_USD);
  }

  private static boolean asGood(Sums other, Sums sums) {
    return share(other) >= share(sums) - AS_GOOD;
  }

  /** What the same source said of two targets' answers. */
  private record Compared(String source, Opinions.Sum here, Opinions.Sum there) {}

  /** By what people say, where they said enough, else by what a model says; never by both. */
  private Optional<Compared> compared(List<String> caller, String target, String other) {
    return Stream.of(Opinion.CALLER, Opinion.JUDGE)
        .flatMap(source ->
            said(caller, target, source)
                .flatMap(here ->
                    said(caller, other, source).map(there -> new Compared(source, here, there)))
                .stream())
        .findFirst();
  }

  private Optional<Opinions.Sum> said(List<String> caller, String target, String source) {
    var key = new ArrayList<>(caller);
    key.add(target);
    key.add(source);
    return Optional.ofNullable(liked.get(key)).filter(sum -> sum.count() >= LEAST_OPINIONS);
  }

  private boolean asLiked(List<String> caller, String other, String target) {
    return compared(caller, target, other)
        .filter(both -> both.there.mean() < both.here.mean() - AS_LIKED)
        .isEmpty();
  }

  private Optional<Long> at(String target, Sums sums) {
    var usage =
        new Usage(
            sums.get(Figure.INPUT),
            sums.get(Figure.CACHE_READ),
            sums.get(Figure.CACHE_WRITE),
            0,
            sums.get(Figure.OUTPUT),
            sums.get(Figure.REASONING),
            0,
            0,
            Usage.Source.ESTIMATE);
    return price(target, usage);
  }

  /** As many calls of the mean size, so that no step of a price is reached by adding up. */
  private Optional<Long> price(String target, Usage usage) {
    return prices.apply(target).flatMap(price -> ManyTokens.cost(price, usage)).map(Measure::pico);
  }

  /** Long prompts that were read from the provider's cache less often than others' are. */
  private void caches() {
    var best = new HashMap<String, Map.Entry<List<String>, Sums>>();
    cells
        .groups()
        .forEach((caller, targets) ->
            targets.forEach((target, sums) -> {
              if (sums.get(Figure.LONG_CALLS) >= asked.leastCalls) {
                best.merge(
                    target,
                    Map.entry(caller, sums),
                    (one, other) -> read(one.getValue()) >= read(other.getValue()) ? one : other);
              }
            }));
    cells
        .groups()
        .forEach((caller, targets) ->
            targets.forEach((target, sums) -> {
              Map.Entry<List<String>, Sums> model = best.get(target);
              if (model != null && sums.get(Figure.LONG_CALLS) >= asked.leastCalls) {
                cache(caller, target, sums, model.getKey(), read(model.getValue()));
              }
            }));
  }

  private void cache(
      List<String> caller, String target, Sums sums, List<String> whose, double share) {
    long more = Math.round((share - read(sums)) * sums.get(Figure.LONG_PROMPT));
    long least = Math.min(more, sums.get(Figure.INPUT));
    Optional<Long> fresh = price(target, Usage.of(least, 0, Usage.Source.ESTIMATE));
    Optional<Long> read =
        price(target, new Usage(0, least, 0, 0, 0, 0, 0, 0, Usage.Source.ESTIMATE));
    if (least <= 0 || fresh.isEmpty() || read.isEmpty()) {
      return;
    }
    long saving = fresh.get() - read.get();
    if (worth(saving)) {
      add(
          "prompt_cache",
          saving,
          "%s: %s of the tokens of its %d long prompts to %s were read from the provider's cache; for %s it is %s."
              .formatted(
                  words(caller),
                  percent(read(sums)),
                  sums.get(Figure.LONG_CALLS),
                  target,
                  words(whose),
                  percent(share)),
          "With that share, so many tokens more (%d) at the price of a cached token instead of a fresh one. Prompts of %d tokens or more count; begin them with what does not change."
              .formatted(least, Costs.LONG),
          whose(caller)
              .put("target", target)
              .put("long_calls", sums.get(Figure.LONG_CALLS))
              .put("long_prompt_tokens", sums.get(Figure.LONG_PROMPT))
              .put("cache_read_tokens", sums.get(Figure.LONG_READ))
              .put("share", read(sums))
              .put("attained_elsewhere", share));
    }
  }

  private static double read(Sums sums) {
    return (double) sums.get(Figure.LONG_READ) / Math.max(1, sums.get(Figure.LONG_PROMPT));
  }

  private static String percent(double share) {
    return String.format(Locale.ROOT, "%.0f %%", share * 100);
  }

  private void failedTries() {
    cells
        .groups()
        .forEach((caller, targets) ->
            targets.forEach((target, sums) -> {
              long saving = sums.get(Figure.FAILED_PICO_USD);
              if (worth(saving)) {
                add(
                    "failed_tries",
                    saving,
                    "%s: %d of the %d tries of calls that ended at %s failed, and cost %s USD."
                        .formatted(
                            words(caller),
                            sums.get(Figure.FAILED_TRIES),
                            sums.get(Figure.TRIES),
                            target,
                            usd(saving)),
                    "What the tries that failed cost, by the records: streams that broke, hedges that lost, and callers who left are among them.",
                    whose(caller)
                        .put("target", target)
                        .put("tries", sums.get(Figure.TRIES))
                        .put("failed_tries", sums.get(Figure.FAILED_TRIES))
                        .put("cut_calls", sums.get(Figure.CUT)));
              }
            }));
  }

  private void shadows() {
    cells
        .groups()
        .forEach((caller, targets) ->
            targets.forEach((target, sums) -> {
              long saving = sums.get(Figure.SHADOW_PICO_USD);
              if (worth(saving)) {
                add(
                    "shadows",
                    saving,
                    "%s: %d copies for comparison at %s cost %s USD."
                        .formatted(words(caller), sums.get(Figure.SHADOWS), target, usd(saving)),
                    "What the copies cost, by the records. End the model's shadow where enough is known.",
                    whose(caller).put("target", target).put("shadows", sums.get(Figure.SHADOWS)));
              }
            }));
  }

  /** What is asked for at the most is held of a budget until the call is over. */
  private void bounds() {
    cells
        .groups()
        .forEach((caller, targets) ->
            targets.forEach((target, sums) -> {
              long bound = sums.get(Figure.BOUND);
              long output = Math.max(1, sums.get(Figure.BOUNDED_OUTPUT));
              if (sums.get(Figure.BOUNDED_CALLS) >= asked.leastCalls && bound / output >= LOOSE) {
                Optional<Long> held =
                    price(target, Usage.of(0, bound - output, Usage.Source.ESTIMATE));
                add(
                    "max_tokens",
                    0,
                    "%s: calls of %s ask for %d tokens at the most and are answered with %d in the mean: %s times as much is held of limits and budgets while they run."
                        .formatted(
                            words(caller),
                            target,
                            bound / sums.get(Figure.BOUNDED_CALLS),
                            output / sums.get(Figure.BOUNDED_CALLS),
                            bound / output),
                    "The sums of max_tokens and of answers, over calls that say max_tokens. It costs nothing, but calls beside them are refused earlier.",
                    whose(caller)
                        .put("target", target)
                        .put("calls", sums.get(Figure.BOUNDED_CALLS))
                        .put("max_tokens", bound)
                        .put("output_tokens", output)
                        .put("held_for_nothing_usd", held.map(Notes::usd).orElse(null)));
              }
            }));
  }

  private void unpriced() {
    var targets = new HashMap<String, Sums>();
    cells
        .groups()
        .values()
        .forEach(group -> group.forEach((target, sums) -> targets.merge(target, sums, Sums::plus)));
    targets.forEach((target, sums) -> {
      if (sums.get(Figure.UNPRICED) > 0) {
        add(
            "unpriced",
            0,
            "%d calls of %s have no known price: they are in no cost here."
                .formatted(sums.get(Figure.UNPRICED), target),
            "Calls that used something and whose record has no cost. Give the target a price.",
            Json.object()
                .put("target", target)
                .put("calls", sums.get(Figure.CALLS))
                .put("unpriced_calls", sums.get(Figure.UNPRICED)));
      }
    });
  }

  private void unusedKeys(Inventory inventory) {
    for (Inventory.Key key : inventory.keys()) {
      Instant last = key.used().orElse(key.created());
      boolean mine = asked.tenant.map(key.tenant()::equals).orElse(true);
      if (mine && last.isBefore(asked.start())) {
        long days = ChronoUnit.DAYS.between(last, asked.end());
        add(
            "unused_key",
            0,
            "The key %s%s of %s/%s has not been used for %d days%s."
                .formatted(
                    key.id(),
                    key.name().isEmpty() ? "" : " (" + key.name() + ")",
                    key.tenant(),
                    key.app(),
                    days,
                    key.used().isEmpty() ? ", since it was made" : ""),
            "The key's last use. It costs nothing, but whoever finds it may spend what its app may.",
            Json.object()
                .put("key", key.id())
                .put("tenant", key.tenant())
                .put("app", key.app())
                .put("created", key.created().toString())
                .put("last_use", key.used().map(Instant::toString).orElse(null))
                .put("days", days));
      }
    }
  }

  private void unused(Costs costs, Inventory inventory) {
    Set<String> apps = new HashSet<>();
    cells.groups().keySet().forEach(caller -> apps.add(caller.get(0) + "/" + caller.get(1)));
    for (Inventory.App app : inventory.apps()) {
      boolean mine = asked.tenant.map(app.tenant()::equals).orElse(true);
      if (mine && !apps.contains(app.tenant() + "/" + app.name())) {
        add(
            "unused_app",
            0,
            "The app %s/%s has made no call.".formatted(app.tenant(), app.name()),
            "No record of those days is of that app.",
            Json.object().put("tenant", app.tenant()).put("app", app.name()).put("calls", 0));
      }
    }
    if (asked.tenant.isPresent()) {
      return;
    }
    Set<String> models = new HashSet<>();
    costs.each(
        new Costs.Question(List.of("model"), Optional.empty(), asked.from, asked.to, false),
        row -> models.add(row.values().getFirst()));
    for (String model : inventory.models()) {
      if (!models.contains(model)) {
        add(
            "unused_model",
            0,
            "Nobody has asked for the model %s.".formatted(model),
            "No record of those days names that model.",
            Json.object().put("model", model).put("calls", 0));
      }
    }
  }
}
