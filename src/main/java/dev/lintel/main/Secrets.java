package dev.lintel.main;

import dev.lintel.Sealer;
import dev.lintel.Store;
import dev.lintel.secret.AgreedSealer;
import dev.lintel.secret.KeyRing;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** What must not be guessed: made and compared. */
final class Secrets {
  private static final String AGREED = "key-encryption key";

  private Secrets() {}

  /** What closes that which lies in a store. */
  @FunctionalInterface
  interface Sealing {
    /**
     * @param agreed a key on which the nodes of one store have agreed; empty where there is one
     *     node
     */
    Sealer of(Optional<String> agreed);

    /**
     * @param store may throw {@link dev.lintel.Failure}
     * @param shared whether other nodes have to open what this one closes
     */
    default Sealer of(Supplier<Store> store, boolean shared) {
      return shared
          ? new AgreedSealer(() -> of(Optional.of(agreed(store.get()))))
          : of(Optional.empty());
    }

    private static String agreed(Store store) {
      byte[] proposal = KeyRing.random().getBytes(StandardCharsets.US_ASCII);
      return new String(store.agreed(AGREED, proposal), StandardCharsets.US_ASCII);
    }
  }

  /** What this process alone can open, where no other has to. */
  static Sealing passing() {
    String own = KeyRing.random();
    return agreed -> KeyRing.of(Stream.concat(agreed.stream(), Stream.of(own)).toList());
  }

  /** 32 bytes that nobody knows. */
  static byte[] random() {
    var bytes = new byte[32];
    new SecureRandom().nextBytes(bytes);
    return bytes;
  }

  /** Takes the same time wherever the two differ. */
  static boolean same(String one, String other) {
    return MessageDigest.isEqual(
        one.getBytes(StandardCharsets.UTF_8), other.getBytes(StandardCharsets.UTF_8));
  }
}
