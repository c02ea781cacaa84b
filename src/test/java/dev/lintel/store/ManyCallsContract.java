package dev.lintel.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.CallRecords;
import dev.lintel.Ids;
import dev.lintel.Json;
import dev.lintel.Records;
import dev.lintel.Records.Entry;
import dev.lintel.Records.UsageQuestion;
import dev.lintel.Records.UsageRow;
import dev.lintel.Store;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

/** However a question is answered quickly, the answer is that of looking at every record. */
interface ManyCallsContract {
  /** A day before a new block of days begins. */
  Instant FIRST = Instant.parse("2026-11-09T22:13:14.567Z");

  Duration TIME = Duration.ofHours(60);

  /** A fresh one. */
  Store store();

  /** One call, and what is asked of it. */
  record Made(
      String id,
      Instant time,
      String tenant,
      String app,
      String model,
      String provider,
      String kind,
      long input) {
    Entry entry(long position) {
      String json =
          "{\"request_id\":\"%s\",\"time\":\"%s\",\"tenant\":\"%s\",\"app\":\"%s\",\"user\":\"%s\",\"model\":\"%s\",\"target\":%s,\"kind\":%s,\"usage\":{\"input\":%d,\"source\":\"provider\"},\"cost_usd\":\"0.000000000003\",\"attempts\":[]}"
              .formatted(
                  id,
                  time,
                  tenant,
                  app,
                  user(),
                  model,
                  provider.isEmpty() ? "null" : "\"" + provider + "/m\"",
                  kind.isEmpty() ? "null" : "\"" + kind + "\"",
                  input);
      return new Entry(position, json.getBytes(StandardCharsets.UTF_8), List.of());
    }

    String user() {
      return "u" + input % 7;
    }

    String word(String column) {
      return switch (column) {
        case "user" -> user();
        case "tenant" -> tenant;
        case "app" -> app;
        case "model" -> model;
        case "provider" -> provider;
        case "kind" -> kind;
        default -> throw new AssertionError(column);
      };
    }
  }

  private static Instant time(Random random) {
    return FIRST.plusNanos(random.nextLong(TIME.toNanos() / 1000) * 1000);
  }

  /** Few are of the last word of each kind, and most within one hour. */
  private static List<Made> some(Random random, int count) {
    var made = new ArrayList<Made>();
    for (int i = 0; i < count; i++) {
      Instant time = time(random);
      if (random.nextInt(3) > 0) {
        time = FIRST.plus(Duration.ofHours(20)).plusMillis(random.nextLong(3_600_000));
      }
      made.add(
          new Made(
              Ids.request(time),
              time,
              one(random, "t", "u", "v"),
              one(random, "a", "b", "c"),
              one(random, "m", "n", "other", "o"),
              one(random, "p", "q", ""),
              one(random, "", "", "timeout", "not_found"),
              random.nextInt(1000)));
    }
    return made;
  }

  private static String one(Random random, String... words) {
    double low = random.nextDouble();
    return words[(int) (words.length * low * low * low)];
  }

  private void add(List<Made> made) {
    add(made, 0, made.size(), 400);
  }

  private void add(List<Made> made, int from, int to, int together) {
    for (int i = from; i < to; i += together) {
      var batch = new ArrayList<Entry>();
      for (int k = i; k < Math.min(to, i + together); k++) {
        batch.add(made.get(k).entry(k));
      }
      store().records().add("j", batch);
    }
  }

  private void tidy() {
    ((SqlRecords) store().records()).tidy();
  }

  private static Optional<String> maybe(Random random, String... words) {
    return random.nextInt(3) == 0
        ? Optional.of(words[random.nextInt(words.length)])
        : Optional.empty();
  }

  private static Predicate<Made> fits(CallRecords.Question asked) {
    return made ->
        !made.time.isBefore(asked.from())
            && asked.to().map(made.time::isBefore).orElse(true)
            && asked.tenant().map(made.tenant::equals).orElse(true)
            && asked.app().map(made.app::equals).orElse(true)
            && asked.model().map(made.model::equals).orElse(true)
            && asked.kind().map(made.kind::equals).orElse(true);
  }

  private List<String> all(CallRecords.Question first) {
    var ids = new ArrayList<String>();
    Optional<String> cursor = Optional.empty();
    do {
      CallRecords.Page page =
          store()
              .records()
              .list(
                  new CallRecords.Question(
                      first.from(),
                      first.to(),
                      first.tenant(),
                      first.app(),
                      first.model(),
                      first.kind(),
                      cursor,
                      first.limit()));
      assertThat(page.records()).hasSizeLessThanOrEqualTo(first.limit());
      page.records().forEach(record -> ids.add(Json.parse(record).path("request_id").asString()));
      cursor = page.next();
    } while (cursor.isPresent());
    return ids;
  }

  private static List<String> ids(List<Made> made, Predicate<Made> fits) {
    return made.stream().filter(fits).map(Made::id).sorted(Comparator.reverseOrder()).toList();
  }

