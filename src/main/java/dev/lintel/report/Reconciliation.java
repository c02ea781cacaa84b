package dev.lintel.report;

import static dev.lintel.report.Notes.usd;

import dev.lintel.Costs;
import dev.lintel.Costs.Figure;
import dev.lintel.Costs.Sums;
import dev.lintel.Failure;
import dev.lintel.Json;
import dev.lintel.Measure;
import java.math.BigDecimal;
import java.time.LocalDate;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What is in the records beside what a provider says, by day (UTC) and model, with what is known to
 * explain the difference.
 */
public final class Reconciliation {
  /** The version at the end of a name: the provider tells it where the call did not. */
  private static final Pattern VERSION = Pattern.compile("-(\\d{4}-\\d{2}-\\d{2}|\\d{8})$");

  /**
   * What is asked.
   *
   * @param text the provider's table
   * @param providers by the names that they have here
   * @param columns of the table by their roles; those that are left out are found by their names
   * @param models what a model of the table is called here, where that is something else
   * @param tolerance a part of either, such as 0.01, up to which they agree
   * @param leastUsd up to which costs agree whatever the part
   */
  public record Asked(
      String text,
      Set<String> providers,
      Map<String, String> columns,
      Map<String, String> models,
      double tolerance,
      BigDecimal leastUsd) {
    public Asked {
      providers = Set.copyOf(providers);
      columns = Map.copyOf(columns);
      models = Map.copyOf(models);
    }
  }

  private final Asked asked;
  private final Theirs theirs;
  private final Map<Theirs.Place, Sums> ours = new TreeMap<>();
  private final Map<Theirs.Place, Theirs.Sum> sums = new TreeMap<>();
  private final Optional<LocalDate> first;

  private Reconciliation(Costs costs, Asked asked) {
    this.asked = asked;
    this.theirs = Theirs.read(asked.text, asked.columns);
    this.first = costs.first();
    var days = new TreeSet<LocalDate>();
    theirs.sums().keySet().forEach(place -> days.add(place.day()));
    if (days.isEmpty()) {
      throw Failure.invalid("The table has nothing but zeros.").at("text");
    }
    var known = new HashMap<String, String>();
    costs.each(
        new Costs.Question(
            List.of("provider", "target"),
            Optional.empty(),
            days.first(),
            days.last().plusDays(1),
            true),
        row -> {
          if (asked.providers.contains(row.values().getFirst())) {
            String target = row.values().getLast();
            String model = target.substring(target.indexOf('/') + 1);
            known.putIfAbsent(plain(model), model);
            ours.merge(new Theirs.Place(row.day(), model), row.sums(), Sums::plus);
          }
        });
    theirs
        .sums()
        .forEach((place, sum) ->
            sums.merge(
                new Theirs.Place(place.day(), here(place.model(), known)), sum, Theirs.Sum::plus));
  }

  /** Throws {@link Failure} {@code INVALID_REQUEST} where the table cannot be read. */
  public static ObjectNode of(Costs costs, Asked asked) {
    return new Reconciliation(costs, asked).json();
  }

  private static String plain(String model) {
    return VERSION.matcher(model).replaceFirst("");
  }

  private String here(String model, Map<String, String> known) {
    String named = asked.models.get(model);
    if (named != null) {
      return named;
    }
    boolean exact = known.containsValue(model);
    return exact ? model : known.getOrDefault(plain(model), model);
  }

