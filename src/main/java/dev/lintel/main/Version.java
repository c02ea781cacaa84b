package dev.lintel.main;

/** What this is, as its jar's manifest says. */
final class Version {
  static final String TEXT = read();

  /**
   * Of what clients rely on beside the vendors' own contracts: headers, terms, errors, the admin
   * API. A number more for every change that a client could notice as a loss; see docs/contract.md.
   */
  static final String CONTRACT = "1";

  private Version() {}

  private static String read() {
    String version = Version.class.getPackage().getImplementationVersion();
    return version == null ? "development" : version;
  }
}
