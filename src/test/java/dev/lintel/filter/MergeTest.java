package dev.lintel.filter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lintel.Block;
import dev.lintel.Call;
import dev.lintel.CallThread;
import dev.lintel.Caller;
import dev.lintel.Chunk;
import dev.lintel.Credential;
import dev.lintel.Embed;
import dev.lintel.Extra;
import dev.lintel.Failure;
import dev.lintel.Fakes;
import dev.lintel.Handler;
import dev.lintel.Json;
import dev.lintel.Merging;
import dev.lintel.Model;
import dev.lintel.OnCallThread;
import dev.lintel.Part;
import dev.lintel.Ranking;
import dev.lintel.Routing;
import dev.lintel.Target;
import dev.lintel.Timeouts;
import dev.lintel.Usage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

class MergeTest {
  private static final Target TARGET = new Target(Fakes.provider("p", "k1", "k2"), "vectors");
  private static final Embed.Options PLAIN =
      new Embed.Options(OptionalInt.empty(), Optional.empty(), "", Extra.NONE);

  /** Every request that reached the provider, by its inputs' texts. */
  private final List<List<String>> asked = new CopyOnWriteArrayList<>();

  /** Its rounds end when they are full, whatever the time. */
  private final Merge patient =
      new Merge((full, nanos) -> {
        while (!full.getAsBoolean()) {
          LockSupport.park();
        }
      });

  /** A call on its way, with what came of it. */
  private static final class Running {
    final Fakes.Recorder sink = new Fakes.Recorder();
    final CompletableFuture<Boolean> done = new CompletableFuture<>();
    final Call call;
    CallThread thread;

    Running(Call call) {
      this.call = call;
    }

    List<Part> parts() {
      done.orTimeout(20, TimeUnit.SECONDS).join();
      var parts = new ArrayList<Part>();
      sink.chunks.forEach(chunk -> parts.addAll(chunk.parts()));
      return parts;
    }

    List<String> vectors() {
      return parts().stream()
          .filter(Part.Vector.class::isInstance)
          .map(Part.Vector.class::cast)
          .map(vector -> vector.index() + ":" + vector.values().get(0).asString())
          .toList();
    }

    Usage usage() {
      return Errand.usage(parts());
    }

    Failure failure() {
      try {
        done.orTimeout(20, TimeUnit.SECONDS).join();
      } catch (CompletionException failed) {
        return (Failure) failed.getCause();
      }
      throw new AssertionError("answered");
    }
  }

  private static Embed embed(String... texts) {
    return embed(PLAIN, texts);
  }

  private static Embed embed(Embed.Options options, String... texts) {
    List<Embed.Input> inputs =
        Arrays.stream(texts)
            .map(text ->
                new Embed.Input("input", new Embed.Blocks(List.of(new Block.Text(text))), options))
            .toList();
    return new Embed(
        new Fakes.NamedDialect("embeddings"),
        "m",
        inputs,
        List.of(Embed.Format.FLOAT),
        Optional.empty());
  }

  private static Call call(int size, Embed embed) {
    var model =
        new Model(
            "m",
            List.of(TARGET),
            (call, all) -> Ranking.AS_WRITTEN,
            Timeouts.USUAL,
            Fakes.retry(1),
            Optional.of(new Merging(Duration.ofMillis(5), size)),
            Routing.NONE);
    return Fakes.call(model, embed).to(TARGET, TARGET.provider().credentials().getFirst());
  }

  private Running run(Merge merge, Call call, Handler upstream) {
    var running = new Running(call);
    running.thread =
        CallThread.start(
            OnCallThread.loop(),
            () -> {
              try {
                merge.apply(call, running.sink, upstream);
                running.done.complete(true);
              } catch (RuntimeException failed) {
                running.done.completeExceptionally(failed);
              }
            });
    return running;
  }

