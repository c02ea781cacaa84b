package dev.lintel;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Which addresses the links in requests may lead to: public ones, and those private ones that the
 * configuration allows. A link is a way to make somebody else ask for something that the caller
 * cannot reach, so the rule holds whoever follows it.
 */
public final class Reach {
  /** Public addresses alone. */
  public static final Reach PUBLIC = new Reach(List.of());

  /**
   * The addresses that begin with the same bits.
   *
   * @param prefix how many bits
   */
  public record Network(byte[] address, int prefix) {
    /** Such as {@code 10.0.0.0/8}, {@code fd00::/8} or one address. */
    public static Network of(String text) {
      int slash = text.indexOf('/');
      String host = slash < 0 ? text : text.substring(0, slash);
      byte[] address =
          literal(host)
              .orElseThrow(() -> new IllegalArgumentException("no address: " + host))
              .getAddress();
      int prefix = slash < 0 ? address.length * 8 : Integer.parseInt(text.substring(slash + 1));
      if (prefix < 0 || prefix > address.length * 8) {
        throw new IllegalArgumentException("no such prefix: " + text);
      }
      return new Network(address, prefix);
    }

    /** Whether that address is one of them. */
    public boolean has(byte[] other) {
      if (other.length != address.length) {
        return false;
      }
      int whole = prefix / 8;
      int rest = prefix % 8;
      return Arrays.equals(address, 0, whole, other, 0, whole)
          && (rest == 0 || (address[whole] ^ other[whole]) >> (8 - rest) == 0);
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Network network
          && prefix == network.prefix
          && Arrays.equals(address, network.address);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(address) * 31 + prefix;
    }
  }

  /**
   * Not public: IANA's special-purpose registries (RFC 6890), without what stands in documents, and
   * the one metadata address that has a public number (Azure's).
   */
  private static final List<Network> PRIVATE =
      networks(
          "0.0.0.0/8",
          "10.0.0.0/8",
          "100.64.0.0/10",
          "127.0.0.0/8",
          "168.63.129.16/32",
          "169.254.0.0/16",
          "172.16.0.0/12",
          "192.0.0.0/24",
          "192.168.0.0/16",
          "198.18.0.0/15",
          "224.0.0.0/4",
          "240.0.0.0/4",
          "::/128",
          "::1/128",
          "fc00::/7",
          "fe80::/10",
          "fec0::/10",
          "ff00::/8");

  /**
   * IPv6 addresses that hold an IPv4 address, which is the one that counts, and where it stands.
   */
  private record Holder(Network network, int offset) {}

  private static final List<Holder> HOLDERS =
      List.of(
          new Holder(Network.of("::/96"), 12),
          new Holder(Network.of("64:ff9b::/96"), 12),
          new Holder(Network.of("64:ff9b:1::/48"), 12),
          new Holder(Network.of("2002::/16"), 2));

  /** Names that mean this machine or its cloud's metadata wherever they are asked for. */
  private static final List<String> OWN_NAMES =
      List.of("localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback");

  private static final List<String> METADATA_NAMES =
      List.of(
          "metadata",
          "metadata.google.internal",
          "metadata.goog",
          "instance-data",
          "instance-data.ec2.internal",
          "metadata.azure.internal");

  private static final Pattern LEFT_OUT = Pattern.compile("[\\t\\r\\n\\u00ad\\u200b]");

  private final List<Network> allowed;

  public Reach(List<Network> allowed) {
    this.allowed = List.copyOf(allowed);
  }

  private static List<Network> networks(String... texts) {
    return Arrays.stream(texts).map(Network::of).toList();
  }

  /** Whether a link may lead there. */
  public boolean allows(InetAddress address) {
    byte[] bytes = address.getAddress();
    if (allowed.stream().anyMatch(network -> network.has(bytes))) {
      return true;
    }
    for (Holder holder : HOLDERS) {
      if (holder.network.has(bytes) && !isOwnIn6(bytes)) {
        return allows(of(Arrays.copyOfRange(bytes, holder.offset, holder.offset + 4)));
      }
    }
    return PRIVATE.stream().noneMatch(network -> network.has(bytes));
  }

  /** {@code ::} and {@code ::1} are no IPv4 addresses in disguise. */
  private static boolean isOwnIn6(byte[] bytes) {
    return PRIVATE.stream().anyMatch(network -> network.prefix == 128 && network.has(bytes));
  }

