package dev.lintel.filter;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Attempt;
import dev.lintel.Body;
import dev.lintel.Call;
import dev.lintel.CallThread;
import dev.lintel.Chat;
import dev.lintel.Chunk;
import dev.lintel.Credential;
import dev.lintel.Extra;
import dev.lintel.Facts;
import dev.lintel.Failure;
import dev.lintel.Failure.Kind;
import dev.lintel.Fakes;
import dev.lintel.Handler;
import dev.lintel.Headers;
import dev.lintel.Inbound;
import dev.lintel.Json;
import dev.lintel.Leave;
import dev.lintel.Lesson;
import dev.lintel.Model;
import dev.lintel.Part;
import dev.lintel.Price;
import dev.lintel.Prompt;
import dev.lintel.Ranking;
import dev.lintel.Request;
import dev.lintel.Retry;
import dev.lintel.Routing;
import dev.lintel.Setting;
import dev.lintel.Sink;
import dev.lintel.Standing;
import dev.lintel.Target;
import dev.lintel.Terms;
import dev.lintel.Timeouts;
import dev.lintel.Tool;
import dev.lintel.Usage;
import dev.lintel.VirtualTime;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

class HedgeTest {
  private static final Price CENT_A_TOKEN =
      new Price() {
        @Override
        public Optional<BigDecimal> cost(Usage usage) {
          return Optional.of(new BigDecimal("0.01").multiply(BigDecimal.valueOf(usage.total())));
        }

        @Override
        public ObjectNode json() {
          return Json.object().put("input", 1);
        }
      };

  private final VirtualTime time = new VirtualTime();
  private final List<String> log = new ArrayList<>();
  private final Map<String, Handler> scripts = new HashMap<>();
  private final Failover failover = new Failover((trail, event) -> {});
  private final List<String> learned = new ArrayList<>();
  private final Told one = new Told();
  private final Told two = new Told();
  private final Target slow = one.of("p", "slow");
  private final Target quick = two.of("q", "quick");
  private Optional<Duration> after = Optional.of(Duration.ofMillis(300));
  private double share = 1;
  private Duration left = Duration.ofSeconds(60);
  private Map<String, String> terms = Map.of();
  private int attempts = 3;

  /** A call that has ended. */
  private record Ended(Call call, String text, Optional<Failure> failure, long millis) {
    List<Optional<Kind>> kinds() {
      return call.trail().attempts().stream().map(Attempt::kind).toList();
    }

    List<String> targets() {
      return call.trail().attempts().stream().map(Attempt::target).toList();
    }
  }

  @Test
  void a_second_target_is_asked_where_the_first_is_late_and_answers_the_call() {
    scripts.put("slow", after(5000, "slow"));
    scripts.put("quick", after(100, "quick"));
    Ended ended = call();
    assertThat(ended.text()).isEqualTo("quick");
    assertThat(ended.millis()).isEqualTo(400);
    assertThat(ended.targets()).containsExactly("p/slow", "q/quick");
    assertThat(ended.kinds()).containsExactly(Optional.of(Kind.CANCELLED), Optional.empty());
    assertThat(ended.call().trail().target()).contains(quick);
    assertThat(log).containsExactly("ask slow 0", "ask quick 300", "cancelled slow 400");
    assertThat(learned).containsExactly("failed p/slow", "answered q/quick");
    assertThat(one.heard).containsExactly("outrun 400");
    assertThat(two.heard).containsExactly("answered 100");
  }

  @Test
  void the_first_may_still_win() {
    scripts.put("slow", after(350, "slow"));
    scripts.put("quick", after(100, "quick"));
    Ended ended = call();
    assertThat(ended.text()).isEqualTo("slow");
    assertThat(ended.targets()).as("as they began").containsExactly("p/slow", "q/quick");
    assertThat(ended.kinds()).containsExactly(Optional.empty(), Optional.of(Kind.CANCELLED));
    assertThat(ended.call().trail().target()).contains(slow);
    assertThat(log).contains("cancelled quick 350");
    assertThat(two.heard).containsExactly("outrun 50");
    assertThat(one.heard).containsExactly("answered 350");
    assertThat(learned).as("who began later was not slower").containsExactly("answered p/slow");
  }

  @Test
  void nobody_else_is_asked_where_the_first_is_in_time() {
    scripts.put("slow", after(200, "in time"));
    Ended ended = call();
    assertThat(ended.text()).isEqualTo("in time");
    assertThat(log).containsExactly("ask slow 0");
    assertThat(ended.call().trail().tries()).isEqualTo(1);
  }

