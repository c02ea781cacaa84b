package dev.lintel.batch;

import dev.lintel.Answer;
import dev.lintel.Attempt;
import dev.lintel.Batch;
import dev.lintel.Batch.Handed;
import dev.lintel.Batch.Status;
import dev.lintel.Call;
import dev.lintel.CallThread;
import dev.lintel.Caller;
import dev.lintel.Chunk;
import dev.lintel.Credential;
import dev.lintel.Dialect;
import dev.lintel.Endpoint;
import dev.lintel.Failure;
import dev.lintel.Handler;
import dev.lintel.Headers;
import dev.lintel.Json;
import dev.lintel.Part;
import dev.lintel.Sink;
import dev.lintel.Target;
import dev.lintel.Usage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A batch at a provider that works off whole batches: handed on, watched, and its results fetched
 * and booked. Each step is written down before the next, so that another process can go on.
 */
final class Away {
  private static final Logger LOG = LoggerFactory.getLogger(Away.class);
  private static final Duration SHORTEST = Duration.ofSeconds(1);
  private static final Duration LONGEST = Duration.ofMinutes(1);

  /** A provider's day begins later than the caller's. */
  private static final Duration GRACE = Duration.ofHours(1);

  private static final byte[] LACKING =
      "{\"error\":{\"message\":\"The provider's results lack this request.\",\"type\":\"server_error\"}}"
          .getBytes(StandardCharsets.US_ASCII);

  /** How it ended here. */
  enum Outcome {
    /** No provider has it: the gateway asks its requests one by one. */
    OWN,
    /** The process ends, or the provider cannot say at the moment. */
    LATER,
    /** All is there that there will be. */
    ASKED,
    /** The provider has not taken up the batch, which has failed. */
    FAILED
  }

  /** The provider's side of it. */
  private record Post(Carrier carrier, Target target, Credential account, Courier courier) {}

  private final Run run;
  private final Path requests;

  Away(Run run) {
    this.run = run;
    this.requests = run.files().draft(run.batch().output() + "-requests");
  }

  /**
   * @param results to which its results are added
   */
  Outcome run(Results results) throws IOException {
    Optional<Abroad> abroad = run.means().abroad();
    if (abroad.isEmpty()) {
      return Outcome.OWN;
    }
    return switch (run.batch().handed().stage()) {
      case OWN -> Outcome.OWN;
      case UNDECIDED -> results.begun() || run.over() ? own() : handOn(abroad.get(), results);
      case BEGUN -> again(abroad.get(), results);
      case THERE -> follow(abroad.get(), results);
    };
  }

  private Outcome own() throws IOException {
    Files.deleteIfExists(requests);
    if (!run.stopped()) {
      run.change(known -> known.with(Handed.OWN));
    }
    return run.stopped() ? Outcome.LATER : Outcome.OWN;
  }

  /** After a process that did not live to know whether the provider has it. */
  private Outcome again(Abroad abroad, Results results) throws IOException {
    Optional<Post> post = post(abroad);
    if (post.isPresent()) {
      Optional<Handed> found = post.get().carrier.find(post.get().courier, run.batch());
      if (found.isPresent()) {
        run.change(known -> known.with(found.get()));
        return follow(abroad, results);
      }
    }
    return handOn(abroad, results);
  }

  private Outcome handOn(Abroad abroad, Results results) throws IOException {
    Optional<Plan> planned = Plan.of(run, abroad, requests);
    if (planned.isEmpty()) {
      return own();
    }
    Plan plan = planned.get();
    Target target = plan.target();
    run.change(known ->
        known.with(
            new Handed(
                Handed.Stage.BEGUN,
                target.provider().name(),
                target.model(),
                plan.account().id(),
                "",
                "")));
    Courier courier = courier(abroad, target, plan.account());
    Optional<String> file = upload(plan, courier);
    if (file.isEmpty()) {
      return own();
    }
    String id;
    try {
      id = plan.carrier().create(courier, file.get(), plan, run.batch());
    } catch (Failure refused) {
      if (!isRefusal(refused.upstreamStatus())) {
        throw refused;
      }
      LOG.warn("{} stays here: {}", run.batch().id(), refused.message());
      forget(plan.carrier(), courier, run.batch().handed().there(file.get(), ""), List.of());
      return own();
    }
    run.change(known -> known.with(known.handed().there(file.get(), id)));
    Files.deleteIfExists(requests);
    return follow(abroad, results);
  }

