package dev.lintel.trace;

import dev.lintel.Call;
import dev.lintel.Caller;
import dev.lintel.Event;
import dev.lintel.Listener;
import dev.lintel.Provider;
import dev.lintel.TraceContext;
import dev.lintel.TraceExport;
import dev.lintel.Tracing;
import dev.lintel.Trail;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Decides which calls are traced, tells providers where they stand in the trace, and has the spans
 * of calls that are over brought to a collector: one a call, below it one an attempt.
 */
public final class Tracer implements Tracing, Listener, AutoCloseable {
  private static final String PARENT = "traceparent";
  private static final String STATE = "tracestate";

  private final String version;
  private final String node;
  private final Supplier<Map<String, Provider>> providers;
  private final LongAdder exported = new LongAdder();
  private final LongAdder dropped = new LongAdder();
  private volatile @Nullable Exporter exporter;

  /**
   * @param node the name of this one
   * @param providers as they are configured now, by their names
   */
  public Tracer(String version, String node, Supplier<Map<String, Provider>> providers) {
    this.version = version;
    this.node = node;
    this.providers = providers;
  }

  /** From now on traces go there; nowhere, where that is empty. */
  public synchronized void use(Optional<TraceExport> wanted) {
    Exporter before = exporter;
    if (wanted.equals(Optional.ofNullable(before).map(Exporter::to))) {
      return;
    }
    exporter = wanted.map(to -> new Exporter(to, version, node, exported, dropped)).orElse(null);
    if (before != null) {
      Thread.ofPlatform().daemon().name("lintel-traces-end").start(before::close);
    }
  }

  /** How many spans a collector has taken. */
  public long exported() {
    return exported.sum();
  }

  /** How many no collector has. */
  public long dropped() {
    return dropped.sum();
  }

  @Override
  public Map<String, String> along(Call call) {
    Exporter to = exporter;
    if (to == null) {
      return call.terms().along();
    }
    TraceContext context = TraceContext.of(call.trail());
    var headers = new HashMap<>(call.terms().along());
    if (context.parent().isEmpty()) {
      headers.remove(STATE);
    }
    String span = context.spanOf(call.trail().place());
    headers.put(PARENT, context.header(span, isFlagged(context, to.to())));
    return headers;
  }

  @Override
  public Optional<TraceContext> kept(Trail trail) {
    Exporter to = exporter;
    if (to == null) {
      return Optional.empty();
    }
    return Optional.of(TraceContext.of(trail)).filter(context -> isFlagged(context, to.to()));
  }

  /** The caller decides for its own traces, the lot for all others. */
  private static boolean isFlagged(TraceContext context, TraceExport to) {
    return context.parent().isEmpty() ? context.lot() < to.share() : context.sampled();
  }

  @Override
  public void on(Trail trail, Event event) {
    Exporter to = exporter;
    if (to == null || !(event instanceof Event.Ended ended)) {
      return;
    }
    TraceContext context = TraceContext.of(trail);
    boolean flagged = isFlagged(context, to.to());
    // Strangers could fill the queue with their failures.
    boolean telling =
        to.to().errors()
            && ended.failure().isPresent()
            && context.parent().isEmpty()
            && trail.caller() != Caller.UNKNOWN;
    if (flagged || telling) {
      to.add(Told.of(trail, ended, context, flagged, providers.get()));
    }
  }

  /** Brings what is left, where the collector takes it soon. */
  @Override
  public synchronized void close() {
    Exporter last = exporter;
    exporter = null;
    if (last != null) {
      last.close();
    }
  }
}