  @Test
  void learned_times_say_when_a_target_is_late_and_without_them_nobody_is() {
    after = Optional.empty();
    scripts.put("slow", after(5000, "slow"));
    scripts.put("quick", after(100, "quick"));
    assertThat(call().text()).isEqualTo("slow");
    one.p95 = Duration.ofMillis(700).toNanos();
    assertThat(call().millis()).isEqualTo(800);
  }

  @Test
  void a_reply_is_relayed_as_it_comes_and_only_the_winners() {
    scripts.put(
        "slow",
        (call, sink) -> {
          sink.emit(Chunk.of(new Part.Start("slow", "")));
          sleep(5000);
          sink.emit(Chunk.of(new Part.Text("never")));
        });
    scripts.put(
        "quick",
        (call, sink) -> {
          sink.emit(Chunk.of(new Part.Start("quick", "")));
          for (int i = 0; i < 500; i++) {
            sink.emit(Chunk.of(new Part.Text("x")));
            if (i % 100 == 0) {
              sink.flush();
              sleep(10);
            }
          }
          sink.emit(Chunk.of(Usage.of(7, 500, Usage.Source.PROVIDER)));
        });
    var recorder = new Fakes.Recorder();
    Ended ended = call(request(List.of(), Map.of()), recorder);
    assertThat(ended.text()).hasSize(500);
    assertThat(
            recorder.chunks.stream()
                .filter(chunk -> chunk.parts().getFirst() instanceof Part.Start))
        .hasSize(1);
    assertThat(ended.millis()).isEqualTo(350);
  }

  @Test
  void the_loser_is_paid_for_what_it_reported() {
    scripts.put(
        "slow",
        (call, sink) -> {
          sink.emit(Chunk.of(new Part.Start("", ""), Usage.of(10, 1, Usage.Source.PROVIDER)));
          sleep(5000);
        });
    scripts.put(
        "quick",
        (call, sink) -> {
          sink.emit(Chunk.of(new Part.Text("hello")));
          sink.emit(Chunk.of(Usage.of(10, 5, Usage.Source.PROVIDER)));
        });
    Ended ended = call();
    assertThat(ended.call().trail().cost()).contains(new BigDecimal("0.26"));
    assertThat(ended.call().trail().usage()).isEqualTo(Usage.of(10, 5, Usage.Source.PROVIDER));
    assertThat(ended.call().trail().attempts())
        .extracting(Attempt::cost)
        .containsExactly(Optional.of(new BigDecimal("0.11")), Optional.of(new BigDecimal("0.15")));
  }

  @Test
  void where_one_fails_the_other_goes_on() {
    scripts.put("slow", after(1000, "slow"));
    scripts.put("quick", failing(100));
    Ended ended = call();
    assertThat(ended.text()).isEqualTo("slow");
    assertThat(ended.kinds())
        .containsExactly(Optional.empty(), Optional.of(Kind.UPSTREAM_UNAVAILABLE));
    log.clear();
    scripts.put("slow", failing(350));
    scripts.put("quick", after(500, "quick"));
    assertThat(call().text()).isEqualTo("quick");
    assertThat(log).containsExactly("ask slow 0", "ask quick 300");
  }

  @Test
  void where_both_fail_the_walk_goes_on_as_long_as_there_are_tries() {
    Target third = new Told().of("r", "third");
    scripts.put("slow", failing(350));
    scripts.put("quick", failing(350));
    scripts.put("third", after(50, "third"));
    assertThat(call(slow, quick, third).text()).isEqualTo("third");
    attempts = 2;
    Ended ended = call(slow, quick, third);
    assertThat(ended.failure().orElseThrow().kind()).isEqualTo(Kind.UPSTREAM_UNAVAILABLE);
    assertThat(ended.targets()).containsExactly("p/slow", "q/quick");
  }

  @Test
  void one_try_is_one_try() {
    attempts = 1;
    scripts.put("slow", after(1000, "slow"));
    assertThat(call().text()).isEqualTo("slow");
    assertThat(log).containsExactly("ask slow 0");
  }

  @Test
  void a_failure_before_it_is_late_leads_on_as_ever() {
    scripts.put("slow", failing(100));
    scripts.put("quick", after(100, "quick"));
    Ended ended = call();
    assertThat(ended.text()).isEqualTo("quick");
    assertThat(ended.millis()).isEqualTo(200);
    assertThat(one.heard).containsExactly("failed");
  }

