package dev.lintel.dialect;

import dev.lintel.Adaptation;
import dev.lintel.Dialect;
import dev.lintel.Failure;
import dev.lintel.Headers;
import dev.lintel.Held;
import dev.lintel.Inbound;
import dev.lintel.Outbound;
import dev.lintel.Platform;
import dev.lintel.Relay;
import dev.lintel.ReplyReader;
import dev.lintel.ReplyWriter;
import dev.lintel.Request;
import dev.lintel.Service;
import dev.lintel.Target;
import dev.lintel.Trail;
import dev.lintel.Upload;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * A provider's own API, whatever it is: {@code /provider/{name}/…} goes to the provider's base URL
 * with the rest of the path. Nothing is read but what the call is recorded by.
 */
public final class PassThrough implements Beside {
  private static final String PREFIX = "/provider/";
  private static final byte[] NOTHING = {};

  /** A signature covers the body, which has to be there for it; AWS takes no more than 25 MB. */
  private static final int MOST_SIGNED = 32 << 20;

  /** Of one connection alone (RFC 9110 §7.6.1). */
  static final Set<String> HOP_BY_HOP =
      Set.of(
          "connection",
          "keep-alive",
          "proxy-authenticate",
          "proxy-authorization",
          "proxy-connection",
          "te",
          "trailer",
          "transfer-encoding",
          "upgrade");

  /**
   * The caller's key, wherever it stands, and what is said anew to the provider. A reply that is
   * packed could not be read for its usage.
   */
  private static final Set<String> OURS =
      Set.of(
          "authorization",
          "x-api-key",
          "api-key",
          "x-goog-api-key",
          "host",
          "content-length",
          "expect",
          "accept-encoding",
          "x-amz-date",
          "x-amz-content-sha256",
          "x-amz-security-token");

  private static final Pattern OUTSIDE = Pattern.compile("[\\x00-\\x20\\x7f-\\uffff#]");

  private final OpenAiChat openai = new OpenAiChat();

  @Override
  public String name() {
    return "raw";
  }

  @Override
  public boolean takes(Request request) {
    return request instanceof Relay relay && relay.dialect().name().equals(name());
  }

  @Override
  public Request read(Inbound inbound) {
    String provider = inbound.path().getOrDefault("name", "");
    Headers headers = inbound.headers();
    boolean events =
        headers.get("accept").filter(accept -> accept.contains("text/event-stream")).isPresent();
    Held body = inbound.upload().orElseGet(() -> Held.of(NOTHING)).begin();
    return new Relay(
        Service.RAW,
        this,
        provider + "/*",
        events,
        true,
        inbound.method(),
        path(inbound.uri()),
        headers,
        new Relay.Content.Opaque(body),
        Map.of());
  }

  /** The path below the provider's base URL, with its query and without the caller's key. */
  static String path(String uri) {
    int question = uri.indexOf('?');
    String path = question < 0 ? uri : uri.substring(0, question);
    int rest = path.indexOf('/', PREFIX.length());
    String below = rest < 0 ? "" : path.substring(rest);
    if (below.startsWith("//") || leaves(below) || OUTSIDE.matcher(below).find()) {
      throw Failure.invalid(
              "The path below '/provider/{name}' must not leave the provider's base URL.")
          .at("path");
    }
    var query = new ArrayList<String>();
    if (question >= 0) {
      for (String pair : uri.substring(question + 1).split("&", -1)) {
        if (!pair.equals("key") && !pair.startsWith("key=")) {
          query.add(pair);
        }
      }
    }
    String kept = String.join("&", query);
    return kept.isEmpty() ? below : below + "?" + kept;
  }

  /** Whether a segment is one that leads upwards, however often it is encoded. */
  private static boolean leaves(String path) {
    String plain = path;
    for (int i = 0; i < 3; i++) {
      for (String segment : plain.split("[/\\\\]", -1)) {
        int parameter = segment.indexOf(';');
        String name = parameter < 0 ? segment : segment.substring(0, parameter);
        if (name.equals(".") || name.equals("..")) {
          return true;
        }
      }
      plain = decoded(plain);
    }
    return plain.indexOf('\\') >= 0 || plain.indexOf('\0') >= 0;
  }

  private static String decoded(String text) {
    try {
      return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException notEncoded) {
      return text;
    }
  }

  @Override
  public Outbound write(Request request, Target target, Adaptation adaptation) {
    if (!(request instanceof Relay relay)
        || !(relay.content() instanceof Relay.Content.Opaque opaque)) {
      throw new IllegalArgumentException("Nothing to pass through: " + request.dialect().name());
    }
    Held body = opaque.body();
    boolean signed = target.provider().platform() instanceof Platform.Bedrock;
    if (!body.small() && signed) {
      body.gather(MOST_SIGNED);
    }
    Optional<Upload> upload =
        body.small()
            ? Optional.empty()
            : Optional.of(body.open(List.of(new Held.Slice.Own(0, Long.MAX_VALUE))));
    return new Outbound(
        relay.method(),
        relay.path(),
        headers(relay.headers()),
        upload.isPresent() ? NOTHING : body.bytes(),
        upload);
  }

  private static Map<String, String> headers(Headers given) {
    Map<String, String> sent = endToEnd(given);
    sent.keySet().removeIf(name -> OURS.contains(name) || name.startsWith("x-lintel-"));
    sent.putIfAbsent("content-type", "");
    return sent;
  }

  /** The headers that are not of one connection alone, by their names in lower case. */
  static Map<String, String> endToEnd(Headers given) {
    var named = new HashSet<String>();
    given
        .get("connection")
        .ifPresent(names -> {
          for (String name : names.split(",", -1)) {
            named.add(name.strip().toLowerCase(Locale.ROOT));
          }
        });
    var kept = new LinkedHashMap<String, String>();
    given.each((name, value) -> {
      String lower = name.toLowerCase(Locale.ROOT);
      if (!HOP_BY_HOP.contains(lower) && !named.contains(lower) && !lower.startsWith(":")) {
        kept.merge(lower, value, (one, other) -> one + ", " + other);
      }
    });
    return kept;
  }

  @Override
  public ReplyReader reader(Request request) {
    return new PassThroughReader();
  }

  @Override
  public ReplyWriter writer(Request request, Trail trail) {
    return new RelayWriter();
  }

  @Override
  public Dialect chat() {
    return openai;
  }
}
