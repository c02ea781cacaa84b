package dev.lintel.filter;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Call;
import dev.lintel.CallThread;
import dev.lintel.Chunk;
import dev.lintel.Credential;
import dev.lintel.Event;
import dev.lintel.Failure;
import dev.lintel.Failure.Kind;
import dev.lintel.Fakes;
import dev.lintel.Leave;
import dev.lintel.Limits;
import dev.lintel.Model;
import dev.lintel.Part;
import dev.lintel.Profile;
import dev.lintel.Provider;
import dev.lintel.Ranking;
import dev.lintel.Rate;
import dev.lintel.Routing;
import dev.lintel.Sink;
import dev.lintel.Target;
import dev.lintel.Terms;
import dev.lintel.Timeouts;
import dev.lintel.VirtualTime;
import dev.lintel.route.Standings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Random;
import org.junit.jupiter.api.Test;

class QueueTest {
  private static final Duration MINUTE = Duration.ofMinutes(1);

  private final VirtualTime time = new VirtualTime();
  private final Standings standings = new Standings(time, time.wall());
  private final List<Event.Waited.End> ends = new ArrayList<>();
  private final Queues queues =
      new Queues((trail, event) -> {
        if (event instanceof Event.Waited waited) {
          ends.add(waited.end());
        }
      });
  private final Failover failover = new Failover((trail, event) -> {}, queues);

  /** What happened: {@code name began at second}, or how it failed. */
  private final List<String> log = new ArrayList<>();

  private final Map<String, Failure> failures = new HashMap<>();
  private final Map<String, Integer> underWay = new HashMap<>();
  private final Map<String, Integer> most = new HashMap<>();

  @Test
  void calls_wait_for_room_and_are_served_as_they_came() {
    Model model = model(10, MINUTE, target("p", 2));
    for (int i = 0; i < 6; i++) {
      call("c" + i, model, 2);
    }
    time.run();
    assertThat(log).containsExactly("c0 0", "c1 0", "c2 2", "c3 2", "c4 4", "c5 4");
    assertThat(most).containsEntry("p", 2);
    nobodyWaits();
  }

  @Test
  void the_more_urgent_are_served_first() {
    Model model = model(10, MINUTE, target("p", 1));
    call("first", model, 2);
    call("low", model, 2, "low");
    call("normal", model, 2);
    call("high", model, 2, "high");
    call("other", model, 2, "normal");
    time.run();
    assertThat(log).containsExactly("first 0", "high 2", "normal 4", "other 6", "low 8");
  }

  @Test
  void no_newcomer_overtakes_who_waits() {
    Model model = model(10, MINUTE, target("p", 1));
    call("first", model, 2);
    call("waits", model, 2);
    // They come at the very moment at which there is room.
    at(2, () -> call("equal", model, 2));
    at(2, () -> call("less", model, 2, "low"));
    at(4, () -> call("more", model, 2, "high"));
    time.run();
    assertThat(log).startsWith("first 0", "waits 2").endsWith("equal 6", "less 8").hasSize(5);
  }

  @Test
  void a_target_that_has_room_is_asked_at_once() {
    Model model = model(10, MINUTE, target("p", 1), target("q", 1));
    for (int i = 0; i < 4; i++) {
      call("c" + i, model, i == 1 ? 1 : 3);
    }
    time.run();
    assertThat(log).containsExactly("c0 0", "c1 0", "c2 1", "c3 3");
    nobodyWaits();
  }

  @Test
  void who_wants_another_target_than_those_who_wait_passes_them() {
    Target p = target("p", 1);
    Target q = target("q", 1);
    Model model = model(10, MINUTE, p, q);
    call("first", model.among(List.of(p)), 5);
    call("waits", model.among(List.of(p)), 5);
    call("other", model, 5);
    time.run();
    assertThat(log).containsExactly("first 0", "other 0", "waits 5");
  }

