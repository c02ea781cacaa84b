package dev.lintel;

import java.net.URI;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * Where notices are sent.
 *
 * @param name by which alerts name it; empty where it has none
 * @param url may hold a secret in its path
 * @param kinds those that are sent
 * @param secret by which they are signed, or with which one logs in; empty where neither is done
 * @param mail of {@link Form#EMAIL}, and of no other
 */
public record Webhook(
    Optional<String> name,
    Form form,
    URI url,
    Set<Notice.Kind> kinds,
    Optional<String> secret,
    Optional<Mail> mail) {
  public Webhook {
    kinds = Set.copyOf(kinds);
  }

  /** In whose form. */
  public enum Form {
    GENERIC,
    SLACK,
    DINGTALK,
    FEISHU,
    WECOM,
    EMAIL;

    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * What a letter needs beside its server.
   *
   * @param user who logs in there; empty where nobody has to
   */
  public record Mail(Optional<String> user, String from, List<String> to) {
    public Mail {
      to = List.copyOf(to);
    }
  }

  /** Whether that is sent there. */
  public boolean wants(Notice notice) {
    return notice.to().isEmpty()
        ? kinds.contains(notice.kind())
        : name.filter(notice.to()::contains).isPresent();
  }

  /** Where it leads, as far as that may be shown. */
  public String host() {
    return url.getHost();
  }

  @Override
  public String toString() {
    return "Webhook[" + form.word() + " " + host() + "]";
  }
}
