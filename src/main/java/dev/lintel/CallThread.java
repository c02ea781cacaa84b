package dev.lintel;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.FutureTask;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The virtual thread on which a call is served: blocking code, carried by the event loop of the
 * call's own connection where the JDK allows it, so that a wait costs no hand-off between operating
 * system threads.
 *
 * <p>JDK 25 takes a scheduler for a virtual thread in a package-private method, which {@code
 * --add-opens java.base/java.lang=ALL-UNNAMED} (in the jar's manifest) opens. Without it, or with
 * {@code LINTEL_THREADS=stock}, the JDK's own scheduler carries the threads and everything else
 * stays the same.
 */
public final class CallThread {
  private static final ScopedValue<CallThread> CURRENT = ScopedValue.newInstance();
  private static final @Nullable MethodHandle ON_SCHEDULER = find();
  private static final String FORCED = forced();

  /**
   * Threads that wait with a deadline. One sweep over them is cheaper than a timer for every wait.
   */
  private static final Set<CallThread> RUNNING = ConcurrentHashMap.newKeySet(1024);

  private static final LongSupplier SYSTEM = System::nanoTime;
  private static final long SWEEP_NANOS = 10_000_000;

  /** For what holds its carrier: files, native code, regular expressions over long text. */
  private static final ExecutorService BLOCKING =
      Executors.newFixedThreadPool(
          Math.max(4, Runtime.getRuntime().availableProcessors()),
          Thread.ofPlatform().daemon().name("lintel-blocking-", 0).factory());

  static {
    Thread.ofPlatform().daemon().name("lintel-deadlines").start(CallThread::sweep);
  }

  private final Executor loop;
  private final LongSupplier clock;
  private @Nullable Thread thread;
  private volatile long wakeAt = Long.MAX_VALUE;

  /** Of the call that is served now; {@code null} between calls. */
  private volatile @Nullable Trail serving;

  private CallThread(Executor loop, LongSupplier clock) {
    this.loop = loop;
    this.clock = clock;
  }

  /** Starts a thread for a call whose sockets are served by that loop. */
  public static CallThread start(Executor loop, Runnable body) {
    return start(loop, CURRENT.isBound() ? CURRENT.get().clock : SYSTEM, body);
  }

  /**
   * The same by another clock, which the threads that it starts inherit: waits end by it, and
   * {@link #nanoTime} tells it.
   *
   * @param clock counts nanoseconds
   */
  static CallThread start(Executor loop, LongSupplier clock, Runnable body) {
    var call = new CallThread(loop, clock);
    Runnable scoped = () -> call.run(body);
    Thread thread =
        ON_SCHEDULER == null || FORCED.equals("stock")
            ? Thread.ofVirtual().unstarted(scoped)
            : carriedBy(ON_SCHEDULER, loop, scoped);
    call.thread = thread;
    thread.start();
    return call;
  }

  /** The calling thread. Throws {@link IllegalStateException} on any other kind of thread. */
  public static CallThread current() {
    if (!CURRENT.isBound()) {
      throw new IllegalStateException("not on a call's thread: " + Thread.currentThread());
    }
    return CURRENT.get();
  }

  /** {@link System#nanoTime} by the clock of the calling thread, whatever its kind. */
  public static long nanoTime() {
    return CURRENT.isBound() ? CURRENT.get().clock.getAsLong() : System.nanoTime();
  }

  /**
   * Chance for what the calling thread draws, whatever its kind: a clock that is one, too, makes it
   * the same each time.
   */
  public static RandomGenerator random() {
    return CURRENT.isBound() && CURRENT.get().clock instanceof RandomGenerator known
        ? known
        : ThreadLocalRandom.current();
  }

  /**
   * Wakes the threads of that loop that wait until then, by a clock of its own: in the order in
   * which they began.
   */
  static void wake(Executor loop, long now) {
    RUNNING.stream()
        .filter(call -> call.loop == loop && call.wakeAt <= now)
        .sorted(Comparator.comparingLong(call -> call.number()))
        .forEach(CallThread::wake);
  }

  private long number() {
    Thread running = thread;
    return running == null ? Long.MAX_VALUE : running.threadId();
  }

  /**
   * When the first of the threads of that loop looks again by itself; {@link Long#MAX_VALUE} where
   * none waits for a moment.
   */
  static long nextWake(Executor loop) {
    return RUNNING.stream()
        .filter(call -> call.loop == loop)
        .mapToLong(call -> call.wakeAt)
        .min()
        .orElse(Long.MAX_VALUE);
  }

  /** How many threads of that loop have not ended. */
  static long running(Executor loop) {
    return RUNNING.stream().filter(call -> call.loop == loop).count();
  }

  /** Until when it waits; {@link Long#MAX_VALUE} where it does not. */
  long waitsUntil() {
    return wakeAt;
  }

  /** Which scheduler carries the calls: {@code loop} or {@code stock}. */
  public static String mode() {
    return ON_SCHEDULER == null || FORCED.equals("stock") ? "stock" : "loop";
  }

  /** Where work for this call's sockets runs. */
  public Executor loop() {
    return loop;
  }

  /**
   * Waits until {@code ready} holds; it is asked again after each {@link #wake}. Call on this
   * thread only.
   *
   * @param deadline {@link System#nanoTime}, kept to within some 10 ms
   * @return false where the deadline came first
   * @throws Failure {@code CANCELLED} once {@link #cancel} was called
   */
  public boolean await(BooleanSupplier ready, long deadline) {
    if (ready.getAsBoolean()) {
      return true;
    }
    wakeAt = deadline;
    if (clock instanceof SwiftTime time) {
      time.waits(this, deadline);
    }
    try {
      while (!ready.getAsBoolean()) {
        if (Thread.interrupted()) {
          Thread.currentThread().interrupt();
          throw Failure.cancelled();
        }
        if (clock.getAsLong() - deadline >= 0) {
          return false;
        }
        LockSupport.park(this);
      }
      return true;
    } finally {
      wakeAt = Long.MAX_VALUE;
    }
  }

  /**
   * The calling thread serves that call from now on, so that people can see it under way; nothing
   * where it is no call's thread.
   */
  public static void serves(Trail trail) {
    if (CURRENT.isBound()) {
      CURRENT.get().serving = trail;
    }
  }

  /** The calling thread has served its call. */
  public static void served() {
    if (CURRENT.isBound()) {
      CURRENT.get().serving = null;
    }
  }

  /**
   * What is served now, on all threads of this process. Trails are their threads' own: of what they
   * say only single values can be believed, and each may be that of a moment ago.
   */
  public static List<Trail> serving() {
    var all = new ArrayList<Trail>();
    for (CallThread call : RUNNING) {
      Trail trail = call.serving;
      if (trail != null) {
        all.add(trail);
      }
    }
    return all;
  }

  /** Lets the thread look again at what it waits for. From any thread. */
  public void wake() {
    LockSupport.unpark(thread);
  }

  /** Ends the call: what it waits for now, or next, throws {@code CANCELLED}. From any thread. */
  public void cancel() {
    Thread running = thread;
    if (running != null) {
      running.interrupt();
    }
  }

  /**
   * Runs work that would hold the carrier on another thread while this one waits.
   *
   * @throws Failure {@code CANCELLED} once {@link #cancel} was called; the work is interrupted then
   */
  public <T> T offload(Callable<T> work) {
    var task = new FutureTask<T>(work);
    BLOCKING.execute(() -> {
      task.run();
      wake();
    });
    try {
      await(task::isDone, Long.MAX_VALUE - 1);
    } catch (Failure cancelled) {
      task.cancel(true);
      throw cancelled;
    }
    try {
      return task.get();
    } catch (InterruptedException left) {
      Thread.currentThread().interrupt();
      throw Failure.cancelled();
    } catch (ExecutionException failed) {
      if (failed.getCause() instanceof RuntimeException known) {
        throw known;
      }
      throw new IllegalStateException(failed.getCause());
    }
  }

  /**
   * What another thread makes, waited for on any thread; a call's does not hold its carrier.
   *
   * @throws Failure {@code CANCELLED} once the call was cancelled, while the other thread goes on
   */
  public static <T> T await(CompletableFuture<T> made) {
    if (CURRENT.isBound()) {
      CallThread call = CURRENT.get();
      var _ = made.whenComplete((done, failed) -> call.wake());
      call.await(made::isDone, Long.MAX_VALUE - 1);
    }
    try {
      return made.join();
    } catch (CompletionException failed) {
      if (failed.getCause() instanceof RuntimeException known) {
        throw known;
      }
      throw new IllegalStateException(failed.getCause());
    }
  }

  private void run(Runnable body) {
    RUNNING.add(this);
    try {
      ScopedValue.where(CURRENT, this).run(body);
    } finally {
      RUNNING.remove(this);
    }
  }

  private static void sweep() {
    while (true) {
      LockSupport.parkNanos(SWEEP_NANOS);
      long now = System.nanoTime();
      for (CallThread call : RUNNING) {
        long at = call.wakeAt;
        if (call.clock == SYSTEM && at != Long.MAX_VALUE && now - at >= 0) {
          call.wake();
        }
      }
    }
  }

  private static Thread carriedBy(MethodHandle onScheduler, Executor loop, Runnable body) {
    try {
      return (Thread) onScheduler.invoke(loop, (String) null, 0, body);
    } catch (Throwable broken) {
      throw new IllegalStateException("the JDK refused a scheduler for a virtual thread", broken);
    }
  }

  private static @Nullable MethodHandle find() {
    try {
      var builders = Class.forName("java.lang.ThreadBuilders");
      var method =
          builders.getDeclaredMethod(
              "newVirtualThread", Executor.class, String.class, int.class, Runnable.class);
      method.setAccessible(true);
      return MethodHandles.lookup().unreflect(method);
    } catch (ReflectiveOperationException | RuntimeException closed) {
      return null;
    }
  }

  private static String forced() {
    String value = System.getenv("LINTEL_THREADS");
    return value == null || value.isBlank() ? System.getProperty("lintel.threads", "") : value;
  }
}
