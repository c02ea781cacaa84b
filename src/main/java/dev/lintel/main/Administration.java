package dev.lintel.main;

import static dev.lintel.admin.Operation.Parameter.query;
import static dev.lintel.admin.Schema.ANY;
import static dev.lintel.admin.Schema.FLAG;
import static dev.lintel.admin.Schema.MONEY;
import static dev.lintel.admin.Schema.NUMBER;
import static dev.lintel.admin.Schema.TEXT;
import static dev.lintel.admin.Schema.TIME;
import static dev.lintel.admin.Schema.WHOLE;
import static dev.lintel.admin.Schema.list;
import static dev.lintel.admin.Schema.object;
import static dev.lintel.admin.Schema.oneOf;
import static dev.lintel.admin.Schema.page;

import dev.lintel.Answer;
import dev.lintel.Caller;
import dev.lintel.Endpoint;
import dev.lintel.Json;
import dev.lintel.Price;
import dev.lintel.Records;
import dev.lintel.admin.AdminKeys;
import dev.lintel.admin.Arms;
import dev.lintel.admin.Calls;
import dev.lintel.admin.Keys;
import dev.lintel.admin.OpenApi;
import dev.lintel.admin.Operation;
import dev.lintel.admin.Providers;
import dev.lintel.admin.Schema;
import dev.lintel.admin.UsageReport;
import dev.lintel.admin.WhatIf;
import dev.lintel.admin.WhereTo;
import dev.lintel.identity.Register;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/** All that admins may ask below {@code /admin/v1}: the table that is served and described. */
final class Administration {
  private static final Schema FAILURE =
      object("kind", TEXT, "status", WHOLE.orNull(), "message?", TEXT).orNull();

  private static final Schema STATE = oneOf("healthy", "cooling", "half_open");

  private static final Schema PROVIDER =
      object(
          "name", TEXT,
          "dialect", TEXT,
          "url", TEXT,
          "state", STATE,
          "until", TIME.orNull(),
          "last_failure", FAILURE,
          "keys",
              list(
                  object(
                      "id", TEXT,
                      "state", oneOf("ok", "resting", "invalid", "no_credit"),
                      "until", TIME.orNull())),
          "models",
              list(
                  object(
                      "model", TEXT,
                      "state", STATE,
                      "until", TIME.orNull(),
                      "last_failure", FAILURE)));

  private static final Schema CHECKED =
      object(
          "name",
          TEXT,
          "ok",
          FLAG,
          "status",
          WHOLE.orNull(),
          "kind",
          TEXT.orNull(),
          "message",
          TEXT.orNull(),
          "latency_ms",
          WHOLE);

  private static final Schema ROLLOUT =
      object(
          "model",
          TEXT,
          "arms",
          list(
              object(
                  "name",
                  TEXT,
                  "percent",
                  NUMBER,
                  "stopped",
                  object("why", TEXT, "since", TIME).orNull(),
                  "calls",
                  WHOLE,
                  "errors",
                  WHOLE,
                  "cost_usd",
                  MONEY,
                  "p50_ms",
                  WHOLE.orNull(),
                  "p95_ms",
                  WHOLE.orNull(),
                  "ttft_ms",
                  WHOLE.orNull(),
                  "feedback",
                  NUMBER.orNull())));

  private static final Schema CALL =
      object(
          "request_id", TEXT,
          "time", TIME,
          "tenant", TEXT.orNull(),
          "app", TEXT.orNull(),
          "key_id", TEXT.orNull(),
          "use_case", TEXT.orNull(),
          "dialect", TEXT.orNull(),
          "model", TEXT.orNull(),
          "target", TEXT.orNull(),
          "status", WHOLE,
          "kind", TEXT.orNull(),
          "stream", FLAG,
          "ttft_ms", WHOLE.orNull(),
          "latency_ms", WHOLE,
          "usage", object("source", oneOf("provider", "estimate", "none")),
          "cost_usd", MONEY.orNull(),
          "attempts", list(ANY),
          "decision", list(ANY).orNull(),
          "feedback?",
              list(object(
                      "source", TEXT,
                      "score", NUMBER,
                      "label?", TEXT,
                      "comment?", TEXT,
                      "time", TIME))
                  .orNull());

  private static final Schema STORY =
      object(
          "request_id",
          TEXT,
          "story",
          list(
              object(
                  "about",
                  oneOf(
                      "caller",
                      "request",
                      "policy",
                      "targets",
                      "attempts",
                      "adapted",
                      "answer",
                      "cost",
                      "time",
                      "end",
                      "help"),
                  "says",
                  TEXT)),
          "cost",
          object(
              "usd",
              MONEY.orNull(),
              "parts",
              list(object("kind", TEXT, "tokens", WHOLE, "usd_per_million", MONEY, "usd", MONEY))),
          "record",
          CALL);