  @Test
  void a_full_queue_refuses_with_the_time_until_there_is_room() {
    Model model = model(2, MINUTE, target("p", 2));
    call("a", model, 4);
    call("b", model, 4);
    at(
        10,
        () -> {
          for (int i = 0; i < 5; i++) {
            call("c" + i, model, 4);
          }
        });
    time.run();
    assertThat(log)
        .containsExactly("a 0", "b 0", "c0 10", "c1 10", "c4 UNAVAILABLE 10", "c2 14", "c3 14");
    // 4 s a call, two at once, two before it.
    assertThat(failures.get("c4").retryAfter()).contains(Duration.ofSeconds(6));
    assertThat(failures.get("c4").getCause())
        .as("by which a fallback is chosen")
        .isInstanceOfSatisfying(
            Failure.class, why -> assertThat(why.kind()).isEqualTo(Kind.UPSTREAM_OVERLOADED));
    assertThat(ends)
        .containsExactly(Event.Waited.End.SHED, Event.Waited.End.SERVED, Event.Waited.End.SERVED);
  }

  @Test
  void a_full_queue_sheds_the_last_of_the_least_urgent_for_the_more_urgent() {
    Model model = model(3, MINUTE, target("p", 1));
    call("first", model, 2);
    call("low1", model, 2, "low");
    call("low2", model, 2, "low");
    call("normal", model, 2);
    call("low3", model, 2, "low");
    call("high", model, 2, "high");
    call("normal2", model, 2);
    call("normal3", model, 2);
    time.run();
    assertThat(log)
        .containsExactly(
            "first 0",
            "low3 UNAVAILABLE 0",
            "normal3 UNAVAILABLE 0",
            "low2 UNAVAILABLE 0",
            "low1 UNAVAILABLE 0",
            "high 2",
            "normal 4",
            "normal2 6");
    assertThat(failures.get("low1").retryAfter()).isPresent();
    nobodyWaits();
  }

  @Test
  void nobody_waits_longer_than_the_queue_allows() {
    Model model = model(10, Duration.ofSeconds(3), target("p", 1));
    call("first", model, 5);
    call("waits", model, 5);
    time.run();
    assertThat(log).containsExactly("first 0", "waits UNAVAILABLE 3");
    assertThat(failures.get("waits").retryAfter()).isPresent();
    assertThat(ends).containsExactly(Event.Waited.End.LATE);
    nobodyWaits();
  }

  @Test
  void a_call_whose_time_is_over_in_the_queue_is_late() {
    Model model = model(10, MINUTE, target("p", 1));
    call("first", model, 5);
    call("waits", model, 5, "normal", Duration.ofSeconds(2));
    call("behind", model, 1);
    time.run();
    assertThat(log).containsExactly("first 0", "waits TIMEOUT 2", "behind 5");
    assertThat(failures.get("waits").status()).isEqualTo(504);
    nobodyWaits();
  }

  @Test
  void who_cannot_be_served_in_time_is_not_kept_waiting() {
    Model model = model(10, MINUTE, target("p", 1));
    call("first", model, 5);
    at(
        10,
        () -> {
          call("second", model, 5);
          call("third", model, 5);
          call("hopeless", model, 5, "normal", Duration.ofSeconds(4));
          call("urgent", model, 5, "high", Duration.ofSeconds(6));
        });
    time.run();
    assertThat(log)
        .containsExactly("first 0", "second 10", "hopeless TIMEOUT 10", "urgent 15", "third 20");
  }

  @Test
  void who_leaves_gives_its_place_up() {
    Model model = model(10, MINUTE, target("p", 1));
    call("first", model, 5);
    CallThread leaving = call("leaves", model, 5);
    call("behind", model, 5);
    at(2, leaving::cancel);
    // At the moment at which it was woken for the room that it does not take.
    CallThread late = call("late", model, 5);
    call("last", model, 5);
    at(10, late::cancel);
    time.run();
    assertThat(log)
        .containsExactly(
            "first 0", "leaves CANCELLED 2", "behind 5", "late CANCELLED 10", "last 10");
    nobodyWaits();
  }

