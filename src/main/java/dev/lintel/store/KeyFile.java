package dev.lintel.store;

import dev.lintel.Caller;
import dev.lintel.Ids;
import dev.lintel.Json;
import dev.lintel.Owned;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The admin key and the first caller key, kept in {@code keys.json} as HMAC-SHA-256 under a secret
 * of this installation. A key is shown when it is made and cannot be had from the file again.
 */
public final class KeyFile {
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final String FILE = "keys.json";

  private final Path file;
  private volatile ObjectNode state;
  private final SecretKeySpec secret;

  /**
   * Keys that were found good, so that a call pays for one look-up and no hash. As many at most as
   * there are keys.
   */
  private final Map<String, Caller> proved = new ConcurrentHashMap<>();

  private KeyFile(Path file, ObjectNode state) {
    this.file = file;
    this.state = state;
    this.secret =
        new SecretKeySpec(Base64.getDecoder().decode(state.get("secret").asString()), "HmacSHA256");
  }

  /**
   * Opens the folder's keys, and makes the folder and its secret where there are none. Throws
   * {@link UncheckedIOException}.
   */
  public static KeyFile open(Path folder) {
    Path file = folder.resolve(FILE);
    try {
      Owned.folder(folder.toAbsolutePath());
      if (Files.exists(file)) {
        return new KeyFile(file, (ObjectNode) Json.parse(Files.readString(file)));
      }
      byte[] random = new byte[32];
      RANDOM.nextBytes(random);
      ObjectNode state = Json.object().put("secret", Base64.getEncoder().encodeToString(random));
      var fresh = new KeyFile(file, state);
      fresh.save();
      return fresh;
    } catch (IOException failed) {
      throw new UncheckedIOException(
          "The data folder "
              + folder
              + " cannot be used: it must be a folder that this user may read and write; choose one"
              + " with --data DIR.",
          failed);
    }
  }

  /** Makes an admin key and returns it; empty where there is one already. */
  public Optional<String> firstAdminKey() {
    return first("admin", "lintel-admin-");
  }

  /**
   * Makes a key for callers without a tenant of their own and returns it; empty where there is one
   * already.
   */
  public Optional<String> firstCallerKey() {
    return first("caller", "sk-lintel-");
  }

  /** A secret of this installation for that purpose, the same at every start. */
  public byte[] secret(String purpose) {
    return hmac("secret for " + purpose).getBytes(StandardCharsets.US_ASCII);
  }

  public boolean isAdmin(String key) {
    return matches("admin", key);
  }

  /** The caller of the first caller key. */
  public Optional<Caller> caller(String key) {
    Caller known = proved.get(key);
    if (known != null) {
      return Optional.of(known);
    }
    if (!matches("caller", key)) {
      return Optional.empty();
    }
    proved.put(key, Caller.FIRST);
    return Optional.of(Caller.FIRST);
  }

  private Optional<String> first(String role, String prefix) {
    if (state.has(role)) {
      return Optional.empty();
    }
    String key = Ids.secret(prefix, 32);
    ObjectNode with = state.deepCopy();
    with.putObject(role)
        .put("prefix", key.substring(0, prefix.length() + 4))
        .put("hmac", hmac(key));
    // Swapped whole: calls may be looking keys up already.
    state = with;
    try {
      save();
    } catch (IOException failed) {
      throw new UncheckedIOException(
          "The keys cannot be kept in " + file + ": " + failed.getMessage(), failed);
    }
    return Optional.of(key);
  }

  private boolean matches(String role, String key) {
    JsonNode kept = state.path(role).path("hmac");
    return kept.isString()
        && MessageDigest.isEqual(
            kept.asString().getBytes(StandardCharsets.US_ASCII),
            hmac(key).getBytes(StandardCharsets.US_ASCII));
  }

  private String hmac(String key) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(secret);
      return HexFormat.of().formatHex(mac.doFinal(key.getBytes(StandardCharsets.UTF_8)));
    } catch (GeneralSecurityException missing) {
      throw new IllegalStateException("this JDK has no HmacSHA256", missing);
    }
  }

  /** The file is whole at every moment, also where the machine stops in between. */
  private void save() throws IOException {
    Path next = file.resolveSibling(FILE + ".new");
    Files.deleteIfExists(next);
    if (Files.getFileStore(file.getParent()).supportsFileAttributeView("posix")) {
      Files.createFile(
          next, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    } else {
      Files.createFile(next);
    }
    try (FileChannel channel = FileChannel.open(next, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.wrap(Json.bytes(state)));
      channel.force(true);
    }
    Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }
}
