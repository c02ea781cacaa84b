package dev.lintel.ledger;

import static dev.lintel.ledger.CountersContract.DAY;
import static dev.lintel.ledger.CountersContract.MINUTE;
import static dev.lintel.ledger.CountersContract.TOTAL;
import static dev.lintel.ledger.CountersContract.account;
import static dev.lintel.ledger.CountersContract.claim;
import static dev.lintel.ledger.CountersContract.granted;
import static dev.lintel.ledger.CountersContract.money;
import static dev.lintel.ledger.CountersContract.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lintel.Account;
import dev.lintel.Counters;
import dev.lintel.Counters.Charge;
import dev.lintel.Counters.Claim;
import dev.lintel.Counters.Grant;
import dev.lintel.Failure;
import dev.lintel.Measure;
import dev.lintel.Span;
import io.lettuce.core.KillArgs;
import io.lettuce.core.RedisClient;
import io.lettuce.core.api.sync.RedisCommands;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Several nodes on a real Redis, and what becomes of the counts when one of them is not there. */
class SharedCountersTest {
  private static final long CENT = 10_000_000_000L;
  private static final RedisCounters.Pace QUICK =
      new RedisCounters.Pace(Duration.ofSeconds(5), Duration.ofMillis(50), Duration.ofSeconds(1));

  private static <T> T redis(RealRedis real, Function<RedisCommands<String, String>, T> asked) {
    try (var client = RedisClient.create(real.url());
        var connection = client.connect()) {
      return asked.apply(connection.sync());
    }
  }

  private static long spent(Counters counters, Account account) {
    return counters.levels(List.of(account)).getFirst().spent();
  }

  private static long reserved(Counters counters, Account account) {
    return counters.levels(List.of(account)).getFirst().reserved();
  }