  private static final Schema SUPPOSED =
      object(
          "calls",
          WHOLE,
          "moved",
          WHOLE,
          "newly_refused",
          WHOLE,
          "no_longer_refused",
          WHOLE,
          "newly_failed",
          WHOLE,
          "no_longer_failed",
          WHOLE,
          "cost_usd",
          object(
              "before", MONEY,
              "after", MONEY,
              "difference", TEXT,
              "unknown_before", WHOLE,
              "unknown_after", WHOLE,
              "guessed", WHOLE),
          "latency_ms",
          object(
              "before",
              object("p50", WHOLE.orNull(), "p95", WHOLE.orNull()).orNull(),
              "after",
              object("p50", WHOLE.orNull(), "p95", WHOLE.orNull()).orNull(),
              "unknown",
              WHOLE));

  private static final Schema WHAT_IF =
      object(
          "since",
          TIME,
          "until",
          TIME,
          "whole",
          FLAG,
          "seen",
          WHOLE,
          "calls",
          WHOLE,
          "routes",
          list(object("from", TEXT, "to", TEXT, "calls", WHOLE)),
          "newly_refused_by",
          list(ANY),
          "no_longer_refused_by",
          list(ANY),
          "missing_models",
          list(object("model", TEXT, "calls", WHOLE)),
          "missing_apps",
          list(object("app", TEXT, "calls", WHOLE)),
          "not_replayed",
          list(object("why", TEXT, "calls", WHOLE)),
          "tenants",
          list(SUPPOSED),
          "not_held",
          list(TEXT),
          "nearly",
          WHOLE);

  private static final Schema USAGE =
      object(
          "start?", TIME,
          "tenant?", TEXT.orNull(),
          "app?", TEXT.orNull(),
          "use_case?", TEXT.orNull(),
          "user?", TEXT.orNull(),
          "model?", TEXT.orNull(),
          "provider?", TEXT.orNull(),
          "kind?", TEXT.orNull(),
          "calls", WHOLE,
          "cost_usd", MONEY,
          "input", WHOLE,
          "output", WHOLE,
          "cache_read", WHOLE,
          "cache_write", WHOLE,
          "reasoning", WHOLE);

  private static final Schema SCOPES =
      object(
          "models?", list(TEXT),
          "endpoints?", list(TEXT),
          "tools?", list(TEXT),
          "addresses?", list(TEXT));

  private static final Schema KEY = key();

  private static final Schema MADE_KEY =
      key("key?", TEXT, "access_key_id?", TEXT, "secret_access_key?", TEXT);

  private final Routes.Around around;
  private final List<Operation> table = new ArrayList<>();

  private Administration(Routes.Around around) {
    this.around = around;
  }

  private static Schema key(Object... more) {
    var members =
        new ArrayList<Object>(
            List.of(
                "id", TEXT,
                "name", TEXT.orNull(),
                "kind", oneOf("bearer", "aws"),
                "prefix", TEXT,
                "created", TIME.orNull(),
                "expires", TIME.orNull(),
                "last_use", TIME.orNull(),
                "scopes", SCOPES,
                "source", oneOf("store", "file")));
    members.addAll(List.of(more));
    return object(members.toArray());
  }

  static List<Operation> of(Routes.Around around, Providers providers) {
    var all = new Administration(around);
    all.providers(providers);
    all.routing();
    all.calls();
    all.keys();
    all.table.addAll(PolicyAdmin.of(around));
    all.table.addAll(ReportAdmin.of(around));
    all.table.addAll(around.admin());
    return new OpenApi("/admin/v1", Version.CONTRACT).described(all.table);
  }

  private void providers(Providers providers) {
    get("/providers", "Lists the providers and how they are.", page(PROVIDER), providers.list());
    table.add(
        Operation.post(
            "/providers/{name}/check",
            "Asks a provider for a sign of life, and says what it answered.",
            CHECKED,
            providers.check(Builtins.OPENAI, around.check())));
    get(
        "/catalogue",
        "Says which catalogue of models is in force.",
        object("version", TEXT, "models", WHOLE, "file", TEXT.orNull()),
        exchange -> exchange.answer(Answer.json(200, catalogue()), Map.of()));
  }

  private void routing() {
    get(
        "/shadows",
        "Lists how callers fared beside their shadows.",
        page(ANY),
        exchange -> {
          ObjectNode body = Json.object().set("data", around.shadow().comparisons());
          exchange.answer(Answer.json(200, body.putNull("next")), Map.of());
        });
    var arms = new Arms(Builtins.OPENAI, around.rollouts()::all, around.rollouts()::resume);
    get("/rollouts", "Lists how canaries and variants do.", page(ROLLOUT), arms.list());
    table.add(
        Operation.post(
            "/rollouts/{model*}/resume",
            "Goes on with a canary that was stopped.",
            ROLLOUT,
            arms.resume()));
    table.add(
        Operation.post(
                "/route",
                "Says where a call would go now, and why, without asking anybody.",
                object("target", TEXT.orNull(), "decision", list(ANY).orNull(), "variant?", TEXT),
                new WhereTo(this::standpoint, Builtins.LANGUAGES).endpoint(Builtins.OPENAI))
            .of(
                object(
                    "tenant?", TEXT,
                    "app?", TEXT,
                    "model?", TEXT,
                    "terms?", Schema.map(ANY),
                    "request?", Schema.map(ANY)))
            .asking());
  }

