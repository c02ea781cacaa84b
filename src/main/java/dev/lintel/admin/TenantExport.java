package dev.lintel.admin;

import dev.lintel.Acts;
import dev.lintel.Admin;
import dev.lintel.Batch;
import dev.lintel.CallRecords;
import dev.lintel.Dialect;
import dev.lintel.Endpoint;
import dev.lintel.Exchange;
import dev.lintel.Failure;
import dev.lintel.Ids;
import dev.lintel.Json;
import dev.lintel.Opinion;
import dev.lintel.Payloads;
import dev.lintel.Records.UsagePage;
import dev.lintel.Records.UsagePlace;
import dev.lintel.Records.UsageQuestion;
import dev.lintel.Settings;
import dev.lintel.Settings.Difference;
import dev.lintel.Store;
import dev.lintel.StoredFile;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * All that is kept of a tenant as lines of JSON, {@code {type, …}} each, the last of which counts
 * them. No more than a page is ever held of it.
 */
public final class TenantExport {
  private static final int PAGE = 200;
  private static final byte[] NEW_LINE = {'\n'};

  /** Which word of a path, split at its slashes, names the tenant. */
  private static final int NAME = 4;

  /** What usage is summed up by for good, beside the tenant. */
  private static final List<String> COLUMNS =
      UsageQuestion.COLUMNS.stream().filter(column -> !column.equals("tenant")).toList();

  /**
   * Where it lies.
   *
   * @param records of all nodes
   * @param store may throw {@link Failure} {@code UNAVAILABLE}, as may what it has
   * @param settings the configuration as it may be shown
   */
  public record Sources(
      CallRecords records,
      Supplier<Store> store,
      Said said,
      Settings settings,
      Keys keys,
      Budgets budgets) {}

  private final Sources sources;
  private final InstantSource clock;
  private final Dialect envelope;

  /**
   * @param envelope in which failures are told
   */
  public TenantExport(Sources sources, InstantSource clock, Dialect envelope) {
    this.sources = sources;
    this.clock = clock;
    this.envelope = envelope;
  }

  /** Of the tenant {@code t} in the path: {@code ?from=&to=} of calls. It is an act. */
  public Endpoint endpoint() {
    return Pieces.answer(envelope, this::write);
  }

  private void write(Exchange exchange, Pieces out) {
    Listed.only(exchange.request(), "from", "to");
    String tenant = exchange.request().path().getOrDefault("t", "");
    // Up to a moment: what comes meanwhile is not a part of it.
    Instant now = clock.instant();
    Instant from = Listed.time(exchange.request(), "from").orElse(Instant.EPOCH);
    Instant to = Listed.time(exchange.request(), "to").orElse(now);
    if (to.isBefore(from)) {
      throw Failure.invalid("'to' must not be before 'from'.").at("to");
    }
    exchange.note(Json.object().put("from", from.toString()).put("to", to.toString()));
    var lines = new Lines(out);
    ObjectNode head = Json.object().put("tenant", tenant);
    head.put("from", from.toString()).put("to", to.toString()).put("made", now.toString());
    lines.add("export", head.put("by", exchange.admin().map(Admin::name).orElse("")));
    standing(tenant, lines);
    usage(tenant, from, to, lines);
    records(tenant, from, to, lines);
    payloads(tenant, from, to, lines);
    files(tenant, lines);
    if (!out.begun() && lines.nothing()) {
      throw Failure.of(
              Failure.Kind.NOT_FOUND,
              "There is no tenant '" + tenant + "', and nothing is kept of one.")
          .at("tenant")
          .code("tenant_not_found");
    }
    acts(tenant, lines);
    lines.end();
  }

  /** What was said of it, whatever its calls did. */
  private void standing(String tenant, Lines lines) {
    List<String> apps = sources.settings().names(List.of("tenants", tenant, "apps"));
    var policies = new TreeSet<String>();
    configuration(List.of("tenants", tenant), lines).ifPresent(found -> policies(found, policies));
    for (String app : apps) {
      configuration(List.of("tenants", tenant, "apps", app), lines)
          .ifPresent(found -> policies(found, policies));
    }
    for (String policy : policies) {
      configuration(List.of("policies", policy), lines);
    }
    for (String app : apps) {
      sources.keys().each(tenant, app, key -> lines.add("key", key.put("app", app)));
    }
    sources
        .budgets()
        .all(Optional.of(tenant))
        .path("data")
        .forEach(budget -> lines.add("budget", budget));
  }

  /** Adds the names of those that are named anywhere in it. */
  private static void policies(JsonNode written, Set<String> names) {
    JsonNode named = written.path("policy");
    names.add(named.asString(""));
    named.forEach(one -> names.add(one.asString("")));
    written.forEach(inner -> policies(inner, names));
  }

  private Optional<JsonNode> configuration(List<String> path, Lines lines) {
    Optional<JsonNode> found = sources.settings().find(path).map(Masked::of);
    found.ifPresent(value -> {
      ObjectNode line = Json.object().put("path", Difference.pointer(path));
      lines.add("configuration", line.set("value", value));
    });
    return found;
  }

  private void usage(String tenant, Instant from, Instant to, Lines lines) {
    Optional<UsagePlace> after = Optional.empty();
    do {
      UsagePage page =
          sources
              .store()
              .get()
              .records()
              .usage(
                  new UsageQuestion(
                      COLUMNS,
                      Optional.of(tenant),
                      Optional.of(from),
                      Optional.of(to),
                      Optional.of(Duration.ofDays(1)),
                      after,
                      PAGE));
      page.rows().forEach(row -> lines.add("usage", UsageReport.json(row, COLUMNS)));
      after = page.next();
    } while (after.isPresent());
  }