  private static List<String> texts(Call call) {
    return Embed.of(call.request()).inputs().stream()
        .map(input -> ((Embed.Blocks) input.content()).list().getFirst())
        .map(block -> ((Block.Text) block).text())
        .toList();
  }

  /** Vectors that hold their input's text, and ten tokens for each. */
  private static Chunk answer(List<String> texts) {
    var parts = new ArrayList<Part>();
    parts.add(new Part.Start("id-of-all", "vectors-1"));
    for (int i = 0; i < texts.size(); i++) {
      parts.add(new Part.Vector(i, Embed.Format.FLOAT, Json.array().add(texts.get(i))));
    }
    parts.add(Usage.of(10L * texts.size() + 1, 0, Usage.Source.PROVIDER));
    return new Chunk(parts, dev.lintel.Frame.NONE);
  }

  private final Handler answering =
      (call, sink) -> {
        asked.add(texts(call));
        call.trail().adapted("mend:input_type");
        sink.emit(answer(texts(call)));
      };

  @Test
  void concurrent_calls_become_one_request_and_each_gets_its_own() {
    Running one = run(patient, call(4, embed("a")), answering);
    Running two = run(patient, call(4, embed("b", "c")), answering);
    Running three = run(patient, call(4, embed("d")), answering);
    assertThat(one.vectors()).containsExactly("0:a");
    assertThat(two.vectors()).containsExactly("0:b", "1:c");
    assertThat(three.vectors()).containsExactly("0:d");
    assertThat(asked).containsExactly(List.of("a", "b", "c", "d"));
    assertThat(one.usage().input() + two.usage().input() + three.usage().input()).isEqualTo(41);
    assertThat(two.usage().source()).isEqualTo(Usage.Source.PROVIDER);
    assertThat(one.parts()).contains(new Part.Start("", "vectors-1"));
    assertThat(three.call.trail().adapted()).containsExactly("mend:input_type");
  }

  @Test
  void shares_go_by_the_size_of_the_texts() {
    Running small = run(patient, call(2, embed("tiny")), answering);
    Running large = run(patient, call(2, embed("x".repeat(76))), answering);
    assertThat(List.of(small.usage().input(), large.usage().input())).containsExactly(1L, 20L);
  }

  @Test
  void different_tenants_share_a_request_and_nothing_else() {
    Call first = call(2, embed("a")).with(new Caller("t1", "a", "k", Optional.empty(), false));
    Call second = call(2, embed("b")).with(new Caller("t2", "a", "k", Optional.empty(), false));
    var seen = new ArrayList<Caller>();
    Handler upstream =
        (call, sink) -> {
          seen.add(call.caller());
          answering.handle(call, sink);
        };
    Running one = run(patient, first, upstream);
    Running two = run(patient, second, upstream);
    assertThat(one.vectors()).containsExactly("0:a");
    assertThat(two.vectors()).containsExactly("0:b");
    assertThat(seen).containsExactly(Caller.UNKNOWN);
  }

  @Test
  void a_call_alone_goes_out_as_it_came() {
    var requests = new CopyOnWriteArrayList<Object>();
    Embed embed = embed("a");
    Running alone =
        run(
            new Merge(),
            call(4, embed),
            (call, sink) -> {
              requests.add(call.request());
              answering.handle(call, sink);
            });
    assertThat(alone.vectors()).containsExactly("0:a");
    assertThat(requests).hasSize(1).allMatch(request -> request == embed);
    assertThat(alone.parts()).contains(new Part.Start("id-of-all", "vectors-1"));
  }

  @Test
  void what_does_not_fit_opens_the_next_round() {
    Running one = run(patient, call(3, embed("a", "b")), answering);
    Running two = run(patient, call(3, embed("c", "d")), answering);
    assertThat(one.vectors()).containsExactly("0:a", "1:b");
    Running three = run(patient, call(3, embed("e")), answering);
    assertThat(two.vectors()).containsExactly("0:c", "1:d");
    assertThat(three.vectors()).containsExactly("0:e");
    assertThat(asked).containsExactly(List.of("a", "b"), List.of("c", "d", "e"));
  }