  /** Empty where the provider does not take them, which begins nothing there. */
  private Optional<String> upload(Plan plan, Courier courier) {
    try {
      return Optional.of(plan.carrier().upload(courier));
    } catch (Failure refused) {
      LOG.warn("{} stays here: {}", run.batch().id(), refused.message());
      return Optional.empty();
    }
  }

  /** Whether nothing can have begun there. */
  private static boolean isRefusal(int status) {
    return status == 501 || (status >= 400 && status < 500 && status != 408);
  }

  private Courier courier(Abroad abroad, Target target, Credential account) {
    return new Courier(abroad, target, account, run, requests);
  }

  /** Empty where that provider is not configured any more. */
  private Optional<Post> post(Abroad abroad) {
    Handed handed = run.batch().handed();
    Optional<Target> target = abroad.target(handed.provider(), handed.model());
    Optional<Carrier> carrier = target.flatMap(known -> abroad.carrier(known.provider()));
    if (target.isEmpty() || carrier.isEmpty()) {
      return Optional.empty();
    }
    List<Credential> keys = target.get().provider().credentials();
    Credential account =
        keys.stream()
            .filter(key -> key.id().equals(handed.account()))
            .findFirst()
            .orElse(keys.getFirst());
    return Optional.of(
        new Post(carrier.get(), target.get(), account, courier(abroad, target.get(), account)));
  }

  private Outcome follow(Abroad abroad, Results results) throws IOException {
    Post post =
        post(abroad)
            .orElseThrow(() ->
                Failure.of(
                    Failure.Kind.UNAVAILABLE,
                    "The provider '"
                        + run.batch().handed().provider()
                        + "', which has it, is not configured."));
    run.waits(true);
    Carrier.State state;
    try {
      state = ended(post);
    } catch (Failure lost) {
      if (lost.upstreamStatus() != 404) {
        throw lost;
      }
      return failed(
          List.of(new Batch.Fault("batch_lost", "The provider has lost the batch.", "", 0)));
    } finally {
      run.waits(false);
    }
    if (state == null) {
      return Outcome.LATER;
    }
    if (!state.faults().isEmpty()) {
      forget(post.carrier, post.courier, run.batch().handed(), List.of());
      return failed(state.faults());
    }
    if (state.cancelled()) {
      run.change(known ->
          known.status() == Status.CANCELLING
              ? known
              : known.now(Status.CANCELLING, run.means().clock().instant()));
    }
    settle(abroad, post, state, results);
    return run.stopped() ? Outcome.LATER : Outcome.ASKED;
  }

  private Outcome failed(List<Batch.Fault> faults) {
    run.change(known -> known.with(faults).now(Status.FAILED, run.means().clock().instant()));
    return Outcome.FAILED;
  }

  /** Waits for its end; {@code null} where the process ends first. */
  private Carrier.@Nullable State ended(Post post) {
    Duration pause = SHORTEST;
    boolean told = false;
    while (!run.stopped()) {
      try {
        if (run.isCancelled() && !told) {
          told = true;
          cancel(post);
          pause = SHORTEST;
        }
        Carrier.State state = post.carrier.state(post.courier, run.batch().handed());
        if (state.ended()) {
          return state;
        }
        var counts =
            new Batch.Counts(run.batch().counts().total(), state.completed(), state.failed(), 0);
        if (!counts.equals(run.batch().counts())) {
          run.change(known -> known.with(counts));
        }
      } catch (Failure away) {
        if (away.upstreamStatus() == 404) {
          throw away;
        }
        LOG.warn("{} is not heard of: {}", run.batch().id(), away.message());
      }
      if (run.means().clock().instant().isAfter(run.batch().expires().plus(GRACE))) {
        return new Carrier.State(true, false, false, 0, 0, List.of(), List.of());
      }
      run.pause(pause, told);
      pause = pause.multipliedBy(3).dividedBy(2);
      pause = pause.compareTo(LONGEST) > 0 ? LONGEST : pause;
    }
    return null;
  }

  private void cancel(Post post) {
    try {
      post.carrier.cancel(post.courier, run.batch().handed());
    } catch (Failure ended) {
      // It has just ended, as its state says next, or it goes on to its end.
      LOG.warn("{} cannot be cancelled there: {}", run.batch().id(), ended.message());
    }
  }

  private void settle(Abroad abroad, Post post, Carrier.State state, Results results)
      throws IOException {
    var loaded = new ArrayList<Path>();
    try {
      for (String path : state.results()) {
        Path into = run.files().draft(run.batch().output() + "-results-" + loaded.size());
        loaded.add(into);
        post.courier.load(path, post.carrier.headers(), into);
      }
      try (var there = Loaded.open(loaded)) {
        settle(abroad, post, state, results, there);
      }
    } finally {
      for (Path path : loaded) {
        Files.deleteIfExists(path);
      }
    }
  }

