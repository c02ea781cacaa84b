package dev.lintel.compat;

/** The gateway under test, which {@code compat/run} has started with {@code compat/lintel.yaml}. */
final class Lintel {
  static final String URL = environment("LINTEL_URL");
  static final String RESULTS = environment("COMPAT_RESULTS");
  static final String KEY = "sk-compat-0001";

  /** The pair of the app whose key this is. */
  static final String AWS_ID = "AKIDCOMPAT0001";

  static final String AWS_SECRET = "compat-secret-0001";

  private Lintel() {}

  private static String environment(String name) {
    String value = System.getenv(name);
    if (value == null) {
      throw new IllegalStateException(name + " is not set: start this by compat/run");
    }
    return value;
  }
}
