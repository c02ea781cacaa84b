package dev.lintel.batch;

import dev.lintel.Adaptation;
import dev.lintel.Batch;
import dev.lintel.Call;
import dev.lintel.CallThread;
import dev.lintel.Caller;
import dev.lintel.Credential;
import dev.lintel.Endpoint;
import dev.lintel.Failure;
import dev.lintel.Outbound;
import dev.lintel.Target;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * A batch whose requests all go to one target in the same way, so that its provider may work it
 * off.
 *
 * @param path of every request, below the provider's base URL
 * @param headers of every request
 */
record Plan(
    Carrier carrier, Target target, Credential account, String path, Map<String, String> headers) {

  /** What a request would ask. */
  private record Asked(Target target, Credential account, Outbound outbound) {
    boolean like(Asked other) {
      return target.name().equals(other.target.name())
          && outbound.path().equals(other.outbound.path())
          && outbound.headers().equals(other.outbound.headers());
    }
  }

  /** What is made out of the lines one by one. */
  private static final class Draft {
    private @Nullable Asked first;
    private @Nullable Plan plan;
    private long bytes;
  }

  /**
   * Writes the requests into a file as they are sent; empty where no provider can have them.
   *
   * @param requests the file
   */
  static Optional<Plan> of(Run run, Abroad abroad, Path requests) throws IOException {
    Batch batch = run.batch();
    Optional<Caller> caller = run.means().callers().apply(batch);
    if (caller.isEmpty()) {
      return Optional.empty();
    }
    var draft = new Draft();
    try (var out = new BufferedOutputStream(Files.newOutputStream(requests), 1 << 16)) {
      Line.each(
          run.input(),
          batch.endpoint(),
          line -> {
            Asked asked = run.over() ? null : asked(run, abroad, caller.get(), line);
            Plan plan = asked == null ? null : fitting(draft, asked, abroad, out);
            if (asked == null || plan == null) {
              draft.plan = null;
              return false;
            }
            byte[] bytes =
                plan.carrier.line(
                    name(batch, line), plan.path, asked.outbound.body(), draft.bytes == 0);
            draft.bytes += bytes.length;
            out.write(bytes);
            draft.plan = draft.bytes > plan.carrier.most() ? null : plan;
            return draft.plan != null;
          });
      if (draft.plan != null) {
        out.write(draft.plan.carrier.closing());
      }
    }
    return Optional.ofNullable(draft.plan);
  }

  /** By what the provider knows a request: a caller's own name may not be one there. */
  static String name(Batch batch, Line line) {
    return batch.id() + "-" + line.number();
  }

  private static @Nullable Plan fitting(Draft draft, Asked asked, Abroad abroad, OutputStream out)
      throws IOException {
    Asked first = draft.first;
    if (first != null) {
      return asked.like(first) ? draft.plan : null;
    }
    draft.first = asked;
    Optional<Carrier> carrier =
        abroad.carrier(asked.target.provider()).filter(known -> known.takes(asked.outbound.path()));
    if (carrier.isEmpty()) {
      return null;
    }
    out.write(carrier.get().opening());
    return new Plan(
        carrier.get(),
        asked.target,
        asked.account,
        asked.outbound.path(),
        asked.outbound.headers());
  }

  /** {@code null} where it cannot be asked, or not in a batch. */
  private static @Nullable Asked asked(Run run, Abroad abroad, Caller caller, Line line) {
    var made = new CompletableFuture<Optional<Asked>>();
    Executor loop = run.means().loops().get();
    var held = new Asked[1];
    Endpoint endpoint =
        abroad.planning(
            run.batch().endpoint(),
            (call, sink) -> {
              held[0] = written(call);
              throw Failure.cancelled();
            });
    CallThread.start(
        loop,
        () -> {
          run.begun(CallThread.current());
          try {
            endpoint.serve(
                new LineExchange(
                    run.batch().endpoint(), line.body(), run.batch().headers(), caller, loop));
            made.complete(Optional.ofNullable(held[0]));
          } catch (RuntimeException | StackOverflowError failed) {
            made.completeExceptionally(failed);
          } finally {
            run.ended(CallThread.current());
          }
        });
    return made.join().orElse(null);
  }

  private static @Nullable Asked written(Call call) {
    Call.Choice choice = call.target().orElseThrow();
    if (call.ownKey().isPresent() || !choice.target().provider().batches()) {
      return null;
    }
    Outbound outbound =
        choice
            .dialect()
            .write(
                call.request(),
                choice.target(),
                new Adaptation(call.trail(), call.terms().strict()));
    return outbound.upload().isPresent() || !outbound.method().equals("POST")
        ? null
        : new Asked(choice.target(), choice.credential(), outbound);
  }
}