  private void calls() {
    var calls =
        new Calls(
            around.records(), id -> around.storage().store().opinions().of(id), Builtins.OPENAI);
    table.add(
        Operation.get(
                "/calls", "Lists records of calls, the newest first.", page(CALL), calls.list())
            .with(query("from", TIME, "Only calls that began then or later."))
            .with(query("to", TIME, "Only calls that began before."))
            .with(query("tenant", TEXT, "Only calls of that tenant."))
            .with(query("app", TEXT, "Only calls of apps of that name."))
            .with(query("model", TEXT, "Only calls that asked for that model."))
            .with(
                query(
                    "kind", TEXT, "Only calls that failed so; `ok` for those that were answered."))
            .with(Operation.PAGES));
    table.add(
        Operation.get("/calls/{id}", "Shows the record of one call.", CALL, calls.one())
            .with(query("tenant", TEXT, "Only if it is a call of that tenant.")));
    table.add(
        Operation.get(
                "/calls/{id}/explain",
                "Tells what happened to a call, in sentences.",
                STORY,
                calls.story(this::price))
            .with(query("tenant", TEXT, "Only if it is a call of that tenant.")));
    table.add(
        Operation.post(
                "/whatif",
                "Says what a configuration would have made of recorded calls, without asking anybody.",
                WHAT_IF,
                new WhatIf(around.candidates(), around.records(), Builtins.OPENAI).endpoint())
            .of(
                object(
                    "config", TEXT,
                    "file?", TEXT,
                    "since?", TEXT,
                    "until?", TIME,
                    "tenant?", TEXT,
                    "limit?", WHOLE))
            .asking());
    var usage = new UsageReport(around.stored(), Builtins.OPENAI);
    table.add(
        Operation.get("/usage", "Adds up what calls used.", page(USAGE), usage.endpoint())
            .with(
                query(
                    "group_by",
                    TEXT,
                    "A row for each value of these, with commas between them: "
                        + String.join(", ", Records.UsageQuestion.COLUMNS)
                        + "."))
            .with(query("tenant", TEXT, "Only calls of that tenant."))
            .with(query("from", TIME, "Only calls that began then or later."))
            .with(query("to", TIME, "Only calls that began before."))
            .with(query("interval", oneOf("hour", "day"), "A row for each of these, in UTC."))
            .with(
                query(
                    "limit",
                    WHOLE,
                    "The most rows of one answer, up to " + Records.UsageQuestion.MOST + "."))
            .with(query("cursor", TEXT, "`next` of the answer before.")));
  }

  private void keys() {
    String path = "/tenants/{t}/apps/{a}/keys";
    var ring = new CallerRing(around.live(), around.storage(), around.directory());
    table.addAll(
        new AdminKeys(Builtins.OPENAI, ring, Register.ADMIN, InstantSource.system()).operations());
    var keys = new Keys(Builtins.OPENAI, ring);
    table.add(
        Operation.get(path, "Lists the keys of an app.", page(KEY), keys.list())
            .with(Operation.PAGES));
    table.add(
        Operation.create(path, "Makes a key, which is shown this once.", MADE_KEY, keys.create())
            .of(
                object(
                    "name?", TEXT.orNull(),
                    "kind?", oneOf("bearer", "aws"),
                    "expires?", TIME.orNull(),
                    "scopes?", SCOPES.orNull())));
    table.add(
        Operation.delete(
            path + "/{id*}", "Ends a key, within a second on every node.", keys.delete()));
    table.add(
        Operation.create(
                path + "/{id}/rotate",
                "Makes another key in a key's place, which ends after the overlap.",
                MADE_KEY,
                keys.rotate())
            .of(object("overlap?", TEXT)));
  }

  private void get(String path, String summary, Schema answer, Endpoint endpoint) {
    table.add(Operation.get(path, summary, answer, endpoint));
  }

  private ObjectNode catalogue() {
    Gateway live = around.live().get();
    ObjectNode body = Json.object();
    body.put("version", live.catalogue().version()).put("models", live.catalogue().models());
    return body.put("file", live.config().pricing().catalogue().map(Path::toString).orElse(null));
  }

  /** Of a target, by its provider's name of it. */
  private Optional<Price> price(String target) {
    return around
        .live()
        .get()
        .models()
        .find(target)
        .filter(model -> model.targets().size() == 1)
        .map(model -> model.targets().getFirst().price());
  }

  /** All of one configuration, also where another takes its place meanwhile. */
  private WhereTo.Standpoint standpoint() {
    Gateway live = around.live().get();
    return new WhereTo.Standpoint(
        live.config().apps().isEmpty()
            ? live.callerOf(Caller.FIRST.tenant(), Caller.FIRST.app(), Caller.FIRST.keyId())
            : Optional.empty(),
        (tenant, app) -> live.callerOf(tenant, app, ""),
        live.deciding());
  }
}
