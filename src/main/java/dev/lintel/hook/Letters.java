package dev.lintel.hook;

import dev.lintel.Notice;
import dev.lintel.Webhook;
import jakarta.mail.AuthenticationFailedException;
import jakarta.mail.Message;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.Transport;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import java.nio.charset.StandardCharsets;
import java.util.Date;
import java.util.Optional;
import java.util.Properties;
import javax.net.ssl.SSLSocketFactory;
import org.eclipse.angus.mail.smtp.SMTPAddressFailedException;
import org.eclipse.angus.mail.smtp.SMTPSendFailedException;
import org.eclipse.angus.mail.smtp.SMTPSenderFailedException;

/** By e-mail. A password is never sent over a connection that is not encrypted. */
final class Letters implements Carrier {
  private static final String TLS_AT_ONCE = "smtps";

  private final Webhook hook;
  private final Webhook.Mail mail;
  private final Session session;

  Letters(Webhook hook, Webhook.Mail mail) {
    this(hook, mail, Optional.empty());
  }

  /**
   * @param tls whom to trust; empty for those whom this machine trusts
   */
  Letters(Webhook hook, Webhook.Mail mail, Optional<SSLSocketFactory> tls) {
    this.hook = hook;
    this.mail = mail;
    boolean atOnce = TLS_AT_ONCE.equals(hook.url().getScheme());
    String patience = Long.toString(Hook.PATIENCE.toMillis());
    var settings = new Properties();
    settings.put("mail.smtp.host", hook.url().getHost());
    settings.put("mail.smtp.port", Integer.toString(port(atOnce)));
    settings.put("mail.smtp.connectiontimeout", patience);
    settings.put("mail.smtp.timeout", patience);
    settings.put("mail.smtp.writetimeout", patience);
    settings.put("mail.smtp.auth", Boolean.toString(mail.user().isPresent()));
    settings.put("mail.smtp.ssl.enable", Boolean.toString(atOnce));
    settings.put("mail.smtp.ssl.checkserveridentity", "true");
    settings.put("mail.smtp.starttls.enable", Boolean.toString(!atOnce));
    settings.put(
        "mail.smtp.starttls.required", Boolean.toString(!atOnce && mail.user().isPresent()));
    tls.ifPresent(factory -> settings.put("mail.smtp.ssl.socketFactory", factory));
    session = Session.getInstance(settings);
  }

  private int port(boolean atOnce) {
    int port = hook.url().getPort();
    return port > 0 ? port : atOnce ? 465 : mail.user().isPresent() ? 587 : 25;
  }

  @Override
  public Tried bring(Notice notice) {
    try {
      var letter = letter(notice);
      try (Transport transport = session.getTransport("smtp")) {
        transport.connect(mail.user().orElse(null), hook.secret().orElse(null));
        transport.sendMessage(letter, letter.getAllRecipients());
      }
      return Tried.GOOD;
    } catch (AuthenticationFailedException wrong) {
      return new Tried(false, false, wrong.getClass().getSimpleName());
    } catch (MessagingException failed) {
      int code = code(failed);
      return code == 0
          ? Tried.failed(failed)
          : new Tried(false, code / 100 == 4, "SMTP code " + code);
    }
  }

  /** What the server has answered; 0 where it has not. */
  private static int code(MessagingException failed) {
    for (Exception one = failed;
        one instanceof MessagingException cause;
        one = cause.getNextException()) {
      int code =
          switch (one) {
            case SMTPSendFailedException sending -> sending.getReturnCode();
            case SMTPAddressFailedException address -> address.getReturnCode();
            case SMTPSenderFailedException sender -> sender.getReturnCode();
            default -> 0;
          };
      if (code > 0) {
        return code;
      }
    }
    return 0;
  }

  private MimeMessage letter(Notice notice) throws MessagingException {
    Told told = Told.of(notice);
    var letter = new MimeMessage(session);
    letter.setFrom(new InternetAddress(mail.from()));
    for (String to : mail.to()) {
      letter.addRecipient(Message.RecipientType.TO, new InternetAddress(to));
    }
    letter.setSubject("Lintel " + told.title(), StandardCharsets.UTF_8.name());
    letter.setText(told.title() + "\n\n" + told.text() + "\n", StandardCharsets.UTF_8.name());
    letter.setSentDate(Date.from(notice.at()));
    // Machines that answer letters leave such ones alone (RFC 3834).
    letter.setHeader("Auto-Submitted", "auto-generated");
    letter.setHeader("X-Lintel-Delivery", notice.id());
    return letter;
  }
}