  /**
   * Calls of a cent each whose bound is a little above that, as Admit makes them: who may wait
   * does.
   */
  private static int call(List<RedisCounters> nodes, Account account, int calls)
      throws InterruptedException {
    var answered = new AtomicLong();
    var threads = new ArrayList<Thread>();
    for (int i = 0; i < calls; i++) {
      RedisCounters node = nodes.get(i % nodes.size());
      threads.add(
          Thread.ofVirtual()
              .start(() -> {
                var claims = List.of(new Claim(account, CENT + CENT / 5, CENT));
                Counters.Taken taken = node.take(claims);
                while (taken instanceof Counters.Short missing && missing.held()) {
                  Thread.yield();
                  taken = node.take(claims);
                }
                if (taken instanceof Grant grant) {
                  answered.incrementAndGet();
                  grant.settle(new long[] {CENT});
                }
              }));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    return answered.intValue();
  }

  @Test
  void of_five_hundred_calls_on_three_nodes_a_hundred_spend_all_there_is() throws Exception {
    try (var nodes = new Nodes(RealRedis.shared().url())) {
      var three = List.of(nodes.start(), nodes.start(), nodes.start());
      Account day = money("a", 100 * CENT, DAY);
      assertThat(call(three, day, 500)).isEqualTo(100);
      nodes.settled();
      for (RedisCounters node : three) {
        assertThat(spent(node, day)).isEqualTo(100 * CENT);
        assertThat(reserved(node, day)).isZero();
      }
    }
  }

  @Test
  void what_another_node_gives_back_or_leaves_is_told_to_who_waits_here() {
    try (var nodes = new Nodes(RealRedis.shared().url())) {
      nodes.pace = QUICK;
      RedisCounters one = nodes.start();
      RedisCounters other = nodes.start();
      var told = new AtomicLong();
      other.hear(told::incrementAndGet);
      Account day = money("a", 2 * CENT, DAY);
      Grant grant = granted(one, claim(day, 2 * CENT));
      assertThat(refused(other, claim(day, CENT)).held()).isTrue();
      grant.settle(new long[] {CENT});
      Nodes.until(() -> told.get() > 0);
      granted(one, claim(day, CENT));
      long before = told.get();
      assertThat(refused(other, claim(day, CENT)).held()).isTrue();
      nodes.kill(one);
      Nodes.until(() -> told.get() > before);
      granted(other, claim(day, CENT)).settle(new long[] {0});
    }
  }

  @Test
  void amounts_above_what_a_double_knows_are_exact() {
    try (var nodes = new Nodes(RealRedis.shared().url())) {
      RedisCounters node = nodes.start();
      long nineMillions = 9_000_000L * 1_000_000_000_000L;
      Account total = money("a", nineMillions, TOTAL);
      granted(node, claim(total, nineMillions - 3)).settle(new long[] {nineMillions - 3});
      nodes.settled();
      assertThat(spent(node, total)).isEqualTo(nineMillions - 3);
      assertThat(refused(node, claim(total, 4)).left()).isEqualTo(3);
      assertThat(granted(node, claim(total, 2)).left(0)).isEqualTo(1);
      granted(node, claim(total, 1)).settle(new long[] {1});
      nodes.settled();
      assertThat(spent(node, total)).isEqualTo(nineMillions - 2);
      assertThat(reserved(node, total)).isEqualTo(2);
    }
  }

  @Test
  void sums_of_large_amounts_are_those_of_exact_arithmetic() {
    try (var nodes = new Nodes(RealRedis.shared().url())) {
      RedisCounters node = nodes.start();
      Account total = money("a", Long.MAX_VALUE, TOTAL);
      var random = new Random(11);
      long expected = 0;
      for (int i = 0; i < 300; i++) {
        long bound = random.nextLong(1L << (1 + random.nextInt(53)));
        long used = bound == 0 ? 0 : random.nextLong(bound + 1);
        granted(node, claim(total, bound)).settle(new long[] {used});
        expected += used;
      }
      nodes.settled();
      assertThat(spent(node, total)).isEqualTo(expected);
      assertThat(reserved(node, total)).isZero();
    }
  }

  @Test
  void a_call_makes_one_exchange_at_its_entry_and_one_after_it() {
    try (var redis = RealRedis.own();
        var nodes = new Nodes(redis.url())) {
      RedisCounters node = nodes.start();
      Claim[] claims = {
        claim(account("a", Measure.REQUESTS, 1000, MINUTE), 1),
        claim(account("a", Measure.TOKENS, 1_000_000, MINUTE), 100),
        claim(account("a", Measure.CONCURRENT, 5, new Span.Now()), 1),
        claim(money("a", 100 * CENT, DAY), CENT),
        claim(money("b", 100 * CENT, TOTAL), CENT),
      };
      granted(node, claims).settle(new long[] {1, 50, 1, CENT, CENT});
      nodes.settled();
      long before = runs(redis);
      for (int i = 0; i < 50; i++) {
        granted(node, claims).settle(new long[] {1, 50, 1, CENT, CENT});
      }
      nodes.settled();
      // A beat may come between.
      assertThat(runs(redis) - before).isBetween(100L, 102L);
    }
  }

  private static long runs(RealRedis redis) {
    String statistics = redis(redis, commands -> commands.info("commandstats"));
    return statistics
        .lines()
        .filter(line -> line.startsWith("cmdstat_evalsha:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("[^:]*:calls=(\\d+).*", "$1")))
        .sum();
  }

  @Test
  void what_a_dead_node_has_reserved_is_free() {
    try (var nodes = new Nodes(RealRedis.shared().url())) {
      nodes.pace = QUICK;
      RedisCounters dying = nodes.start();
      RedisCounters other = nodes.start();
      Account day = money("a", 100, DAY);
      Account slots = account("a", Measure.CONCURRENT, 2, new Span.Now());
      Account tokens = account("a", Measure.TOKENS, 100, new Span.Rolling(Duration.ofDays(1)));
      granted(other, claim(tokens, 30)).settle(new long[] {30});
      granted(dying, claim(day, 90), claim(slots, 2), claim(tokens, 70));
      refused(other, claim(day, 20));
      refused(other, claim(slots, 1));
      refused(other, claim(tokens, 1));
      nodes.kill(dying);
      Nodes.until(() -> reserved(other, day) == 0);
      granted(other, claim(day, 100), claim(slots, 2), claim(tokens, 70));
      refused(other, claim(tokens, 1));
    }
  }

  @Test
  void a_node_that_was_taken_for_dead_comes_back_and_corrupts_nothing() {
    try (var nodes = new Nodes(RealRedis.shared().url())) {
      RedisCounters paused = nodes.start();
      RedisCounters other = nodes.start();
      Account day = money("a", 100, DAY);
      Grant before = granted(paused, claim(day, 60));
      // As if it had not been heard of for long, and somebody else had noticed.
      redis(RealRedis.shared(), commands -> commands.del("{" + nodes.tag() + "}:nodes"));
      granted(other, claim(day, 10)).settle(new long[] {10});
      granted(paused, claim(day, 5)).settle(new long[] {5});
      nodes.settled();
      assertThat(reserved(other, day)).isEqualTo(60);
      before.settle(new long[] {20});
      nodes.settled();
      assertThat(spent(other, day)).isEqualTo(35);
      assertThat(reserved(other, day)).isZero();
    }
  }

  @Test
  void a_forgotten_script_is_loaded_again_and_nothing_is_lost_or_counted_twice() throws Exception {
    try (var redis = RealRedis.own();
        var nodes = new Nodes(redis.url())) {
      var two = List.of(nodes.start(), nodes.start());
      Account day = money("a", 1000 * CENT, DAY);
      var flusher =
          Thread.ofVirtual()
              .start(() -> {
                for (int i = 0; i < 20; i++) {
                  redis(redis, commands -> commands.scriptFlush());
                }
              });
      assertThat(call(two, day, 600)).isEqualTo(600);
      flusher.join();
      // On a busy machine one may have gone on alone meanwhile.
      Nodes.until(() -> two.stream().allMatch(node -> node.status().connected()));
      nodes.settled();
      assertThat(spent(two.getFirst(), day)).isEqualTo(600 * CENT);
      assertThat(reserved(two.getFirst(), day)).isZero();
    }
  }

  @Test
  void a_spent_budget_stays_spent_when_redis_comes_back_empty() throws Exception {
    try (var redis = RealRedis.own();
        var nodes = new Nodes(redis.url())) {
      var two = List.of(nodes.start(), nodes.start());
      Account day = money("a", 100 * CENT, DAY);
      Account spent = money("b", 10 * CENT, TOTAL);
      assertThat(call(two, day, 40)).isEqualTo(40);
      assertThat(call(two, spent, 20)).isEqualTo(10);
      nodes.settled();
      two.forEach(node -> assertThat(spent(node, day)).isEqualTo(40 * CENT));
      two.forEach(node -> assertThat(spent(node, spent)).isEqualTo(10 * CENT));
      redis.stop();
      Nodes.until(() -> two.stream().noneMatch(node -> node.status().connected()));
      // Each has half of what was left, but for what others may have begun, and none of what was
      // not.
      assertThat(call(two, spent, 10)).isZero();
      assertThat(call(two, day, 10)).isEqualTo(10);
      int alone = call(two.subList(0, 1), day, 100);
      assertThat(alone).isBetween(1, 25);
      redis.start();
      Nodes.until(() -> two.stream().allMatch(node -> node.status().connected()));
      nodes.settled();
      assertThat(spent(two.getFirst(), spent)).isEqualTo(10 * CENT);
      assertThat(spent(two.getFirst(), day)).isEqualTo((50 + alone) * CENT);
      assertThat(call(two, day, 100)).isEqualTo(50 - alone);
    }
  }

  @Test
  void what_nodes_were_telling_redis_when_it_was_lost_adds_up() throws Exception {
    try (var redis = RealRedis.own();
        var nodes = new Nodes(redis.url())) {
      var two = List.of(nodes.start(), nodes.start());
      Account day = money("a", 1000 * CENT, DAY);
      assertThat(call(two, day, 40)).isEqualTo(40);
      nodes.settled();
      List<Grant> grants = two.stream().map(node -> granted(node, claim(day, 15 * CENT))).toList();
      redis(redis, commands -> commands.clientPause(60_000));
      grants.forEach(grant -> grant.settle(new long[] {15 * CENT}));
      redis.stop();
      redis.start();
      Nodes.until(() -> two.stream().allMatch(node -> node.status().connected()));
      nodes.settled();
      two.forEach(node -> assertThat(spent(node, day)).isEqualTo(70 * CENT));
    }
  }

  @Test
  void who_comes_back_first_leaves_the_others_their_parts() throws Exception {
    try (var first = RealRedis.own();
        var second = RealRedis.own();
        var ofOne = new Relay(first.port());
        var ofOther = new Relay(first.port());
        var nodes = new Nodes(ofOne.url())) {
      RedisCounters one = nodes.start();
      nodes.url = ofOther.url();
      RedisCounters other = nodes.start();
      Account day = money("a", 1000 * CENT, DAY);
      Claim most = claim(day, 700 * CENT);
      assertThat(call(List.of(one, other), day, 20)).isEqualTo(20);
      nodes.settled();
      Nodes.until(() -> one.status().nodes() == 2 && other.status().nodes() == 2);
      first.stop();
      ofOne.cut();
      ofOther.cut();
      Nodes.until(() -> !one.status().connected() && !other.status().connected());
      assertThat(call(List.of(other), day, 100)).isEqualTo(100);
      ofOne.lead(second.port());
      Nodes.until(() -> one.status().connected());
      assertThat(refused(one, most).held()).isTrue();
      ofOther.lead(second.port());
      Nodes.until(() -> one.take(List.of(most)) instanceof Grant);
      assertThat(spent(other, day)).isEqualTo(120 * CENT);
    }
  }

  @Test
  void what_the_database_heard_of_first_is_not_counted_twice() throws Exception {
    try (var redis = RealRedis.own();
        var nodes = new Nodes(redis.url())) {
      var two = List.of(nodes.start(), nodes.start());
      Account day = money("a", 100 * CENT, DAY);
      assertThat(call(two, day, 10)).isEqualTo(10);
      nodes.settled();
      two.forEach(node -> assertThat(spent(node, day)).isEqualTo(10 * CENT));
      redis.stop();
      Nodes.until(() -> two.stream().noneMatch(node -> node.status().connected()));
      assertThat(call(two, day, 20)).isEqualTo(20);
      // The first that comes back finds in the database what both have spent.
      nodes.database.add(new Charge(day.id(), Instant.parse("2026-11-21T00:00:00Z"), 30 * CENT));
      redis.start();
      Nodes.until(() -> two.stream().allMatch(node -> node.status().connected()));
      nodes.settled();
      assertThat(spent(two.getFirst(), day)).isEqualTo(30 * CENT);
    }
  }

  @Test
  void calls_under_way_keep_what_they_have_reserved_when_redis_comes_back_empty() {
    try (var redis = RealRedis.own();
        var nodes = new Nodes(redis.url())) {
      RedisCounters node = nodes.start();
      Account day = money("a", 100, DAY);
      Account slots = account("a", Measure.CONCURRENT, 3, new Span.Now());
      Grant before = granted(node, claim(day, 30), claim(slots, 1));
      redis.stop();
      Nodes.until(() -> !node.status().connected());
      Grant meanwhile = granted(node, claim(day, 20), claim(slots, 1));
      redis.start();
      Nodes.until(() -> node.status().connected());
      assertThat(reserved(node, day)).isEqualTo(50);
      assertThat(reserved(node, slots)).isEqualTo(2);
      before.settle(new long[] {25, 1});
      meanwhile.settle(new long[] {15, 1});
      nodes.settled();
      assertThat(spent(node, day)).isEqualTo(40);
      assertThat(reserved(node, day)).isZero();
      assertThat(reserved(node, slots)).isZero();
    }
  }

  @Test
  void limits_are_shared_among_the_nodes_while_redis_is_away_and_known_to_it_afterwards()
      throws Exception {
    try (var redis = RealRedis.own();
        var nodes = new Nodes(redis.url())) {
      nodes.pace = QUICK;
      var two = List.of(nodes.start(), nodes.start());
      Nodes.until(() -> two.stream().allMatch(node -> node.status().nodes() == 2));
      Account requests = account("a", Measure.REQUESTS, 10, MINUTE);
      Account one = account("b", Measure.CONCURRENT, 1, new Span.Now());
      redis.stop();
      for (RedisCounters node : two) {
        Nodes.until(() -> !node.status().connected());
        for (int i = 0; i < 5; i++) {
          granted(node, claim(requests, 1)).settle(new long[] {1});
        }
        refused(node, claim(requests, 1));
        granted(node, claim(one, 1)).settle(new long[] {1});
      }
      redis.start();
      Nodes.until(() -> two.stream().allMatch(node -> node.status().connected()));
      nodes.settled();
      refused(two.getFirst(), claim(requests, 1));
    }
  }

  @Test
  void what_calls_hold_when_redis_goes_is_nobody_elses_share() {
    try (var redis = RealRedis.own();
        var nodes = new Nodes(redis.url())) {
      nodes.pace = QUICK;
      RedisCounters one = nodes.start();
      RedisCounters other = nodes.start();
      Nodes.until(() -> one.status().nodes() == 2);
      Account day = money("a", 100, DAY);
      Grant ofOther = granted(other, claim(day, 40));
      Grant ofOne = granted(one, claim(day, 20));
      Grant ended = granted(one, claim(day, 10));
      redis.stop();
      ended.settle(new long[] {10});
      Nodes.until(() -> !one.status().connected());
      Grant share = granted(one, claim(day, 15));
      refused(one, claim(day, 1));
      ofOne.settle(new long[] {5});
      granted(one, claim(day, 15)).settle(new long[] {15});
      refused(one, claim(day, 1));
      share.settle(new long[] {15});
      ofOther.settle(new long[] {40});
      redis.start();
      Nodes.until(() -> one.status().connected() && other.status().connected());
      nodes.settled();
      assertThat(spent(one, day)).isEqualTo(85);
      assertThat(reserved(one, day)).isZero();
    }
  }

  @Test
  void who_shall_refuse_without_redis_says_so_and_when_to_come_back() {
    try (var redis = RealRedis.own();
        var nodes = new Nodes(redis.url())) {
      nodes.whenAway = RedisCounters.WhenAway.REFUSE;
      RedisCounters node = nodes.start();
      Account day = money("a", 100, DAY);
      Grant before = granted(node, claim(day, 30));
      redis.stop();
      assertThatThrownBy(() -> node.take(List.of(claim(day, 1))))
          .isInstanceOfSatisfying(
              Failure.class,
              failure -> {
                assertThat(failure.kind()).isEqualTo(Failure.Kind.UNAVAILABLE);
                assertThat(failure.retryAfter()).contains(Duration.ofSeconds(1));
              });
      before.settle(new long[] {10});
      redis.start();
      Nodes.until(() -> node.status().connected());
      nodes.settled();
      assertThat(spent(node, day)).isEqualTo(10);
    }
  }

  @Test
  void a_start_does_not_wait_for_a_redis_that_is_away() {
    try (var redis = RealRedis.own()) {
      redis.stop();
      try (var nodes = new Nodes(redis.url())) {
        RedisCounters node = nodes.begin();
        Account day = money("a", 100, DAY);
        node.atLeast(List.of(new Charge(day.id(), Instant.parse("2026-11-21T00:00:00Z"), 70)));
        granted(node, claim(day, 30)).settle(new long[] {30});
        refused(node, claim(day, 1));
        redis.start();
        Nodes.until(() -> node.status().connected());
        nodes.settled();
        assertThat(spent(node, day)).isEqualTo(100);
      }
    }
  }

  @Test
  void what_is_spent_beside_redis_is_brought_to_it_from_the_database() {
    try (var nodes = new Nodes(RealRedis.shared().url())) {
      nodes.pace = QUICK;
      RedisCounters node = nodes.start();
      Account day = money("a", 100, DAY);
      granted(node, claim(day, 10)).settle(new long[] {10});
      nodes.database.add(new Charge(day.id(), Instant.parse("2026-11-21T00:00:00Z"), 60));
      Nodes.until(() -> spent(node, day) == 60);
    }
  }

  @Test
  void a_redis_that_comes_back_empty_in_mid_load_knows_in_the_end_what_was_spent()
      throws Exception {
    try (var redis = RealRedis.own();
        var nodes = new Nodes(redis.url())) {
      nodes.pace = QUICK;
      var two = List.of(nodes.start(), nodes.start());
      Account day = money("a", 100_000 * CENT, DAY);
      var outage =
          Thread.ofPlatform()
              .start(() -> {
                for (int i = 0; i < 3; i++) {
                  redis.stop();
                  redis.start();
                }
              });
      int answered = 0;
      while (outage.isAlive()) {
        answered += call(two, day, 200);
      }
      answered += call(two, day, 200);
      Nodes.until(() -> two.stream().allMatch(node -> node.status().connected()));
      nodes.settled();
      // What nobody can know who was cut off in the middle is in the database.
      assertThat(spent(two.getFirst(), day)).isLessThanOrEqualTo(answered * CENT);
      long all = answered * CENT;
      nodes.database.add(new Charge(day.id(), Instant.parse("2026-11-21T00:00:00Z"), all));
      Nodes.until(() -> spent(two.getFirst(), day) == all);
      assertThat(reserved(two.getFirst(), day)).isZero();
    }
  }

  @Test
  void a_connection_that_is_cut_in_mid_load_loses_no_count_and_counts_nothing_twice()
      throws Exception {
    try (var redis = RealRedis.own();
        var nodes = new Nodes(redis.url())) {
      var two = List.of(nodes.start(), nodes.start());
      Account day = money("a", 100_000 * CENT, DAY);
      var cutting =
          Thread.ofPlatform()
              .start(() -> {
                for (int i = 0; i < 20; i++) {
                  redis(
                      redis,
                      commands -> commands.clientKill(KillArgs.Builder.typeNormal().skipme()));
                }
              });
      int answered = 0;
      while (cutting.isAlive()) {
        answered += call(two, day, 100);
      }
      answered += call(two, day, 100);
      Nodes.until(() -> two.stream().allMatch(node -> node.status().connected()));
      nodes.settled();
      assertThat(spent(two.getFirst(), day)).isEqualTo(answered * CENT);
      assertThat(reserved(two.getFirst(), day)).isZero();
    }
  }

  private static void promote(RealRedis replica) {
    redis(replica, RedisCommands::replicaofNoOne);
  }

  private static void follow(RealRedis replica, RealRedis primary) {
    redis(replica, commands -> commands.replicaof("127.0.0.1", primary.port()));
    Nodes.until(
        () -> redis(replica, commands -> commands.info("replication")).contains("link_status:up"));
  }

  /** All that was in flight when the replica took over, at the most. */
  private static final int AT_ONCE = 100;

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void a_replica_that_is_promoted_in_mid_load_lets_pass_no_more_than_was_in_flight(boolean cut)
      throws Exception {
    try (var first = RealRedis.own();
        var second = RealRedis.own();
        var relay = new Relay(first.port());
        var nodes = new Nodes(relay.url())) {
      nodes.pace = QUICK;
      follow(second, first);
      var two = List.of(nodes.start(), nodes.start());
      Account large = money("large", 1_000_000 * CENT, DAY);
      Account small = money("small", 1_500 * CENT, DAY);
      int ofLarge = call(two, large, AT_ONCE);
      int ofSmall = call(two, small, AT_ONCE);
      var over =
          Thread.ofPlatform()
              .start(() -> {
                promote(second);
                relay.lead(second.port());
                if (cut) {
                  first.stop();
                  relay.cut();
                } else {
                  // Connections stay, and what is written there is refused.
                  redis(first, commands -> commands.replicaof("127.0.0.1", second.port()));
                }
              });
      while (over.isAlive()) {
        ofLarge += call(two, large, AT_ONCE);
        ofSmall += call(two, small, AT_ONCE);
      }
      Nodes.until(() -> two.stream().allMatch(node -> node.status().connected()));
      for (int i = 0; i < 16; i++) {
        ofLarge += call(two, large, AT_ONCE);
        ofSmall += call(two, small, AT_ONCE);
      }
      Nodes.until(() -> two.stream().allMatch(node -> node.status().connected()));
      nodes.settled();
      assertThat(ofSmall).isBetween(1_500, 1_500 + AT_ONCE);
      Instant today = Instant.parse("2026-11-21T00:00:00Z");
      nodes.database.add(new Charge(large.id(), today, ofLarge * CENT));
      nodes.database.add(new Charge(small.id(), today, ofSmall * CENT));
      long allLarge = ofLarge * CENT;
      long allSmall = ofSmall * CENT;
      Nodes.until(() ->
          spent(two.getFirst(), large) >= allLarge && spent(two.getFirst(), small) >= allSmall);
      for (RedisCounters node : two) {
        assertThat(spent(node, large)).isEqualTo(allLarge);
        assertThat(spent(node, small)).isEqualTo(allSmall);
        assertThat(reserved(node, large)).isZero();
        assertThat(reserved(node, small)).isZero();
      }
    }
  }

  @Test
  void what_was_used_while_redis_took_nothing_is_told_once_it_does_however_long_that_was() {
    try (var first = RealRedis.own();
        var second = RealRedis.own();
        var nodes = new Nodes(first.url())) {
      RedisCounters node = nodes.start();
      Account day = money("a", 100, DAY);
      Grant grant = granted(node, claim(day, 30));
      redis(first, commands -> commands.replicaof("127.0.0.1", second.port() + 1));
      grant.settle(new long[] {20});
      Nodes.until(() -> !node.status().connected());
      // It comes back more often than a message is sent that is not understood.
      redis(
          first,
          commands -> {
            long before = connections(commands);
            Nodes.until(() -> connections(commands) > before + 10);
            return before;
          });
      assertThat(node.status().connected()).isFalse();
      promote(first);
      Nodes.until(() -> node.status().connected());
      nodes.settled();
      assertThat(spent(node, day)).isEqualTo(20);
      assertThat(reserved(node, day)).isZero();
    }
  }

  private static long connections(RedisCommands<String, String> commands) {
    return commands
        .info("stats")
        .lines()
        .filter(line -> line.startsWith("total_connections_received:"))
        .mapToLong(line -> Long.parseLong(line.substring(line.indexOf(':') + 1).strip()))
        .sum();
  }
}
