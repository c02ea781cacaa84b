package dev.lintel.store;

import dev.lintel.AuditEntry;
import dev.lintel.AuditTrail.Head;
import dev.lintel.NodeKey;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What of a node's chain lies in its data folder: the key, and where the chain ends. */
final class OwnChain implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(OwnChain.class);

  final NodeKey key;
  final HeadFile file;
  Head head;

  OwnChain(Path folder, String database) throws IOException {
    key =
        NodeKey.open(
            folder,
            file ->
                LOG.error(
                    "{} is no key and is set aside: this node begins another chain of evidence",
                    file));
    file = new HeadFile(place(folder, database));
    head = file.read(this::good).orElse(new Head(key.name(), 0, "", ""));
  }

  /** Another database has another chain, which begins anew. */
  private static Path place(Path folder, String database) {
    String suffix = UUID.nameUUIDFromBytes(database.getBytes(StandardCharsets.UTF_8)).toString();
    return folder.resolve("audit-" + suffix.substring(0, 8) + ".head");
  }

  /**
   * Where the chain of whose folder that is ends, without the key and without making anything.
   *
   * @param publicKey of a node, by its name; empty where that is not known
   */
  static Optional<Head> look(
      Path folder, String database, Function<String, Optional<String>> publicKey) {
    Path file = place(folder, database);
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    try {
      return HeadFile.look(
          file,
          // Of a chain that is not there at all, that there was one is all that is left.
          head -> publicKey.apply(head.node()).map(key -> good(head, key)).orElse(true));
    } catch (IOException unreadable) {
      throw new UncheckedIOException(file + " cannot be read.", unreadable);
    }
  }

  boolean good(Head given) {
    return given.node().equals(key.name()) && good(given, key.publicKey());
  }

  private static boolean good(Head given, String publicKey) {
    return NodeKey.verified(
        publicKey, AuditEntry.head(given.node(), given.sequence(), given.hash()), given.seal());
  }

  @Override
  public void close() {
    file.close();
  }
}
