package dev.lintel.main;

import java.io.File;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Collectors;

/** For processes beside the tests': the same JDK, the same classes. */
final class ThisJava {
  static final String JAVA = Path.of(System.getProperty("java.home"), "bin", "java").toString();

  /** Holds in any working folder. */
  static final String CLASSES =
      Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
          .filter(entry -> !entry.isEmpty())
          .map(entry -> Path.of(entry).toAbsolutePath().toString())
          .collect(Collectors.joining(File.pathSeparator));

  private ThisJava() {}
}
