package dev.lintel.observe;

import com.sun.management.OperatingSystemMXBean;
import com.sun.management.UnixOperatingSystemMXBean;
import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryUsage;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.DoubleSupplier;

/**
 * The JVM and its process, under the names that Prometheus' own libraries give them, so that ready
 * dashboards show them. Read when somebody asks.
 */
final class JvmFigures {
  private static final double SECOND_MILLIS = 1e3;
  private static final double SECOND_NANOS = 1e9;
  private static final int PAGE = 4096;
  private static final Path RESIDENT = Path.of("/proc/self/statm");

  private JvmFigures() {}

  static void register(PrometheusRegistry registry) {
    memory(registry);
    collections(registry);
    threads(registry);
    process(registry);
  }

  private static void memory(PrometheusRegistry registry) {
    var memory = ManagementFactory.getMemoryMXBean();
    area(registry, "jvm_memory_used_bytes", "Memory that is used.", MemoryUsage::getUsed);
    area(
        registry,
        "jvm_memory_committed_bytes",
        "Memory that the JVM has taken.",
        MemoryUsage::getCommitted);
    gauge(
        registry,
        "jvm_memory_max_bytes",
        "The most that the heap may take.",
        () -> memory.getHeapMemoryUsage().getMax());
    GaugeWithCallback.builder()
        .name("jvm_buffer_pool_used_bytes")
        .help("Memory outside of the heap that buffers hold.")
        .labelNames("pool")
        .callback(figures -> {
          for (var pool : ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class)) {
            figures.call(pool.getMemoryUsed(), pool.getName());
          }
        })
        .register(registry);
  }

  private interface Part {
    long of(MemoryUsage usage);
  }

  private static void area(PrometheusRegistry registry, String name, String help, Part part) {
    var memory = ManagementFactory.getMemoryMXBean();
    GaugeWithCallback.builder()
        .name(name)
        .help(help)
        .labelNames("area")
        .callback(figures -> {
          figures.call(part.of(memory.getHeapMemoryUsage()), "heap");
          figures.call(part.of(memory.getNonHeapMemoryUsage()), "nonheap");
        })
        .register(registry);
  }

  private static void collections(PrometheusRegistry registry) {
    CounterWithCallback.builder()
        .name("jvm_gc_collections_total")
        .help("Collections of garbage.")
        .labelNames("gc")
        .callback(figures -> {
          for (GarbageCollectorMXBean one : ManagementFactory.getGarbageCollectorMXBeans()) {
            figures.call(Math.max(0, one.getCollectionCount()), one.getName());
          }
        })
        .register(registry);
    CounterWithCallback.builder()
        .name("jvm_gc_collection_seconds_total")
        .help("Time that they took.")
        .labelNames("gc")
        .callback(figures -> {
          for (GarbageCollectorMXBean one : ManagementFactory.getGarbageCollectorMXBeans()) {
            figures.call(Math.max(0, one.getCollectionTime()) / SECOND_MILLIS, one.getName());
          }
        })
        .register(registry);
  }

  private static void threads(PrometheusRegistry registry) {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    gauge(
        registry,
        "jvm_threads_current",
        "Threads of the operating system.",
        threads::getThreadCount);
    gauge(registry, "jvm_threads_peak", "The most there were.", threads::getPeakThreadCount);
  }

  private static void process(PrometheusRegistry registry) {
    var runtime = ManagementFactory.getRuntimeMXBean();
    gauge(
        registry,
        "process_start_time_seconds",
        "When the process began, since the epoch.",
        () -> runtime.getStartTime() / SECOND_MILLIS);
    if (ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system) {
      CounterWithCallback.builder()
          .name("process_cpu_seconds_total")
          .help("Time on processors.")
          .callback(figure -> figure.call(Math.max(0, system.getProcessCpuTime()) / SECOND_NANOS))
          .register(registry);
    }
    if (ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean unix) {
      gauge(
          registry,
          "process_open_fds",
          "Files and sockets that are open.",
          unix::getOpenFileDescriptorCount);
      gauge(
          registry,
          "process_max_fds",
          "The most that may be open.",
          unix::getMaxFileDescriptorCount);
    }
    if (Files.isReadable(RESIDENT)) {
      gauge(
          registry,
          "process_resident_memory_bytes",
          "Memory that the process has in use.",
          JvmFigures::resident);
    }
  }

  private static double resident() {
    try {
      return Double.parseDouble(Files.readString(RESIDENT).split(" ")[1]) * PAGE;
    } catch (IOException gone) {
      return Double.NaN;
    }
  }

  private static void gauge(
      PrometheusRegistry registry, String name, String help, DoubleSupplier figure) {
    GaugeWithCallback.builder()
        .name(name)
        .help(help)
        .callback(shown -> shown.call(figure.getAsDouble()))
        .register(registry);
  }
}
