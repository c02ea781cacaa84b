package dev.lintel.main;

/** What this is, as its jar's manifest says. */
final class Version {
  static final String TEXT = read();

  private Version() {}

  private static String read() {
    String version = Version.class.getPackage().getImplementationVersion();
    return version == null ? "development" : version;
  }
}
