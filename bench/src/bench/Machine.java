package bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The machine that all of this runs on. */
final class Machine {
  /** /proc counts CPU time in USER_HZ, which is 100 on every Linux that Java runs on. */
  static final long MICROS_PER_TICK = 10_000;

  private Machine() {}

  static String cpu() {
    return lines("/proc/cpuinfo")
        .filter(line -> line.startsWith("model name") || line.startsWith("CPU implementer"))
        .map(line -> line.substring(line.indexOf(':') + 1).strip())
        .findFirst()
        .orElse("unknown");
  }

  static int cores() {
    return Runtime.getRuntime().availableProcessors();
  }

  static String kernel() {
    return System.getProperty("os.name") + " " + System.getProperty("os.version");
  }

  static long memoryMb() {
    return lines("/proc/meminfo")
        .filter(line -> line.startsWith("MemTotal:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) / 1024)
        .findFirst()
        .orElse(0);
  }

  static String load() {
    return lines("/proc/loadavg").findFirst().orElse("unknown");
  }

  /**
   * CPU time that this process and those it started did not use: every other process's, and what
   * the hypervisor gave to other machines. Taken from the processes one by one, because the sum in
   * /proc/stat is sampled at timer ticks and misses work that begins with one.
   */
  static long othersMicros() {
    Set<Long> ours =
        Stream.concat(Stream.of(ProcessHandle.current()), ProcessHandle.current().descendants())
            .map(ProcessHandle::pid)
            .collect(Collectors.toSet());
    long stolen = Long.parseLong(lines("/proc/stat").findFirst().orElseThrow().split(" +")[8]);
    long others =
        ProcessHandle.allProcesses()
            .map(ProcessHandle::pid)
            .filter(pid -> !ours.contains(pid))
            .mapToLong(pid -> ticks(pid, 4))
            .sum();
    return (stolen + others) * MICROS_PER_TICK;
  }

  /** CPU time of one process, in microseconds; 0 where it is gone. */
  static long cpuMicros(long pid) {
    return ticks(pid, 2) * MICROS_PER_TICK;
  }

  /** The first of utime, stime, cutime and cstime, added up. */
  private static long ticks(long pid, int fields) {
    try {
      String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
      // The second field is the program's name in parentheses, which may hold spaces.
      String[] after = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
      return Arrays.stream(after, 11, 11 + fields).mapToLong(Long::parseLong).sum();
    } catch (IOException gone) {
      return 0;
    }
  }

  private static Stream<String> lines(String file) {
    try {
      return Files.readString(Path.of(file)).lines();
    } catch (IOException broken) {
      throw new UncheckedIOException(broken);
    }
  }
}
