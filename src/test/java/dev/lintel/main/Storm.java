package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Json;
import dev.lintel.Soon;
import dev.lintel.main.Crowd.Leaver;
import dev.lintel.main.Crowd.Seen;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;

/**
 * A gateway that is killed at random points, as with {@code kill -9}, and started again on what it
 * had, over and over. Afterwards it is counted whether it has kept its word: exactly one record of
 * each call whose end a caller has seen, budgets that have spent what the records cost, a chain of
 * evidence that is whole, nothing of those who were erased.
 */
final class Storm implements AutoCloseable {
  /** When it is killed. */
  private enum Moment {
    /** While many ask. */
    LOADED,
    /** Before it listens, or just then. */
    STARTING,
    /** While it brings to the store what the journal has. */
    BRINGING
  }

  private static final List<Moment> MOMENTS =
      List.of(
          Moment.LOADED,
          Moment.LOADED,
          Moment.LOADED,
          Moment.LOADED,
          Moment.STARTING,
          Moment.BRINGING);

  private static final int CALLERS = 16;
  private static final int LONGEST_START_MS = 2500;
  private static final int LONGEST_BRINGING_MS = 300;
  private static final Pattern TORN =
      Pattern.compile("^lintel_records_lost_total (\\S+)$", Pattern.MULTILINE);

  /**
   * What came of it, where all is well.
   *
   * @param calls whose end a caller has seen
   * @param answered of them, with 200
   * @param streams of them
   * @param records that are there
   * @param unseen of them, those of calls whose end nobody saw: a kill came before
   * @param torn places of the journal where a kill has left half of a record, of such calls
   * @param erasures that were begun, and are done
   * @param chain what {@code lintel audit verify --records} says
   */
  record Tally(
      Map<Moment, Integer> kills,
      int calls,
      int answered,
      int streams,
      int records,
      int unseen,
      long torn,
      int erasures,
      String chain,
      long seconds) {}

  private record Row(String tenant, String app, int status, BigDecimal cost) {}

  private final Path folder;
  private final Node node;
  private final int longestLoadMillis;
  private final Random random;
  private final Crowd crowd = new Crowd(CALLERS);
  private final Map<Moment, Integer> kills = new TreeMap<>();
  private long torn;

  /**
   * @param more of the configuration, such as a database
   * @param kills about as many as are to come
   * @param longestLoadMillis before a kill
   */
  Storm(Path folder, String more, int kills, int longestLoadMillis, long seed) {
    this.folder = folder;
    this.longestLoadMillis = longestLoadMillis;
    random = new Random(seed);
    // It is spent when the storm is half over, about.
    String little = BigDecimal.valueOf((long) kills * longestLoadMillis / 100, 2).toPlainString();
    node = new Node(folder, Crowd.YAML.formatted(more, little));
  }

  /** Throws {@link AssertionError} where something does not hold. */
  Tally rage(int times) throws Exception {
    try {
      return raged(times);
    } catch (AssertionError | UncheckedIOException fault) {
      List<String> said = node.said().lines().filter(line -> !line.startsWith("{")).toList();
      System.out.println(
          String.join("\n", said.subList(Math.max(0, said.size() - 60), said.size())));
      throw fault;
    }
  }

  private Tally raged(int times) throws Exception {
    long begun = System.nanoTime();
    for (int kill = 0; kill < times; kill++) {
      Moment moment = kill == 0 ? Moment.LOADED : MOMENTS.get(random.nextInt(MOMENTS.size()));
      switch (moment) {
        case LOADED -> {
          comesBack();
          int before = crowd.seen().size();
          crowd.ask(node.url(), kill, random);
          // On a machine that does much else, the first answer may take long.
          Soon.until(() -> crowd.seen().size() > before);
          pause(longestLoadMillis);
        }
        case STARTING -> pause(LONGEST_START_MS);
        case BRINGING -> {
          comesBack();
          pause(LONGEST_BRINGING_MS);
        }
      }
      node.kill();
      crowd.rest();
      kills.merge(moment, 1, Integer::sum);
      node.launch();
    }
    comesBack();
    return counted(begun);
  }