  private ObjectNode json() {
    var places = new TreeSet<>(ours.keySet());
    places.addAll(sums.keySet());
    ObjectNode body = Json.object();
    var data = body.putArray("data");
    int differ = 0;
    Sums allOurs = new Sums();
    var allTheirs = new Theirs.Sum(0, 0, 0);
    for (Theirs.Place place : places) {
      Sums here = ours.getOrDefault(place, new Sums());
      Theirs.Sum there = sums.getOrDefault(place, new Theirs.Sum(0, 0, 0));
      boolean agree = agree(here, there);
      differ += agree ? 0 : 1;
      ObjectNode row = data.addObject();
      row.put("date", place.day().toString()).put("model", place.model()).put("agree", agree);
      compared(row, here, there);
      because(row.putArray("because"), place, here, agree);
      allOurs = allOurs.plus(here);
      allTheirs = allTheirs.plus(there);
    }
    body.putNull("next");
    ObjectNode total = body.putObject("total");
    total.put("agree", agree(allOurs, allTheirs)).put("rows", places.size()).put("differ", differ);
    compared(total, allOurs, allTheirs);
    ObjectNode columns = body.putObject("columns");
    theirs.columns().forEach(columns::put);
    body.put("counted_since", first.map(LocalDate::toString).orElse(null));
    return body;
  }

  private boolean agree(Sums here, Theirs.Sum there) {
    return (!theirs.hasTokens()
            || (near(prompt(here), there.prompt(), 0)
                && near(here.get(Figure.OUTPUT), there.output(), 0)))
        && (!theirs.hasCost()
            || near(here.get(Figure.PICO_USD), there.picoUsd(), Measure.pico(asked.leastUsd)));
  }

  private boolean near(long one, long other, long least) {
    long difference = Math.abs(one - other);
    return difference <= least
        || difference <= asked.tolerance * Math.max(Math.abs(one), Math.abs(other));
  }

  private static long prompt(Sums sums) {
    return sums.get(Figure.INPUT) + sums.get(Figure.CACHE_READ) + sums.get(Figure.CACHE_WRITE);
  }

  private void compared(ObjectNode row, Sums here, Theirs.Sum there) {
    ObjectNode mine = row.putObject("ours");
    mine.put("calls", here.get(Figure.CALLS))
        .put("prompt_tokens", prompt(here))
        .put("output_tokens", here.get(Figure.OUTPUT))
        .put("cost_usd", usd(here.get(Figure.PICO_USD)));
    ObjectNode their = row.putObject("theirs");
    ObjectNode difference = row.putObject("difference");
    if (theirs.hasTokens()) {
      their.put("prompt_tokens", there.prompt()).put("output_tokens", there.output());
      difference
          .put("prompt_tokens", there.prompt() - prompt(here))
          .put("output_tokens", there.output() - here.get(Figure.OUTPUT));
    }
    if (theirs.hasCost()) {
      their.put("cost_usd", usd(there.picoUsd()));
      difference.put("cost_usd", usd(there.picoUsd() - here.get(Figure.PICO_USD)));
    }
  }

  private void because(ArrayNode because, Theirs.Place place, Sums here, boolean agree) {
    if (agree) {
      return;
    }
    if (first.isEmpty() || place.day().isBefore(first.get())) {
      because.add(
          "Costs are counted by the day since "
              + first.map(LocalDate::toString).orElse("today")
              + ".");
      return;
    }
    if (here.get(Figure.CALLS) == 0) {
      because.add(
          "No call of that model is in the records: somebody asked the provider directly, or the model is called otherwise here (see 'models').");
      return;
    }
    if (!sums.containsKey(place)) {
      because.add(
          "The provider's table does not have it: it is called otherwise there (see 'models'), or the table is of some accounts only.");
    }
    told(
        because,
        here.get(Figure.UNPRICED),
        "%d calls have no known price: they cost nothing here.");
    told(
        because,
        here.get(Figure.ESTIMATED),
        "The usage of %d calls is Lintel's estimate: the provider told none.");
    told(
        because,
        here.get(Figure.CUT),
        "%d calls broke off: the provider may have gone on, and have counted more than it told.");
    told(
        because,
        here.get(Figure.FAILED_TRIES),
        "%d tries failed, some of which the provider may have counted.");
    if (because.isEmpty()) {
      because.add(
          "Nothing in the records explains it: calls beside the gateway, another price or discount, or days that begin at another hour.");
    }
  }

  private static void told(ArrayNode because, long calls, String sentence) {
    if (calls > 0) {
      because.add(sentence.formatted(calls));
    }
  }
}
