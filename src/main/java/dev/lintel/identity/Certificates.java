package dev.lintel.identity;

import dev.lintel.Caller;
import dev.lintel.ClientName;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;

/** Callers by the certificates of their connections; the first name that fits counts. */
public final class Certificates {
  private static final int PROVED = 1 << 12;

  /** Alternative names that are plain text: mail, DNS and URI (RFC 5280 §4.2.1.6). */
  private static final List<Integer> TEXTS = List.of(1, 2, 6);

  private final List<ClientName> names;
  private final Register.Apps apps;
  private final InstantSource clock;
  private final Memo<X509Certificate, Caller> known = new Memo<>(PROVED);

  public Certificates(List<ClientName> names, Register.Apps apps, InstantSource clock) {
    this.names = List.copyOf(names);
    this.apps = apps;
    this.clock = clock;
  }

  /** Nobody looks at a connection where no certificate could count. */
  boolean any() {
    return !names.isEmpty();
  }

  /** Empty where it stands for nobody, or its time is over: connections may outlast it. */
  Optional<Caller> caller(X509Certificate certificate) {
    if (clock.millis() > certificate.getNotAfter().getTime()) {
      return Optional.empty();
    }
    Caller before = known.get(certificate);
    if (before != null) {
      return Optional.of(before);
    }
    Optional<Caller> found =
        names.stream()
            .filter(name -> fits(name, certificate))
            .findFirst()
            .flatMap(name ->
                apps.caller(
                    name.tenant(),
                    name.app(),
                    "certificate:" + certificate.getSerialNumber().toString(16)));
    found.ifPresent(caller -> known.put(certificate, caller));
    return found;
  }

  private static boolean fits(ClientName name, X509Certificate certificate) {
    try {
      return (name.subject().isEmpty()
              || new LdapName(certificate.getSubjectX500Principal().getName())
                  .getRdns()
                  .containsAll(new LdapName(name.subject()).getRdns()))
          && (name.san().isEmpty() || alternatives(certificate).contains(name.san()));
    } catch (InvalidNameException | CertificateParsingException unreadable) {
      return false;
    }
  }

  private static List<String> alternatives(X509Certificate certificate)
      throws CertificateParsingException {
    var names = certificate.getSubjectAlternativeNames();
    return names == null
        ? List.of()
        : names.stream()
            .filter(name -> name.getFirst() instanceof Integer type && TEXTS.contains(type))
            .map(name -> String.valueOf(name.getLast()))
            .toList();
  }
}