  @Test
  void a_refusal_that_holds_everywhere_is_what_the_caller_hears() {
    scripts.put("slow", failing(1000));
    scripts.put(
        "quick",
        (call, sink) -> {
          throw Failure.invalid("no such thing").upstream(400);
        });
    Ended ended = call();
    assertThat(ended.failure().orElseThrow().kind()).isEqualTo(Kind.INVALID_REQUEST);
    assertThat(log).hasSize(2);
  }

  @Test
  void a_caller_who_leaves_ends_both() {
    scripts.put("slow", after(5000, "slow"));
    scripts.put("quick", after(5000, "quick"));
    var thread = new CallThread[1];
    time.after(Duration.ofMillis(500), () -> thread[0].cancel());
    Ended ended = call(request(List.of(), Map.of()), new Fakes.Recorder(), thread, slow, quick);
    assertThat(ended.failure().orElseThrow().kind()).isEqualTo(Kind.CANCELLED);
    assertThat(ended.kinds())
        .containsExactly(Optional.of(Kind.CANCELLED), Optional.of(Kind.CANCELLED));
    assertThat(log).contains("cancelled slow 500", "cancelled quick 500");
    assertThat(one.heard).containsExactly("left");
    assertThat(two.heard).containsExactly("left");
  }

  @Test
  void a_caller_who_does_not_read_ends_the_winner() {
    scripts.put("slow", after(5000, "slow"));
    scripts.put(
        "quick",
        (call, sink) -> {
          sink.emit(Chunk.of(new Part.Text("a")));
          sink.flush();
          sleep(5000);
        });
    Ended ended =
        call(
            request(List.of(), Map.of()),
            chunk -> {
              throw Failure.of(Kind.TIMEOUT, "not read").blame(Failure.Blame.NOBODY);
            });
    assertThat(ended.failure().orElseThrow().message()).isEqualTo("not read");
    assertThat(log).contains("cancelled slow 300", "cancelled quick 300");
    assertThat(two.heard).containsExactly("left");
  }

  @Test
  void the_calls_own_time_ends_both_and_blames_nobody() {
    left = Duration.ofSeconds(1);
    scripts.put("slow", after(5000, "slow"));
    scripts.put("quick", after(5000, "quick"));
    Ended ended = call();
    assertThat(ended.failure().orElseThrow().kind()).isEqualTo(Kind.TIMEOUT);
    assertThat(ended.millis()).isEqualTo(1000);
    assertThat(ended.kinds()).containsExactly(Optional.of(Kind.TIMEOUT), Optional.of(Kind.TIMEOUT));
    assertThat(one.heard).containsExactly("left");
    assertThat(two.heard).containsExactly("left");
  }

  @Test
  void a_time_that_ends_in_the_middle_of_the_reply_ends_it() {
    left = Duration.ofSeconds(1);
    scripts.put(
        "slow",
        (call, sink) -> {
          for (int i = 0; i < 100; i++) {
            sink.emit(Chunk.of(new Part.Text("x")));
            sink.flush();
            sleep(100);
          }
        });
    Ended ended = call();
    assertThat(ended.failure().orElseThrow().kind()).isEqualTo(Kind.TIMEOUT);
    assertThat(ended.text()).hasSizeBetween(9, 11);
    assertThat(ended.millis()).isEqualTo(1000);
  }

  @Test
  void a_second_target_in_trouble_is_not_asked() {
    two.barred = true;
    scripts.put("slow", after(1000, "slow"));
    assertThat(call().text()).isEqualTo("slow");
    assertThat(log).containsExactly("ask slow 0");
  }

  @Test
  void only_a_share_of_the_last_calls_is_asked_twice_but_one_at_least() {
    share = 0.1;
    scripts.put("slow", after(1000, "slow"));
    scripts.put("quick", after(10, "quick"));
    var answers = new ArrayList<String>();
    for (int i = 0; i < 250; i++) {
      answers.add(call().text());
    }
    assertThat(answers.getFirst()).as("one at least").isEqualTo("quick");
    for (int from = 0; from + 100 <= answers.size(); from += 10) {
      assertThat(answers.subList(from, from + 100).stream().filter("quick"::equals).count())
          .isBetween(9L, 10L);
    }
    assertThat(answers.subList(0, 19).stream().filter("quick"::equals)).hasSize(1);
  }