  private void records(String tenant, Instant from, Instant to, Lines lines) {
    Optional<String> cursor = Optional.empty();
    do {
      CallRecords.Page page =
          sources
              .records()
              .list(
                  new CallRecords.Question(
                      from,
                      Optional.of(to),
                      Optional.of(tenant),
                      Optional.empty(),
                      Optional.empty(),
                      Optional.empty(),
                      cursor,
                      PAGE));
      if (!page.whole()) {
        throw Failure.of(
            Failure.Kind.UNAVAILABLE, "The store is away, so that not all records can be had.");
      }
      var ids = new ArrayList<String>();
      for (byte[] json : page.records()) {
        JsonNode record = Json.parse(json);
        ids.add(record.path("request_id").asString(""));
        lines.add("record", record);
      }
      for (Opinion opinion : sources.store().get().opinions().of(ids)) {
        ObjectNode said = (ObjectNode) Json.parse(Json.bytes(opinion::write));
        lines.add("feedback", said.put("request_id", opinion.callId()));
      }
      cursor = page.next();
    } while (cursor.isPresent());
  }

  /** Apart from records: what was said may be kept for longer. */
  private void payloads(String tenant, Instant from, Instant to, Lines lines) {
    Optional<String> before = Optional.of(Ids.before(to));
    do {
      Payloads.Some some =
          sources
              .store()
              .get()
              .payloads()
              .some(Optional.of(tenant), from, before.get(), PAGE, clock.instant());
      for (String id : some.ids()) {
        sources.said().document(id).ifPresent(said -> lines.add("payload", said));
      }
      before = some.next();
    } while (before.isPresent());
  }

  private void files(String tenant, Lines lines) {
    Store store = sources.store().get();
    TenantExport.<StoredFile>paged(
        StoredFile::id,
        after -> store.files().list(tenant, Optional.empty(), true, after, PAGE),
        file -> lines.add("file", json(file)));
    TenantExport.<Batch>paged(
        Batch::id,
        after -> store.batches().list(tenant, "", after, PAGE),
        batch -> lines.add("batch", json(batch)));
    store.erasures().list(tenant).forEach(one -> lines.add("erasure", ErasureDesk.json(one)));
  }

  private static <T> void paged(
      Function<T, String> id, Function<String, List<T>> after, Consumer<T> each) {
    List<T> page = after.apply("");
    while (!page.isEmpty()) {
      page.forEach(each);
      page = page.size() < PAGE ? List.of() : after.apply(id.apply(page.getLast()));
    }
  }

  private static ObjectNode json(StoredFile file) {
    ObjectNode line = Json.object().put("id", file.id()).put("purpose", file.purpose());
    line.put("name", file.name()).put("bytes", file.bytes());
    line.put("created", file.created().toString());
    return line.put("expires", file.expires().map(Instant::toString).orElse(null));
  }

  private static ObjectNode json(Batch batch) {
    ObjectNode line = Json.object().put("id", batch.id()).put("app", batch.app());
    line.put("endpoint", batch.endpoint()).put("status", batch.status().word());
    line.put("created", batch.created().toString()).put("expires", batch.expires().toString());
    line.put("input", batch.input()).put("output", batch.output()).put("errors", batch.errors());
    line.putObject("counts")
        .put("total", batch.counts().total())
        .put("completed", batch.counts().completed())
        .put("failed", batch.counts().failed());
    batch.metadata().forEach(line.putObject("metadata")::put);
    batch.headers().forEach(line.putObject("headers")::put);
    return line;
  }

  /**
   * What admins did to it, and who has read what its calls said. Of acts that were about others,
   * too, only that they were.
   */
  private void acts(String tenant, Lines lines) {
    long before = Long.MAX_VALUE;
    List<Acts.Act> page;
    do {
      page = sources.store().get().acts().list(before, PAGE, Optional.empty());
      for (Acts.Act act : page) {
        if (isOf(tenant, act.what())) {
          lines.add("act", ActList.json(act));
        } else if (names(tenant, act.detail())) {
          lines.add("act", ActList.json(act).putNull("detail"));
        }
        before = act.number();
      }
    } while (page.size() == PAGE);
  }

  /** Whether its path is below that of the tenant. */
  private static boolean isOf(String tenant, String what) {
    String[] words = what.substring(what.indexOf(' ') + 1).split("/");
    try {
      return words.length > NAME
          && words[NAME - 1].equals("tenants")
          && URLDecoder.decode(words[NAME].replace("+", "%2B"), StandardCharsets.UTF_8)
              .equals(tenant);
    } catch (IllegalArgumentException noName) {
      return false;
    }
  }

  private static boolean names(String tenant, String detail) {
    if (!detail.contains(tenant)) {
      return false;
    }
    JsonNode said = Json.parse(detail);
    return said.path("tenant").asString("").equals(tenant) || said.path("tenants").has(tenant);
  }

  /** Lines by what they are. */
  private static final class Lines {
    private final Pieces out;
    private final TreeMap<String, Long> byType = new TreeMap<>();

    private Lines(Pieces out) {
      this.out = out;
    }

    void add(String type, JsonNode what) {
      byType.merge(type, 1L, Long::sum);
      line(Json.object().put("type", type).set(type, what));
    }

    private void line(JsonNode line) {
      out.accept(Json.bytes(line));
      out.accept(NEW_LINE);
    }

    /** But for its head. */
    boolean nothing() {
      return byType.size() == 1;
    }

    void end() {
      ObjectNode last = Json.object().put("type", "end");
      byType.forEach(last.putObject("lines")::put);
      line(last);
    }
  }
}