  @Test
  void what_is_large_brings_its_own_key_or_shows_images_goes_out_at_once() {
    Running large = run(patient, call(2, embed("a", "b")), answering);
    assertThat(large.vectors()).hasSize(2);
    Call plain = call(9, embed("c"));
    var own =
        new Call(
            plain.trail(),
            "",
            plain.caller(),
            plain.terms(),
            plain.request(),
            Optional.of(new Credential("own", "s")),
            plain.model(),
            plain.target(),
            plain.deadline());
    assertThat(run(patient, own, answering).vectors()).containsExactly("0:c");
    var picture =
        new Block.Media(
            Block.Media.Kind.IMAGE,
            "image/png",
            new Block.Media.Source.Inline("AAAA"),
            "",
            Block.Cache.NONE,
            Extra.NONE);
    Embed image =
        embed("x").with(List.of(new Embed.Input("i", new Embed.Blocks(List.of(picture)), PLAIN)));
    var requests = new AtomicInteger();
    run(patient, call(9, image), (call, sink) -> requests.incrementAndGet()).parts();
    assertThat(requests).hasValue(1);
  }

  @Test
  void other_options_and_other_keys_are_never_merged() {
    var short_ = new Embed.Options(OptionalInt.of(8), Optional.empty(), "", Extra.NONE);
    var user =
        new Embed.Options(
            OptionalInt.empty(),
            Optional.empty(),
            "",
            new Extra("embeddings", Json.object().put("user", "u")));
    Call otherKey = call(2, embed("d")).to(TARGET, TARGET.provider().credentials().getLast());
    List<Running> first =
        List.of(
            run(patient, call(2, embed("a")), answering),
            run(patient, call(2, embed(short_, "b")), answering),
            run(patient, call(2, embed(user, "c")), answering),
            run(patient, otherKey, answering));
    run(patient, call(2, embed("A")), answering);
    run(patient, call(2, embed(short_, "B")), answering);
    run(patient, call(2, embed(user, "C")), answering);
    run(
        patient,
        call(2, embed("D")).to(TARGET, TARGET.provider().credentials().getLast()),
        answering);
    first.forEach(Running::parts);
    assertThat(asked)
        .containsExactlyInAnyOrder(
            List.of("a", "A"), List.of("b", "B"), List.of("c", "C"), List.of("d", "D"));
  }

  @Test
  void a_refused_request_is_asked_one_by_one_and_only_the_culprit_is_refused() {
    Handler picky =
        (call, sink) -> {
          asked.add(texts(call));
          if (texts(call).contains("poison")) {
            throw Failure.invalid("'input[1]' is poison: " + texts(call)).upstream(400);
          }
          sink.emit(answer(texts(call)));
        };
    Running one = run(patient, call(3, embed("a")), picky);
    Running two = run(patient, call(3, embed("poison")), picky);
    Running three = run(patient, call(3, embed("b")), picky);
    assertThat(one.vectors()).containsExactly("0:a");
    assertThat(three.vectors()).containsExactly("0:b");
    assertThat(two.failure().message()).contains("[poison]").doesNotContain("a,");
    assertThat(asked).hasSize(4).contains(List.of("a", "poison", "b"));
  }

  @Test
  void any_other_failure_is_everybodys_and_asked_once() {
    Handler down =
        (call, sink) -> {
          asked.add(texts(call));
          throw Failure.of(Failure.Kind.UPSTREAM_UNAVAILABLE, "down").upstream(503);
        };
    Running one = run(patient, call(2, embed("a")), down);
    Running two = run(patient, call(2, embed("b")), down);
    assertThat(one.failure().kind()).isEqualTo(Failure.Kind.UPSTREAM_UNAVAILABLE);
    assertThat(two.failure().upstreamStatus()).isEqualTo(503);
    assertThat(asked).hasSize(1);
  }

