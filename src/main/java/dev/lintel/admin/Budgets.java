package dev.lintel.admin;

import static dev.lintel.admin.Schema.MONEY;
import static dev.lintel.admin.Schema.TEXT;
import static dev.lintel.admin.Schema.TIME;
import static dev.lintel.admin.Schema.object;
import static dev.lintel.admin.Schema.oneOf;
import static dev.lintel.admin.Schema.page;

import dev.lintel.Account;
import dev.lintel.Allowance;
import dev.lintel.Answer;
import dev.lintel.Counters;
import dev.lintel.Dialect;
import dev.lintel.Json;
import dev.lintel.Span;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** How every budget stands. */
public final class Budgets {
  private final Supplier<Collection<Account>> accounts;
  private final Counters counters;
  private final Dialect envelope;

  /**
   * @param accounts of every budget, and of those who have one of their own
   * @param envelope in which failures are told
   */
  public Budgets(Supplier<Collection<Account>> accounts, Counters counters, Dialect envelope) {
    this.accounts = accounts;
    this.counters = counters;
    this.envelope = envelope;
  }

  /** {@code GET /budgets}: amounts are decimals in the unit that {@code unit} names. */
  public Operation list() {
    return Operation.get(
            "/budgets",
            "Lists how every budget stands.",
            page(
                object(
                    "scope", TEXT,
                    "tenant", TEXT.orNull(),
                    "app", TEXT.orNull(),
                    "use_case", TEXT.orNull(),
                    "window", TEXT,
                    "unit", oneOf("usd", "tokens", "requests"),
                    "limit", MONEY,
                    "reserved", MONEY,
                    "spent", MONEY,
                    "resets_at", TIME.orNull(),
                    "mode", oneOf("observe", "warn", "enforce"),
                    "account", TEXT,
                    "rule", TEXT)),
            new Question(
                envelope,
                (exchange, trail) ->
                    Answer.json(
                        200,
                        all(
                            Optional.ofNullable(
                                Listed.only(exchange.request(), "tenant").get("tenant"))))))
        .with(Operation.Parameter.query("tenant", TEXT, "Only budgets of that tenant."));
  }

  /** As the list has them, of one tenant or all. */
  ObjectNode all(Optional<String> only) {
    List<Account> known =
        accounts.get().stream()
            .filter(account -> only.map(tenant(account.allowance().owner())::equals).orElse(true))
            .toList();
    List<Counters.Level> levels = counters.levels(known);
    ObjectNode body = Json.object();
    ArrayNode data = body.putArray("data");
    for (int i = 0; i < known.size(); i++) {
      write(data.addObject(), known.get(i), levels.get(i));
    }
    return body.putNull("next");
  }

  private static void write(ObjectNode row, Account account, Counters.Level level) {
    Allowance budget = account.allowance();
    String owner = budget.owner();
    int slash = owner.indexOf('/');
    int useCase = owner.indexOf('#');
    String tenant = tenant(owner);
    String app =
        slash < 0 ? "" : owner.substring(slash + 1, useCase < 0 ? owner.length() : useCase);
    row.put("scope", scope(budget, slash, useCase));
    row.put("tenant", tenant.isEmpty() ? null : tenant);
    row.put("app", app.isEmpty() ? null : app);
    row.put("use_case", useCase < 0 ? null : owner.substring(useCase + 1));
    row.put("window", window(budget.span()));
    row.put("unit", budget.measure().word());
    row.put("limit", budget.measure().text(budget.amount()));
    row.put("reserved", budget.measure().text(level.reserved()));
    row.put("spent", budget.measure().text(level.spent()));
    row.put("resets_at", resets(level.reset()));
    row.put("mode", budget.mode().word());
    row.put("account", account.id());
    row.put("rule", budget.rule());
  }

  private static String tenant(String owner) {
    int slash = owner.indexOf('/');
    return slash < 0 ? owner : owner.substring(0, slash);
  }

  private static String scope(Allowance budget, int slash, int useCase) {
    if (!budget.per().isEmpty()) {
      return budget.per().getLast().name().toLowerCase(Locale.ROOT);
    }
    return budget.owner().isEmpty()
        ? "all"
        : useCase >= 0 ? "use_case" : slash < 0 ? "tenant" : "app";
  }

  private static String window(Span span) {
    return switch (span) {
      case Span.Calendar calendar -> calendar.unit().word();
      case Span.Total total -> "total";
      case Span.Rolling rolling -> rolling.name();
      case Span.Now now -> now.name();
    };
  }

  private static @Nullable String resets(Instant reset) {
    return reset.equals(Instant.MAX) ? null : reset.truncatedTo(ChronoUnit.SECONDS).toString();
  }
}
