package dev.lintel;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** Secrets that admins have put into the store, sealed, for all nodes. */
public interface KeptSecrets {
  /** By which the {@link Feed} tells of them. */
  String TOPIC = "secrets";

  /**
   * One of them.
   *
   * @param sealed as {@link Sealer} closed it, under {@link #what}
   * @param fingerprint tells two secrets apart and gives neither away
   * @param by who put it there
   */
  record Kept(String name, String sealed, String fingerprint, String by, Instant at) {
    @Override
    public String toString() {
      return "Kept[" + name + "]";
    }
  }

  /** What the secret of that name is sealed for. */
  static String what(String name) {
    return "secret/" + name;
  }

  /** In the place of another of that name. Durable when it returns. */
  void put(Kept secret);

  Optional<Kept> find(String name);

  /** In the order of their names, after that one. */
  List<Kept> list(String after, int limit);

  /** False where there is none such. */
  boolean delete(String name);
}