  @Test
  void a_bug_is_everybodys_too_and_hangs_nobody() {
    Handler broken =
        (call, sink) -> {
          throw new IllegalStateException("bug");
        };
    Running one = run(patient, call(2, embed("a")), broken);
    Running two = run(patient, call(2, embed("b")), broken);
    for (Running running : List.of(one, two)) {
      assertThatThrownBy(() -> running.parts()).hasCauseInstanceOf(IllegalStateException.class);
    }
  }

  /** Asks when told to, and says how it ended. */
  private final class Held {
    final CountDownLatch reached = new CountDownLatch(1);
    final CountDownLatch cancelled = new CountDownLatch(1);
    final CountDownLatch go = new CountDownLatch(1);

    void handle(Call call, dev.lintel.Sink sink) {
      reached.countDown();
      try {
        go.await();
      } catch (InterruptedException left) {
        cancelled.countDown();
        throw Failure.cancelled();
      }
      answering.handle(call, sink);
    }
  }

  @Test
  void a_caller_who_leaves_does_not_end_the_others() throws Exception {
    var held = new Held();
    Running one = run(patient, call(3, embed("a")), held::handle);
    Running two = run(patient, call(3, embed("b")), held::handle);
    Running three = run(patient, call(3, embed("c")), held::handle);
    assertThat(held.reached.await(20, TimeUnit.SECONDS)).isTrue();
    one.thread.cancel();
    assertThat(one.failure().kind()).isEqualTo(Failure.Kind.CANCELLED);
    held.go.countDown();
    assertThat(two.vectors()).containsExactly("0:b");
    assertThat(three.vectors()).containsExactly("0:c");
    assertThat(asked).containsExactly(List.of("a", "b", "c"));
    assertThat(held.cancelled.getCount()).isEqualTo(1);
  }

  @Test
  void a_request_for_which_nobody_waits_any_more_is_cancelled() throws Exception {
    var held = new Held();
    Running one = run(patient, call(2, embed("a")), held::handle);
    Running two = run(patient, call(2, embed("b")), held::handle);
    assertThat(held.reached.await(20, TimeUnit.SECONDS)).isTrue();
    one.thread.cancel();
    one.failure();
    two.thread.cancel();
    assertThat(held.cancelled.await(20, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void who_leaves_while_it_gathers_is_not_asked_for() {
    Running one = run(patient, call(3, embed("left")), answering);
    OnCallThread.run(() -> {});
    one.thread.cancel();
    assertThat(one.failure().kind()).isEqualTo(Failure.Kind.CANCELLED);
    Running two = run(patient, call(3, embed("b")), answering);
    Running three = run(patient, call(3, embed("c")), answering);
    assertThat(two.vectors()).containsExactly("0:b");
    assertThat(three.vectors()).containsExactly("0:c");
    assertThat(asked).containsExactly(List.of("b", "c"));
  }

  @Test
  void each_callers_own_deadline_holds() throws Exception {
    var held = new Held();
    Call slow = call(2, embed("a"));
    var hasty =
        new Call(
            Fakes.trail(),
            "",
            slow.caller(),
            slow.terms(),
            embed("b"),
            Optional.empty(),
            slow.model(),
            slow.target(),
            System.nanoTime() + 50_000_000);
    Running patientOne = run(patient, slow, held::handle);
    Running hastyOne = run(patient, hasty, held::handle);
    assertThat(hastyOne.failure().kind()).isEqualTo(Failure.Kind.TIMEOUT);
    assertThat(hastyOne.failure().blame()).isEqualTo(Failure.Blame.NOBODY);
    held.go.countDown();
    assertThat(patientOne.vectors()).containsExactly("0:a");
  }

  @Test
  void the_window_ends_a_round_that_is_not_full() {
    Running one = run(new Merge(), call(64, embed("a")), answering);
    assertThat(one.vectors()).containsExactly("0:a");
  }
}