  @Test
  void without_a_queue_who_finds_no_room_is_refused_at_once() {
    Model model = Fakes.model(Fakes.retry(2), target("p", 1));
    call("first", model, 4);
    at(
        5,
        () -> {
          call("second", model, 4);
          call("third", model, 4);
        });
    time.run();
    assertThat(log).containsExactly("first 0", "second 5", "third UNAVAILABLE 5");
    assertThat(failures.get("third").retryAfter()).contains(Duration.ofSeconds(4));
    assertThat(failures.get("third").message()).contains("p/m").contains("under way");
  }

  @Test
  void nobody_waits_for_what_is_spent() {
    Provider limited =
        Fakes.provider("p").within(new Limits(List.of(new Rate(2, MINUTE)), List.of(), 0, 0));
    Model model = model(10, MINUTE, at(limited, 1));
    for (int i = 0; i < 3; i++) {
      call("c" + i, model, 2);
    }
    call("late", model, 2);
    time.run();
    assertThat(log.subList(0, 2)).containsExactly("c0 0", "c1 2");
    assertThat(log.subList(2, 4)).allMatch(line -> line.endsWith("UNAVAILABLE 4"));
    assertThat(failures.get("late").retryAfter().orElseThrow())
        .isBetween(Duration.ofSeconds(55), Duration.ofSeconds(58));
    nobodyWaits();
  }

  @Test
  void a_call_that_stays_with_its_targets_waits_for_them() {
    Target p = target("p", 1);
    Model model = model(10, MINUTE, p, target("q", 1));
    call("first", model.only(List.of(p)), 2);
    call("second", model.only(List.of(p)), 2);
    time.run();
    assertThat(log).containsExactly("first 0", "second 2");
  }

  @Test
  void room_that_another_model_gives_back_is_heard_of() {
    Target p = target("p", 1);
    call("other", Fakes.model(Fakes.retry(1), p), 3);
    call("waits", model(10, MINUTE, p), 3);
    time.run();
    assertThat(log).containsExactly("other 0", "waits 3");
  }

  @Test
  void nobody_is_forgotten_whatever_happens() {
    for (int seed = 0; seed < 40; seed++) {
      chaos(seed);
    }
  }

  private void chaos(int seed) {
    var random = new Random(seed);
    Provider shared =
        Fakes.provider("s" + seed, "k1", "k2")
            .within(
                new Limits(
                    seed % 3 == 0 ? List.of(new Rate(50, Duration.ofSeconds(10))) : List.of(),
                    List.of(),
                    4,
                    3));
    Target one = at(shared, 2);
    Target two = named(shared, "n", 3);
    Target three = target("t" + seed, 1);
    Model model = model("m" + seed, 8, Duration.ofSeconds(4), one, two, three);
    Model other = model("n" + seed, 3, Duration.ofSeconds(4), two);
    var words = List.of("high", "normal", "low");
    log.clear();
    int calls = 400;
    for (int i = 0; i < calls; i++) {
      String name = "c" + i;
      long millis = random.nextLong(30_000);
      long takes = random.nextLong(2_000);
      Model asked =
          switch (random.nextInt(4)) {
            case 0 -> other;
            case 1 -> model.among(List.of(one, three));
            default -> model;
          };
      var left = Duration.ofMillis(500 + random.nextLong(9_000));
      boolean leaves = random.nextInt(8) == 0;
      long patience = random.nextLong(3_000);
      String priority = words.get(random.nextInt(3));
      time.after(
          Duration.ofMillis(millis),
          () -> {
            CallThread thread =
                call(name, asked, Duration.ofMillis(takes), priority, left, random.nextInt(6) == 0);
            if (leaves) {
              time.after(Duration.ofMillis(patience), thread::cancel);
            }
          });
    }
    time.run();
    assertThat(log).as("each has one end, seed " + seed).hasSize(calls);
    assertThat(log.stream().filter(line -> line.contains(" INTERNAL"))).isEmpty();
    assertThat(most.getOrDefault(shared.name(), 0)).isLessThanOrEqualTo(4);
    assertThat(most.getOrDefault("t" + seed, 0)).isLessThanOrEqualTo(1);
    nobodyWaits();
    // Every bound is as if nobody had ever called.
    time.after(Duration.ofHours(2), () -> {});
    time.run();
    assertThat(one.standing().underWay() + two.standing().underWay()).isZero();
    var passes = new ArrayList<Leave.Pass>();
    for (int i = 0; i < 4; i++) {
      Target target = i < 2 ? one : two;
      Credential key = shared.credentials().get(i % 2);
      Leave leave = target.standing().insist(Fakes.call(model), key);
      assertThat(leave).isInstanceOf(Leave.Pass.class);
      passes.add((Leave.Pass) leave);
    }
    passes.forEach(Leave.Pass::unused);
  }

