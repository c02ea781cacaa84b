package dev.lintel.observe;

import dev.lintel.Account;
import dev.lintel.Allowance;
import dev.lintel.Counters;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.time.Instant;
import java.util.List;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is left of the budgets that are configured, and which thresholds were passed. Those of whom
 * callers make up the names are counted by whose budget it is, and by nothing else.
 */
final class BudgetFigures implements Counters.Watcher {
  private static final Logger LOG = LoggerFactory.getLogger(BudgetFigures.class);

  private final Counter thresholds;
  private final PrometheusRegistry registry;

  BudgetFigures(PrometheusRegistry registry) {
    this.registry = registry;
    thresholds =
        Counter.builder()
            .name("lintel_budget_thresholds_total")
            .help("Thresholds of budgets that were passed, by their percents.")
            .labelNames("owner", "window", "percent")
            .register(registry);
  }

  @Override
  public void passed(Account account, Instant period, int percent, long spent) {
    Allowance budget = account.allowance();
    thresholds.labelValues(budget.owner(), budget.span().name(), Integer.toString(percent)).inc();
    LOG.warn("{} % of {} ({}) is spent", percent, budget.rule(), account.id());
  }

  /** Also shows how the budgets stand that their owners have as a whole. */
  void show(Supplier<List<Account>> budgets, Counters counters) {
    GaugeWithCallback.builder()
        .name("lintel_budget_left_ratio")
        .help("What is left of a budget, from 0 to 1.")
        .labelNames("owner", "window", "measure")
        .callback(gauge -> {
          List<Account> accounts = budgets.get();
          List<Counters.Level> levels = counters.levels(accounts);
          for (int i = 0; i < accounts.size(); i++) {
            Allowance budget = accounts.get(i).allowance();
            double left = budget.amount() - (double) levels.get(i).spent();
            gauge.call(
                Math.max(0, left / budget.amount()),
                budget.owner(),
                budget.span().name(),
                budget.measure().word());
          }
        })
        .register(registry);
  }
}