  @Test
  default void any_list_is_that_of_looking_at_every_record() {
    var random = new Random(3);
    List<Made> made = some(random, 2500);
    add(made);
    for (int i = 0; i < 150; i++) {
      if (i == 75) {
        tidy();
      }
      boolean bounded = random.nextInt(3) == 0;
      var asked =
          new CallRecords.Question(
              bounded ? time(random) : Instant.EPOCH,
              bounded ? Optional.of(time(random)) : Optional.empty(),
              maybe(random, "t", "u", "v", "nobody"),
              maybe(random, "a", "b", "c"),
              maybe(random, "m", "n", "other", "o", "nothing"),
              maybe(random, "", "timeout", "not_found", "internal"),
              Optional.empty(),
              20 + random.nextInt(200));
      assertThat(all(asked)).as(asked.toString()).isEqualTo(ids(made, fits(asked)));
    }
  }

  @Test
  default void calls_of_models_that_nobody_knows_are_listed_however_many_names_they_have() {
    var made = new ArrayList<Made>();
    Instant time = FIRST;
    for (int i = 0; i < 7000; i++) {
      time = time.plusMillis(3);
      String app = i % 500 == 0 ? "rare" : "a";
      made.add(new Made(Ids.request(time), time, "t", app, "junk-" + i, "", "not_found", 0));
      if (i % 10 == 0) {
        made.add(new Made(Ids.request(time), time, "t", "a", "m", "p", "", 1));
      }
    }
    add(made);
    for (CallRecords.Question asked :
        List.of(
            question("rare", null, "not_found", 5),
            question("rare", null, null, 3),
            question(null, "junk-6543", null, 10),
            question(null, "junk-6543", "not_found", 1),
            question(null, "m", null, 400),
            question(null, null, "not_found", 5000))) {
      assertThat(all(asked)).as(asked.toString()).isEqualTo(ids(made, fits(asked)));
    }
  }

  private static CallRecords.Question question(
      @org.jspecify.annotations.Nullable String app,
      @org.jspecify.annotations.Nullable String model,
      @org.jspecify.annotations.Nullable String kind,
      int limit) {
    return new CallRecords.Question(
        Instant.EPOCH,
        Optional.empty(),
        Optional.empty(),
        Optional.ofNullable(app),
        Optional.ofNullable(model),
        Optional.ofNullable(kind),
        Optional.empty(),
        limit);
  }

  @Test
  default void any_usage_is_that_of_adding_up_every_record_page_by_page() {
    var random = new Random(4);
    List<Made> made = some(random, 2500);
    add(made, 0, 1500, 30);
    usages(random, made.subList(0, 1500));
    tidy();
    usages(random, made.subList(0, 1500));
    // They come late: days and hours have been put together.
    add(made, 1500, 2500, 100);
    usages(random, made);
    tidy();
    usages(random, made);
  }

  private void usages(Random random, List<Made> made) {
    List<String> columns = List.of("tenant", "app", "user", "model", "provider", "kind");
    for (int i = 0; i < 60; i++) {
      List<String> by = columns.stream().filter(column -> random.nextInt(3) == 0).toList();
      if (random.nextInt(4) == 0) {
        by = List.of(columns.get(random.nextInt(columns.size())));
      }
      boolean bounded = random.nextInt(2) == 0;
      Instant from =
          bounded ? time(random).truncatedTo(java.time.temporal.ChronoUnit.MILLIS) : FIRST;
      Instant to = from.plusMillis(random.nextLong(i % 2 == 0 ? 5_000_000 : 150_000_000));
      int hours = new int[] {0, 1, 5, 24}[random.nextInt(4)];
      var asked =
          new UsageQuestion(
              by,
              maybe(random, "t", "v"),
              bounded ? Optional.of(from) : Optional.empty(),
              bounded ? Optional.of(to) : Optional.empty(),
              hours == 0 ? Optional.empty() : Optional.of(Duration.ofHours(hours)),
              Optional.empty(),
              1 + random.nextInt(40));
      assertThat(sums(asked)).as(asked.toString()).isEqualTo(sums(made, asked));
    }
  }

  private Map<String, List<Long>> sums(UsageQuestion first) {
    var sums = new HashMap<String, List<Long>>();
    Optional<Records.UsagePlace> after = Optional.empty();
    do {
      Records.UsagePage page =
          store()
              .records()
              .usage(
                  new UsageQuestion(
                      first.by(),
                      first.tenant(),
                      first.from(),
                      first.to(),
                      first.interval(),
                      after,
                      first.limit()));
      assertThat(page.rows()).hasSizeLessThanOrEqualTo(first.limit());
      for (UsageRow row : page.rows()) {
        String key = row.start().map(Instant::toString).orElse("") + row.values();
        assertThat(sums.put(key, List.of(row.calls(), row.input(), row.picoUsd()))).isNull();
      }
      after = page.next();
    } while (after.isPresent());
    return sums;
  }

  private static Map<String, List<Long>> sums(List<Made> made, UsageQuestion asked) {
    var sums = new TreeMap<String, List<Long>>();
    long step = asked.interval().map(Duration::toMillis).orElse(0L);
    for (Made one : made) {
      if (asked.tenant().map(one.tenant::equals).orElse(true)
          && asked.from().map(from -> !one.time.isBefore(from)).orElse(true)
          && asked.to().map(one.time::isBefore).orElse(true)) {
        long start = one.time.toEpochMilli();
        String key =
            (step == 0 ? "" : Instant.ofEpochMilli(start - Math.floorMod(start, step)))
                + ""
                + asked.by().stream().map(one::word).toList();
        sums.merge(
            key,
            List.of(1L, one.input, 3L),
            (a, b) -> List.of(a.get(0) + b.get(0), a.get(1) + b.get(1), a.get(2) + b.get(2)));
      }
    }
    return sums;
  }
}