  @Test
  void a_second_that_could_not_be_asked_does_not_count() {
    share = 0.01;
    two.barred = true;
    scripts.put("slow", after(1000, "slow"));
    scripts.put("quick", after(10, "quick"));
    call();
    two.barred = false;
    assertThat(call().text()).isEqualTo("quick");
  }

  @Test
  void what_both_would_cost_must_be_within_what_the_call_may_cost() {
    scripts.put("slow", after(1000, "slow"));
    scripts.put("quick", after(10, "quick"));
    Request hundred = request(List.of(), Map.of(Setting.MAX_TOKENS, Json.parse("100")));
    terms = Map.of("max_cost_usd", "2.5");
    assertThat(call(hundred, new Fakes.Recorder()).text()).isEqualTo("quick");
    terms = Map.of("max_cost_usd", "1.5");
    assertThat(call(hundred, new Fakes.Recorder()).text()).isEqualTo("slow");
  }

  @Test
  void what_does_something_is_asked_once() {
    scripts.put("slow", after(1000, "slow"));
    scripts.put("quick", after(10, "quick"));
    Tool search = new Tool.Native(new Extra("openai", Json.object().put("type", "web_search")));
    assertThat(call(request(List.of(search), Map.of()), new Fakes.Recorder()).text())
        .isEqualTo("slow");
    for (String deed : List.of("store", "background")) {
      assertThat(call(with(deed, true), new Fakes.Recorder()).text()).as(deed).isEqualTo("slow");
      assertThat(call(with(deed, false), new Fakes.Recorder()).text()).as(deed).isEqualTo("quick");
    }
  }

  @Test
  void with_a_callers_own_key_and_where_the_target_is_given_it_is_asked_once() {
    scripts.put("slow", after(1000, "slow"));
    scripts.put("quick", after(10, "quick"));
    Model model = model(slow, quick);
    Call plain = call(model, request(List.of(), Map.of()));
    Call own =
        plain.with(
            plain.request(),
            plain.terms(),
            Optional.of(new Credential("own", "secret")),
            model,
            plain.deadline());
    assertThat(run(own, new Fakes.Recorder(), new CallThread[1]).text()).isEqualTo("slow");
    Call pinned = call(model.only(List.of(slow)), plain.request());
    assertThat(run(pinned, new Fakes.Recorder(), new CallThread[1]).text()).isEqualTo("slow");
    assertThat(log).containsExactly("ask slow 0", "ask slow 0");
  }

  @Test
  void a_fault_of_the_gateway_ends_both() {
    scripts.put("slow", after(5000, "slow"));
    scripts.put(
        "quick",
        (call, sink) -> {
          throw new IllegalStateException("a bug");
        });
    Call call = call(model(slow, quick), request(List.of(), Map.of()));
    var thrown = new RuntimeException[1];
    time.start(() -> {
      try {
        failover.apply(call, chunk -> {}, asking());
      } catch (RuntimeException bug) {
        thrown[0] = bug;
      }
    });
    time.run();
    assertThat(thrown[0]).hasMessage("a bug");
    assertThat(call.trail().attempts()).hasSize(2);
    assertThat(one.heard).containsExactly("left");
    assertThat(two.heard).containsExactly("left");
    assertThat(log).contains("cancelled slow 300");
  }

  private Ended call(Target... targets) {
    return call(
        request(List.of(), Map.of()),
        new Fakes.Recorder(),
        new CallThread[1],
        targets.length == 0 ? new Target[] {slow, quick} : targets);
  }

  private Ended call(Request request, Sink sink) {
    return call(request, sink, new CallThread[1], slow, quick);
  }

  private Ended call(Request request, Sink sink, CallThread[] thread, Target... targets) {
    return run(call(model(targets), request), sink, thread);
  }

  private Call call(Model model, Request request) {
    Call plain = Fakes.call(model, request);
    return plain.with(
        request,
        new Terms(terms, false, Map.of(), false),
        Optional.empty(),
        model,
        time.getAsLong() + left.toNanos());
  }

