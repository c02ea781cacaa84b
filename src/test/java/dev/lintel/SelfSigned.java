package dev.lintel;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Base64;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/** A key of this machine with its certificate, which nobody trusts who is not told to. */
public record SelfSigned(KeyStore keys) {
  private static final String NAME = "x";
  private static final String PASSWORD = "changeit";

  /**
   * @param store a file that is not there yet
   * @param subject such as {@code CN=localhost}
   */
  public static SelfSigned made(Path store, String subject) throws Exception {
    var keytool =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-alias",
                NAME,
                "-keyalg",
                "EC",
                "-dname",
                subject,
                "-validity",
                "2",
                "-ext",
                "san=dns:localhost,ip:127.0.0.1",
                "-storetype",
                "PKCS12",
                "-storepass",
                PASSWORD,
                "-keystore",
                store.toString())
            .redirectErrorStream(true)
            .start();
    String said = new String(keytool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(keytool.waitFor()).as(said).isZero();
    return new SelfSigned(KeyStore.getInstance(store.toFile(), PASSWORD.toCharArray()));
  }

  /** As PEM. */
  public String certificate() throws GeneralSecurityException {
    return pem("CERTIFICATE", keys.getCertificate(NAME).getEncoded());
  }

  /** The private one, as PEM. */
  public String key() throws GeneralSecurityException {
    return pem("PRIVATE KEY", keys.getKey(NAME, PASSWORD.toCharArray()).getEncoded());
  }

  private static String pem(String kind, byte[] der) {
    return "-----BEGIN %1$s-----\n%2$s\n-----END %1$s-----\n"
        .formatted(kind, Base64.getMimeEncoder().encodeToString(der));
  }

  /**
   * Of one who trusts this certificate and no other.
   *
   * @param own what it shows of itself; {@code null} for nothing
   */
  public SSLContext trusted(@Nullable SelfSigned own) throws Exception {
    KeyStore known = KeyStore.getInstance("PKCS12");
    known.load(null, null);
    known.setCertificateEntry(NAME, keys.getCertificate(NAME));
    var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(known);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(own == null ? null : own.shown(), trust.getTrustManagers(), null);
    return context;
  }

  private KeyManager[] shown() throws GeneralSecurityException {
    var shown = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    shown.init(keys, PASSWORD.toCharArray());
    return shown.getKeyManagers();
  }
}