  private void nobodyWaits() {
    assertThat(queues.lengths().values()).allMatch(length -> length == 0);
    assertThat(underWay.values()).allMatch(calls -> calls == 0);
  }

  private Target target(String provider, int concurrent) {
    return at(Fakes.provider(provider), concurrent);
  }

  private Target at(Provider provider, int concurrent) {
    return named(provider, "m", concurrent);
  }

  private Target named(Provider provider, String model, int concurrent) {
    var bare = new Target(provider, model);
    return new Target(
        provider,
        model,
        new Profile(1, "", "", "", OptionalDouble.empty(), 0, concurrent),
        bare.facts(),
        standings.of(provider, model, concurrent));
  }

  private static Model model(int size, Duration longest, Target... targets) {
    return model("m", size, longest, targets);
  }

  private static Model model(String name, int size, Duration longest, Target... targets) {
    return new Model(
        name,
        List.of(targets),
        (call, all) -> Ranking.AS_WRITTEN,
        Timeouts.USUAL,
        Fakes.retry(3),
        Optional.empty(),
        new Routing(
            List.of(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.of(new Routing.Queueing(size, longest)),
            false,
            Map.of(),
            true));
  }

  private void at(int second, Runnable what) {
    time.after(Duration.ofSeconds(second), what);
  }

  private CallThread call(String name, Model model, int seconds) {
    return call(name, model, seconds, "normal");
  }

  private CallThread call(String name, Model model, int seconds, String priority) {
    return call(name, model, seconds, priority, Duration.ofMinutes(5));
  }

  private CallThread call(
      String name, Model model, int seconds, String priority, Duration longest) {
    return call(name, model, Duration.ofSeconds(seconds), priority, longest, false);
  }

  /** A call that its provider answers, or fails, after that time. */
  private CallThread call(
      String name,
      Model model,
      Duration takes,
      String priority,
      Duration longest,
      boolean failing) {
    return time.start(() -> {
      Call plain = Fakes.call(model);
      Call call =
          plain.with(
              plain.request(),
              new Terms(Map.of("priority", priority), false, Map.of(), false),
              Optional.empty(),
              model,
              CallThread.nanoTime() + longest.toNanos());
      String end = name + " ";
      try {
        failover.apply(
            call, chunk -> {}, (at, sink) -> answer(name, at, sink, takes, longest, failing));
        end = "";
      } catch (Failure failure) {
        failures.put(name, failure);
        end += failure.kind() + " " + second();
      } catch (RuntimeException bug) {
        end += "INTERNAL " + bug;
      }
      if (!end.isEmpty()) {
        log.removeIf(line -> line.startsWith(name + " "));
        log.add(end);
      }
    });
  }

  private void answer(
      String name, Call at, Sink sink, Duration takes, Duration longest, boolean failing) {
    String provider = at.target().orElseThrow().target().provider().name();
    log.removeIf(line -> line.startsWith(name + " "));
    log.add(name + " " + second());
    most.merge(provider, underWay.merge(provider, 1, Integer::sum), Math::max);
    try {
      CallThread.current().await(() -> false, CallThread.nanoTime() + takes.toNanos());
      if (failing) {
        throw Failure.of(Kind.UPSTREAM_ERROR, "no").upstream(500);
      }
      sink.emit(Chunk.of(new Part.Text("x")));
    } finally {
      underWay.merge(provider, -1, Integer::sum);
    }
  }

  private long second() {
    return Duration.ofNanos(CallThread.nanoTime()).toSeconds();
  }
}