  /**
   * Whether a link may not be followed, as far as its words tell: a name is not resolved. Takes the
   * liberties with a URL that those who follow it take, too.
   */
  public boolean refuses(String url) {
    Optional<String> host = host(url);
    if (host.isEmpty()) {
      return false;
    }
    String name = host.get();
    if (OWN_NAMES.contains(name) || name.endsWith(".localhost")) {
      return !allows(of(new byte[] {127, 0, 0, 1}));
    }
    if (METADATA_NAMES.contains(name)) {
      return !allows(of(new byte[] {(byte) 169, (byte) 254, (byte) 169, (byte) 254}));
    }
    return literal(name).filter(address -> !allows(address)).isPresent();
  }

  /**
   * The host of a web address in the plain form, as the WHATWG's URL standard reads it; empty where
   * it is none.
   */
  public static Optional<String> host(String url) {
    String text = url.strip().replace('\\', '/');
    int scheme = text.indexOf(':');
    String word = scheme < 0 ? "" : plain(text.substring(0, scheme));
    if (!word.equals("http") && !word.equals("https")) {
      return Optional.empty();
    }
    int from = scheme + 1;
    while (from < text.length() && text.charAt(from) == '/') {
      from++;
    }
    int to = from;
    while (to < text.length() && "/?#".indexOf(text.charAt(to)) < 0) {
      to++;
    }
    String authority = text.substring(from, to);
    String host = authority.substring(authority.lastIndexOf('@') + 1);
    if (host.startsWith("[")) {
      int end = host.indexOf(']');
      return Optional.of(end < 0 ? host : host.substring(1, end).toLowerCase(Locale.ROOT));
    }
    int port = host.indexOf(':');
    String name = plain(decoded(port < 0 ? host : host.substring(0, port)));
    while (name.endsWith(".")) {
      name = name.substring(0, name.length() - 1);
    }
    return Optional.of(name);
  }

  /**
   * Full-width letters and circled digits are read as plain ones; tabs and line ends as nothing.
   */
  private static String plain(String text) {
    // Nearly all are: tools' schemas are full of links, and every call's are looked at.
    if (text.chars().allMatch(c -> c > ' ' && c < 127)) {
      return text.toLowerCase(Locale.ROOT);
    }
    return LEFT_OUT
        .matcher(Normalizer.normalize(text, Normalizer.Form.NFKC))
        .replaceAll("")
        .replace('\u3002', '.')
        .toLowerCase(Locale.ROOT);
  }

  private static String decoded(String text) {
    if (text.indexOf('%') < 0) {
      return text;
    }
    try {
      return java.net.URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException notEncoded) {
      return text;
    }
  }

  /** The address that is written there, in any of the forms that {@code inet_aton} takes. */
  static Optional<InetAddress> literal(String host) {
    if (host.indexOf(':') >= 0) {
      int zone = host.indexOf('%');
      try {
        // Only a literal can have a colon, so that nobody is asked for it.
        byte[] bytes =
            InetAddress.ofLiteral(zone < 0 ? host : host.substring(0, zone)).getAddress();
        return Optional.of(of(bytes));
      } catch (IllegalArgumentException notOne) {
        return Optional.empty();
      }
    }
    int label = host.lastIndexOf('.') + 1;
    if (label == host.length() || host.charAt(label) < '0' || host.charAt(label) > '9') {
      // WHATWG's URL standard, "ends in a number checker": everything else is a name.
      return Optional.empty();
    }
    String[] parts = host.split("\\.", -1);
    if (parts.length > 4 || host.isEmpty()) {
      return Optional.empty();
    }
    long value = 0;
    for (int i = 0; i < parts.length; i++) {
      long part = number(parts[i]);
      boolean last = i == parts.length - 1;
      long most = last ? (1L << (8 * (5 - parts.length))) - 1 : 255;
      if (part < 0 || part > most) {
        return Optional.empty();
      }
      value = last ? (value << (8 * (5 - parts.length))) | part : (value << 8) | part;
    }
    return Optional.of(
        of(
            new byte[] {
              (byte) (value >> 24), (byte) (value >> 16), (byte) (value >> 8), (byte) value
            }));
  }

  /** Decimal, octal with a leading 0, hexadecimal with a leading 0x; -1 where it is no number. */
  private static long number(String text) {
    try {
      if (text.startsWith("0x")) {
        return text.length() == 2 ? 0 : Long.parseUnsignedLong(text.substring(2), 16);
      }
      boolean octal = text.length() > 1 && text.startsWith("0");
      return text.startsWith("-") || text.startsWith("+")
          ? -1
          : Long.parseLong(text, octal ? 8 : 10);
    } catch (NumberFormatException name) {
      return -1;
    }
  }

  private static InetAddress of(byte[] bytes) {
    try {
      return InetAddress.getByAddress(bytes);
    } catch (UnknownHostException impossible) {
      throw new IllegalArgumentException(impossible);
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Reach reach && allowed.equals(reach.allowed);
  }

  @Override
  public int hashCode() {
    return allowed.hashCode();
  }
}