  private void pause(int mostMillis) {
    long micros = random.nextInt(mostMillis * 1000);
    long until = System.nanoTime() + TimeUnit.MICROSECONDS.toNanos(micros);
    for (long left = 1; left > 0; left = until - System.nanoTime()) {
      LockSupport.parkNanos(left);
    }
  }

  /** From its first moment on, what was spent stays spent. */
  private void comesBack() {
    node.listening();
    var least = new HashMap<String, BigDecimal>();
    for (Seen one : crowd.seen()) {
      one.cost().ifPresent(cost -> least.merge(one.app(), cost, BigDecimal::add));
    }
    Map<String, BigDecimal> spent = spent();
    least.forEach((app, cost) ->
        assertThat(spent.getOrDefault(app, cost)).as(app).isGreaterThanOrEqualTo(cost));
    Matcher metric = TORN.matcher(node.get("/metrics", Node.ADMIN).body());
    assertThat(metric.find()).isTrue();
    torn += (long) Double.parseDouble(metric.group(1));
  }

  private Tally counted(long begun) throws IOException, InterruptedException {
    try {
      Soon.until(() -> agree(spent(), used()));
    } catch (AssertionError never) {
      throw new AssertionError("budgets: " + spent() + ", records: " + used(), never);
    }
    int erasures = erased();
    Map<String, Row> records = records();
    everyEndHasItsRecord(records);
    leaversAreGone(records);
    Map<String, BigDecimal> sums = sums(records);
    // Of who was erased the sums have more than the records.
    sums.keySet().removeAll(Set.of(Crowd.LEAVERS, Crowd.LEAVERS_APP));
    assertThat(agree(sums, used())).as("%s %s", sums, used()).isTrue();
    List<Seen> seen = List.copyOf(crowd.seen());
    int known = (int) seen.stream().filter(one -> records.containsKey(one.id())).count();
    int unseen = records.size() - known;
    assertThat(unseen).isLessThanOrEqualTo(kills.get(Moment.LOADED) * (CALLERS + 1));
    return new Tally(
        kills,
        seen.size(),
        (int) seen.stream().filter(one -> one.status() == 200).count(),
        (int) seen.stream().filter(Seen::stream).count(),
        records.size(),
        unseen,
        torn,
        erasures,
        verified(),
        TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - begun));
  }

  /** What the budgets say: of each app, and of each tenant that has one. */
  private Map<String, BigDecimal> spent() {
    var spent = new TreeMap<String, BigDecimal>();
    for (JsonNode row : node.admin("/budgets").path("data")) {
      String whose = row.path("app").asString(row.path("tenant").asString(""));
      var amount = new BigDecimal(row.path("spent").asString());
      BigDecimal other = spent.putIfAbsent(whose, amount);
      assertThat(other == null || other.compareTo(amount) == 0).as("%s", row).isTrue();
    }
    return spent;
  }

  /** What the sums of records say of the same. */
  private Map<String, BigDecimal> used() {
    var used = new TreeMap<String, BigDecimal>();
    for (JsonNode row : asked("/usage?group_by=tenant,app").path("data")) {
      add(used, row.path("tenant").asString(""), row.path("app").asString(""), cost(row));
    }
    return used;
  }

  /** What stands in the store, which may have to be waited for. */
  private JsonNode asked(String path) {
    HttpResponse<String> reply =
        Soon.found(() -> node.get("/admin/v1" + path, Node.ADMIN), got -> got.statusCode() != 503);
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
    return Json.parse(reply.body());
  }

  private static Map<String, BigDecimal> sums(Map<String, Row> records) {
    var sums = new TreeMap<String, BigDecimal>();
    records.values().forEach(row -> add(sums, row.tenant, row.app, row.cost));
    return sums;
  }

  private static void add(
      Map<String, BigDecimal> sums, String tenant, String app, BigDecimal cost) {
    sums.merge(tenant, cost, BigDecimal::add);
    sums.merge(app, cost, BigDecimal::add);
  }

  private static BigDecimal cost(JsonNode row) {
    return new BigDecimal(row.path("cost_usd").asString("0"));
  }

  private static boolean agree(Map<String, BigDecimal> these, Map<String, BigDecimal> all) {
    return these.entrySet().stream()
        .allMatch(
            one -> one.getValue().compareTo(all.getOrDefault(one.getKey(), BigDecimal.ZERO)) == 0);
  }

  /** Throws where there are two of one call. */
  private Map<String, Row> records() {
    var records = new HashMap<String, Row>();
    var twice = new ArrayList<String>();
    String next = "";
    do {
      JsonNode page = asked("/calls?limit=1000" + next);
      for (JsonNode record : page.path("data")) {
        String id = record.path("request_id").asString();
        var row =
            new Row(
                record.path("tenant").asString(""),
                record.path("app").asString(""),
                record.path("status").asInt(),
                cost(record));
        if (records.put(id, row) != null) {
          twice.add(id);
        }
      }
      next = page.path("next").isNull() ? "" : "&cursor=" + page.path("next").asString();
    } while (!next.isEmpty());
    assertThat(twice).as("recorded twice").isEmpty();
    return records;
  }

  private void everyEndHasItsRecord(Map<String, Row> records) {
    Set<String> leaving = new HashSet<>();
    crowd.leavers().forEach(leaver -> leaving.addAll(leaver.calls()));
    var lost = new ArrayList<Seen>();
    var different = new ArrayList<String>();
    for (Seen one : crowd.seen()) {
      Row row = records.get(one.id());
      if (row == null && !leaving.contains(one.id())) {
        lost.add(one);
      } else if (row != null
          && (row.status != one.status()
              || !row.app.equals(one.app())
              || one.cost().filter(cost -> cost.compareTo(row.cost) != 0).isPresent())) {
        different.add(one + " " + row);
      }
    }
    assertThat(lost).as("calls without a record, of %s", crowd.seen().size()).isEmpty();
    assertThat(different).isEmpty();
  }

  /** Returns how many have been begun, once all of them are done. */
  private int erased() {
    String path = "/tenants/" + Crowd.LEAVERS + "/erasures";
    return Soon.found(
            () -> asked(path).path("data"),
            all -> all.valueStream().allMatch(one -> one.path("state").asString().equals("done")))
        .size();
  }

  private void leaversAreGone(Map<String, Row> records) {
    for (Leaver leaver : crowd.leavers()) {
      long there = leaver.calls().stream().filter(records::containsKey).count();
      if (leaver.promised()) {
        assertThat(there).as("%s", leaver).isZero();
        for (String id : leaver.calls()) {
          String payload = "/admin/v1/calls/" + id + "/payload";
          assertThat(node.get(payload, Node.ADMIN).statusCode()).as("%s", leaver).isEqualTo(404);
        }
      } else {
        assertThat(there).as("all or nothing of %s", leaver).isIn(0L, (long) leaver.calls().size());
      }
    }
  }

  /** By the command, in a process of its own. */
  private String verified() throws IOException, InterruptedException {
    var builder =
        new ProcessBuilder(
                ThisJava.JAVA,
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                ThisJava.CLASSES,
                Main.class.getName(),
                "audit",
                "verify",
                "--records",
                "--url",
                node.url().toString())
            .directory(folder.toFile())
            .redirectErrorStream(true);
    builder.environment().put("LINTEL_ADMIN_KEY", Node.ADMIN);
    Process process = builder.start();
    String said =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    assertThat(process.waitFor()).as(said).isZero();
    return said;
  }

  @Override
  public void close() throws Exception {
    node.close();
    crowd.rest();
    crowd.close();
  }
}