  private Ended run(Call call, Sink sink, CallThread[] thread) {
    var failure = new Failure[1];
    var ended = new long[1];
    long began = time.getAsLong();
    Sink observed =
        chunk -> {
          chunk.parts().stream()
              .filter(Usage.class::isInstance)
              .forEach(usage -> call.trail().used((Usage) usage));
          call.trail().answering(1);
          sink.emit(chunk);
        };
    thread[0] =
        time.start(() -> {
          try {
            failover.apply(call, observed, asking());
          } catch (Failure failed) {
            failure[0] = failed;
          }
          ended[0] = CallThread.nanoTime();
        });
    time.run();
    String text = sink instanceof Fakes.Recorder recorder ? recorder.text() : "";
    return new Ended(call, text, Optional.ofNullable(failure[0]), (ended[0] - began) / 1_000_000);
  }

  private Handler asking() {
    long began = time.getAsLong();
    return (call, sink) -> {
      String name = call.target().orElseThrow().target().model();
      log.add("ask " + name + " " + (CallThread.nanoTime() - began) / 1_000_000);
      try {
        scripts.get(name).handle(call, sink);
      } catch (Failure failure) {
        if (failure.kind() == Kind.CANCELLED) {
          log.add("cancelled " + name + " " + (CallThread.nanoTime() - began) / 1_000_000);
        }
        throw failure;
      }
    };
  }

  private static Handler after(long millis, String text) {
    return (call, sink) -> {
      sleep(millis);
      sink.emit(Chunk.of(new Part.Text(text)));
    };
  }

  private static Handler failing(long millis) {
    return (call, sink) -> {
      sleep(millis);
      throw Failure.of(Kind.UPSTREAM_UNAVAILABLE, "down").upstream(503);
    };
  }

  private static void sleep(long millis) {
    CallThread.current().await(() -> false, CallThread.nanoTime() + millis * 1_000_000);
  }

  private final class Learning implements Lesson {
    @Override
    public void answered(Target target, long nanos, Optional<BigDecimal> cost) {
      learned.add("answered " + target.name());
    }

    @Override
    public void failed(Target target) {
      learned.add("failed " + target.name());
    }

    @Override
    public void rated(OptionalDouble before, double score) {}
  }

  private Model model(Target... targets) {
    return new Model(
        "m",
        List.of(targets),
        (call, all) -> Ranking.AS_WRITTEN.teaching(new Learning()),
        Timeouts.USUAL,
        new Retry(attempts, Duration.ofMillis(200), Duration.ofSeconds(5)),
        Optional.empty(),
        new Routing(
            List.of(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.of(new Routing.Hedge(after, share)),
            Optional.empty(),
            false,
            Map.of(),
            true));
  }

  private static Request with(String field, boolean value) {
    return chat(
        new Prompt(
            List.of(),
            List.of(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Map.of(),
            new Extra("openai", Json.object().put(field, value))));
  }

  private static Request request(List<Tool> tools, Map<Setting, JsonNode> settings) {
    return chat(
        new Prompt(
            List.of(),
            tools,
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            settings,
            Extra.NONE));
  }

  private static Request chat(Prompt prompt) {
    return Chat.read(
        new Fakes.NamedDialect("openai"),
        "m",
        true,
        true,
        new Inbound(Map.of(), Map.of(), Headers.NONE, Body.scan(body(prompt).getBytes(US_ASCII))),
        in -> prompt);
  }

  private static String body(Prompt prompt) {
    return prompt
        .setting(Setting.MAX_TOKENS)
        .map(most -> "{\"tools\":[],\"max_tokens\":" + most + "}")
        .orElse("{\"tools\":[]}");
  }

  /** Hears how each try ended. */
  private static final class Told extends Standing.Unwatched {
    final List<String> heard = new ArrayList<>();
    long p95 = -1;
    boolean barred;

    Target of(String provider, String model) {
      var plain = new Target(Fakes.provider(provider), model);
      Facts facts = Facts.of(plain.traits(), CENT_A_TOKEN);
      return new Target(plain.provider(), model, plain.profile(), facts, this);
    }

    @Override
    public long firstContentP95Nanos() {
      return p95;
    }

    @Override
    public Leave ask(Call call, Credential key) {
      if (barred) {
        return new Leave.Bar(Leave.Why.MODEL, Duration.ofSeconds(1), Optional.empty());
      }
      return new Leave.Pass() {
        @Override
        public void answered(long firstContentNanos, long nanos, Usage usage) {
          heard.add("answered " + firstContentNanos / 1_000_000);
        }

        @Override
        public void failed(Failure failure) {
          heard.add("failed");
        }

        @Override
        public void left() {
          heard.add("left");
        }

        @Override
        public void outrun(long nanos) {
          heard.add("outrun " + nanos / 1_000_000);
        }
      };
    }
  }
}
