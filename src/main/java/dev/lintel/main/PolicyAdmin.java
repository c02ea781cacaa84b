package dev.lintel.main;

import static dev.lintel.admin.Operation.Parameter.query;
import static dev.lintel.admin.Schema.ANY;
import static dev.lintel.admin.Schema.FLAG;
import static dev.lintel.admin.Schema.TEXT;
import static dev.lintel.admin.Schema.TIME;
import static dev.lintel.admin.Schema.WHOLE;
import static dev.lintel.admin.Schema.list;
import static dev.lintel.admin.Schema.object;
import static dev.lintel.admin.Schema.oneOf;

import dev.lintel.admin.Operation;
import dev.lintel.admin.PolicyViews;
import dev.lintel.admin.Schema;
import java.util.List;
import java.util.Optional;

/** What admins may ask of policies, beside changing them. */
final class PolicyAdmin {
  private static final Schema RULES =
      list(object("rule", TEXT, "mode", oneOf("observe", "warn", "enforce")));

  private static final Schema HELD =
      object(
          "tenant", TEXT,
          "app", TEXT,
          "use_case", TEXT.orNull(),
          "layers", list(object("place", TEXT, "policy", TEXT)),
          "models", RULES,
          "providers", RULES,
          "endpoints", RULES,
          "tools", RULES,
          "require", RULES,
          "force", RULES,
          "max_tokens", RULES,
          "data_classes", RULES,
          "routing", RULES,
          "retention", RULES,
          "capture", RULES,
          "training", RULES,
          "allowances", RULES);

  private static final Schema REPORT =
      object(
          "data",
          list(
              object(
                  "rule", TEXT,
                  "mode", oneOf("observe", "warn", "enforce"),
                  "kind", TEXT,
                  "calls", WHOLE,
                  "first", TIME,
                  "last", TIME,
                  "message", TEXT,
                  "callers", list(object("tenant", TEXT, "app", TEXT, "calls", WHOLE)),
                  "examples", list(TEXT))),
          "next",
          TEXT.orNull(),
          "from",
          TIME,
          "to",
          TIME,
          "calls",
          WHOLE,
          "whole",
          FLAG);

  private final Routes.Around around;

  private PolicyAdmin(Routes.Around around) {
    this.around = around;
  }

  static List<Operation> of(Routes.Around around) {
    return new PolicyAdmin(around).operations();
  }

  private List<Operation> operations() {
    var policies =
        new PolicyViews(
            Builtins.OPENAI,
            this::held,
            (from, to) -> around.storage().store().findings().between(from, to),
            around.records(),
            around.candidate());
    return List.of(
        Operation.get(
                "/policies/resolved",
                "Shows what holds for an app's calls of a use case, and where it is written.",
                HELD,
                policies.resolved())
            .with(query("tenant", TEXT, "Whose app."))
            .with(query("app", TEXT, "Which app."))
            .with(query("use_case", TEXT, "As calls name it; left out for those that name none.")),
        Operation.get(
                "/policies/report",
                "Says what rules had to say against the calls of a time.",
                REPORT,
                policies.report())
            .with(query("from", TIME, "Calls that began then or later; a week before `to`."))
            .with(query("to", TIME, "Calls that began before; until now.")),
        Operation.post(
                "/policies/try",
                "Says what a policy that nobody is under would have said of the calls of a time.",
                REPORT,
                policies.rehearsal())
            .of(
                object(
                    "policy", ANY,
                    "from?", TIME,
                    "to?", TIME,
                    "tenant?", TEXT,
                    "app?", TEXT))
            .asking());
  }

  private Optional<PolicyViews.Held> held(String tenant, String app, String useCase) {
    Gateway live = around.live().get();
    return live.callerOf(tenant, app, "")
        .map(caller ->
            new PolicyViews.Held(
                caller.policies().of(useCase),
                live.config().policies().layers(tenant, app, useCase).stream()
                    .map(layer -> new PolicyViews.Layer(layer.place(), layer.policy()))
                    .toList()));
  }
}
