package dev.lintel.main;

import dev.lintel.Call;
import dev.lintel.Caller;
import dev.lintel.Credential;
import dev.lintel.Endpoint;
import dev.lintel.Handler;
import dev.lintel.Held;
import dev.lintel.Model;
import dev.lintel.Outbound;
import dev.lintel.Provider;
import dev.lintel.Relay;
import dev.lintel.Sink;
import dev.lintel.Spool;
import dev.lintel.Target;
import dev.lintel.Terms;
import dev.lintel.Trail;
import dev.lintel.batch.Abroad;
import dev.lintel.batch.Carrier;
import dev.lintel.server.Front;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.function.Supplier;

/** Hands batches on by the configuration in force. */
record ProviderBatches(
    Supplier<Gateway> live, Map<String, Front> served, Handler upstream, Predicate<String> records)
    implements Abroad {
  /** A whole file may be on its way. */
  private static final long PATIENCE = TimeUnit.MINUTES.toNanos(30);

  @Override
  public Endpoint planning(String path, Handler last) {
    return through(path, live.get().planning().apply(last));
  }

  @Override
  public Endpoint settling(String path, Handler last) {
    return through(path, live.get().settling().apply(last));
  }

  @Override
  public Endpoint telling(String path, Handler last) {
    return through(path, live.get().telling().apply(last));
  }

  @Override
  public boolean recorded(String callId) {
    return records.test(callId);
  }

  private Endpoint through(String path, Handler calls) {
    Front front = served.get(path);
    if (front == null) {
      throw new IllegalStateException("nobody serves " + path);
    }
    return front.through(calls);
  }

  @Override
  public Optional<Target> target(String provider, String model) {
    return live.get().models().at(provider, model).map(found -> found.targets().getFirst());
  }

  @Override
  public Optional<Carrier> carrier(Provider provider) {
    return Optional.ofNullable(Builtins.CARRIERS.get(provider.dialect().name()));
  }

  @Override
  public void ask(Target target, Credential account, Outbound question, Sink sink) {
    Model model =
        live.get()
            .models()
            .at(target.provider().name(), target.model())
            .orElseThrow(() -> new IllegalStateException(target.name() + " is gone"));
    var trail = Trail.begin(System.nanoTime());
    Held body =
        question
            .upload()
            .map(upload -> new Held(upload, Spool.NOWHERE))
            .orElseGet(() -> Held.of(question.body()));
    Relay request = Builtins.raw(target, question, body);
    upstream.handle(
        new Call(
            trail,
            "",
            Caller.UNKNOWN,
            Terms.NONE,
            request,
            Optional.empty(),
            Optional.of(model),
            Optional.of(new Call.Choice(target, account, Builtins.RAW)),
            System.nanoTime() + PATIENCE),
        sink);
  }
}