  private void settle(Abroad abroad, Post post, Carrier.State state, Results results, Loaded there)
      throws IOException {
    Optional<Caller> caller = run.means().callers().apply(run.batch());
    Caller known = caller.orElse(null);
    Pledge pledge = Pledge.open(run.files().draft(run.batch().output() + "-paying"));
    Line.each(
        run.input(),
        run.batch().endpoint(),
        line -> {
          if (results.has(line.customId())) {
            return !run.stopped();
          }
          byte[] found = there.line(Plan.name(run.batch(), line));
          Carrier.Result result =
              found == null
                  ? state.whole() ? new Carrier.Result(502, LACKING) : null
                  : post.carrier.result(Json.parse(found, 0, found.length));
          if (result != null && known == null) {
            results.add(line, Results.Unasked.FORBIDDEN);
          } else if (result != null && known != null) {
            settle(abroad, post, line, result, known, results, pledge);
          }
          return !run.stopped();
        });
    if (!run.stopped()) {
      pledge.forget();
    }
    run.change(batch -> batch.with(results.counts(batch.counts().total())));
  }

  private void settle(
      Abroad abroad,
      Post post,
      Line line,
      Carrier.Result result,
      Caller caller,
      Results results,
      Pledge pledge)
      throws IOException {
    boolean paid = pledge.isOf(line) && abroad.recorded(pledge.callId());
    if (!paid) {
      pledge.make(line);
    }
    var made = new CompletableFuture<Optional<Answer>>();
    Executor loop = run.means().loops().get();
    Batch batch = run.batch();
    Handler answering = (call, sink) -> answer(call, post, result, sink);
    Endpoint endpoint =
        paid
            ? abroad.telling(batch.endpoint(), answering)
            : abroad.settling(batch.endpoint(), answering);
    var exchange =
        new LineExchange(
            batch.endpoint(),
            line.body(),
            batch.headers(),
            caller,
            loop,
            Optional.of(pledge.callId()));
    CallThread.start(
        loop,
        () -> {
          try {
            endpoint.serve(exchange);
            made.complete(exchange.answered());
          } catch (RuntimeException | StackOverflowError failed) {
            made.completeExceptionally(failed);
          }
        });
    Answer answer = made.join().orElseThrow(Failure::cancelled);
    results.add(line, answer, exchange.header("x-lintel-request-id"));
  }

  /** As if the provider had just been asked, but for the price. */
  private static void answer(Call call, Post post, Carrier.Result result, Sink sink) {
    Target target =
        call.resolved().targets().stream()
            .filter(known -> known.name().equals(post.target.name()))
            .findFirst()
            .orElse(post.target);
    Call there = call.to(target, post.account);
    call.trail().asking(target, post.account);
    Dialect dialect = there.target().orElseThrow().dialect();
    try {
      if (result.status() < 200 || result.status() > 299) {
        throw dialect
            .failure(result.status(), Headers.of(Map.of()), result.body())
            .upstream(result.status());
      }
      Chunk whole = dialect.reader(there.request()).whole(result.body());
      call.trail().attempted(new Attempt(target.name(), result.status(), Optional.empty(), "", 0));
      sink.emit(new Chunk(whole.parts().stream().map(Away::batched).toList(), whole.frame()));
    } catch (Failure failure) {
      call.trail()
          .attempted(
              new Attempt(
                  target.name(),
                  result.status(),
                  Optional.of(failure.kind()),
                  failure.message(),
                  0));
      throw failure;
    }
  }

  private static Part batched(Part part) {
    return part instanceof Usage usage ? usage.tier("batch") : part;
  }

  /** Removes what the provider has of it, now that all is here. */
  void forget() {
    Handed handed = run.batch().handed();
    if (handed.stage() != Handed.Stage.THERE) {
      return;
    }
    try {
      Optional<Post> post = run.means().abroad().flatMap(this::post);
      if (post.isPresent()) {
        Carrier carrier = post.get().carrier;
        List<String> results = carrier.state(post.get().courier, handed).results();
        forget(carrier, post.get().courier, handed, results);
      }
    } catch (Failure kept) {
      LOG.warn("the provider keeps {}: {}", run.batch().id(), kept.message());
    }
  }

  private void forget(Carrier carrier, Courier courier, Handed handed, List<String> results) {
    try {
      carrier.forget(courier, handed, results);
    } catch (Failure kept) {
      LOG.warn("the provider keeps what it has of {}: {}", run.batch().id(), kept.message());
    }
  }
}
