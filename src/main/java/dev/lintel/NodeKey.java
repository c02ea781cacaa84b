package dev.lintel;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The key (Ed25519) by which a node vouches for what it wrote. It lies in a file of the data folder
 * that only its owner may read, and never in the store: who can change the store cannot sign.
 */
public final class NodeKey {
  private static final Logger LOG = LoggerFactory.getLogger(NodeKey.class);
  private static final String FILE = "audit.key";
  private static final String ALGORITHM = "Ed25519";

  private final PrivateKey secret;
  private final String publicKey;
  private final String name;

  private NodeKey(PrivateKey secret, PublicKey known) {
    this.secret = secret;
    this.publicKey = Base64.getEncoder().encodeToString(known.getEncoded());
    this.name = name(publicKey);
  }

  /**
   * The folder's key; makes it where there is none. One that cannot be read is set aside, and said
   * loudly. Throws {@link UncheckedIOException}.
   */
  public static NodeKey open(Path folder) {
    Path file = folder.resolve(FILE);
    try {
      Owned.folder(folder.toAbsolutePath());
      if (Files.exists(file)) {
        try {
          return read(file);
        } catch (GeneralSecurityException | RuntimeException unreadable) {
          Path aside = file.resolveSibling(FILE + ".broken");
          LOG.error(
              "{} is no key and is set aside: this node begins another chain of evidence", file);
          Files.move(file, aside, StandardCopyOption.REPLACE_EXISTING);
        }
      }
      return made(folder, file);
    } catch (IOException failed) {
      throw new UncheckedIOException(
          "The key " + file + " cannot be had: " + failed.getMessage(), failed);
    } catch (GeneralSecurityException missing) {
      throw new IllegalStateException("this JDK has no " + ALGORITHM, missing);
    }
  }

  private static NodeKey read(Path file) throws IOException, GeneralSecurityException {
    List<String> lines = Files.readAllLines(file);
    KeyFactory keys = KeyFactory.getInstance(ALGORITHM);
    Base64.Decoder base64 = Base64.getDecoder();
    var key =
        new NodeKey(
            keys.generatePrivate(new PKCS8EncodedKeySpec(base64.decode(lines.get(0)))),
            keys.generatePublic(new X509EncodedKeySpec(base64.decode(lines.get(1)))));
    byte[] probe = key.name.getBytes(StandardCharsets.US_ASCII);
    if (!verified(key.publicKey, probe, key.sign(probe))) {
      throw new GeneralSecurityException("two keys that are no pair");
    }
    return key;
  }

  private static NodeKey made(Path folder, Path file) throws IOException, GeneralSecurityException {
    KeyPair pair = KeyPairGenerator.getInstance(ALGORITHM).generateKeyPair();
    Base64.Encoder base64 = Base64.getEncoder();
    String text =
        base64.encodeToString(pair.getPrivate().getEncoded())
            + "\n"
            + base64.encodeToString(pair.getPublic().getEncoded())
            + "\n";
    Path draft = file.resolveSibling(FILE + "." + UUID.randomUUID() + ".part");
    Owned.file(draft);
    try (FileChannel channel = FileChannel.open(draft, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII)));
      channel.force(true);
    }
    try {
      Files.move(draft, file);
      Owned.force(folder.toAbsolutePath());
    } catch (FileAlreadyExistsException meanwhile) {
      // Another process of this folder was first.
      Files.deleteIfExists(draft);
    }
    return read(file);
  }

  /** The first 16 hexadecimal digits of the public key's SHA-256: another key is another node. */
  public String name() {
    return name;
  }

  /** The same of that key. */
  public static String name(String publicKey) {
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256").digest(Base64.getDecoder().decode(publicKey));
      return HexFormat.of().formatHex(hash, 0, 8);
    } catch (GeneralSecurityException everyJdkHasIt) {
      throw new IllegalStateException(everyJdkHasIt);
    } catch (IllegalArgumentException noBase64) {
      return "";
    }
  }

  /** X.509's SubjectPublicKeyInfo in base64. */
  public String publicKey() {
    return publicKey;
  }

  /** A signature in base64. */
  public String sign(byte[] what) {
    try {
      Signature signature = Signature.getInstance(ALGORITHM);
      signature.initSign(secret);
      signature.update(what);
      return Base64.getEncoder().encodeToString(signature.sign());
    } catch (GeneralSecurityException missing) {
      throw new IllegalStateException("this JDK has no " + ALGORITHM, missing);
    }
  }

  /** Whether that is what was signed by the owner of that key; false also for what is neither. */
  public static boolean verified(String publicKey, byte[] what, String signed) {
    try {
      Base64.Decoder base64 = Base64.getDecoder();
      Signature signature = Signature.getInstance(ALGORITHM);
      signature.initVerify(
          KeyFactory.getInstance(ALGORITHM)
              .generatePublic(new X509EncodedKeySpec(base64.decode(publicKey))));
      signature.update(what);
      return signature.verify(base64.decode(signed));
    } catch (GeneralSecurityException | IllegalArgumentException neither) {
      return false;
    }
  }
}
