package dev.lintel.filter;

import dev.lintel.CallThread;
import dev.lintel.Caller;
import dev.lintel.Failure;
import dev.lintel.Identity;
import dev.lintel.RawRequest;
import dev.lintel.SigV4;
import dev.lintel.SignedCaller;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Recognises callers who sign as AWS's SDKs do, in any region, for the service {@code bedrock}. The
 * signature covers the body, so it is checked against what came in.
 */
final class Signed {
  private static final String SERVICE = "bedrock";
  private static final Duration SKEW = Duration.ofMinutes(15);
  private static final String UNSIGNED = "UNSIGNED-PAYLOAD";

  /** So many bytes are hashed in about a millisecond: more would hold up the loop. */
  private static final int SMALL = 1 << 20;

  private final Identity keys;
  private final InstantSource clock;

  Signed(Identity keys, InstantSource clock) {
    this.keys = keys;
    this.clock = clock;
  }

  /**
   * Who has signed it; empty where nobody has.
   *
   * @throws Failure {@code AUTHENTICATION} where the signature is not right
   */
  Optional<Caller> caller(RawRequest raw) {
    return raw.headers()
        .get("authorization")
        .filter(value -> value.startsWith("AWS4-"))
        .map(value -> caller(raw, value));
  }

  private Caller caller(RawRequest raw, String authorization) {
    if (!authorization.startsWith(SigV4.ALGORITHM + " ")) {
      throw refused("Requests are signed with " + SigV4.ALGORITHM + " here.");
    }
    Map<String, String> words = words(authorization.substring(SigV4.ALGORITHM.length() + 1));
    String[] credential = words.getOrDefault("Credential", "").split("/", -1);
    if (credential.length != 5 || !credential[4].equals("aws4_request")) {
      throw refused("The authorization header has no complete credential.");
    }
    var scope = new SigV4.Scope(credential[1], credential[2], credential[3]);
    if (!scope.service().equals(SERVICE)) {
      throw refused("Requests are signed for the service '" + SERVICE + "' here.");
    }
    String time = time(raw, scope);
    SignedCaller known =
        keys.signer(credential[0], raw.peer())
            .orElseThrow(() -> refused("The access key is not known to this gateway."));
    var message =
        new SigV4.Message(
            raw.method(),
            raw.uri(),
            headers(raw, words.getOrDefault("SignedHeaders", "")),
            payload(raw));
    String right = SigV4.signature(SigV4.key(known.secret(), scope), scope, time, message);
    if (!MessageDigest.isEqual(
        right.getBytes(StandardCharsets.US_ASCII),
        words.getOrDefault("Signature", "").getBytes(StandardCharsets.UTF_8))) {
      keys.missigned(raw.peer());
      throw refused(
          "The signature does not match the request: check the secret access key, and that nothing between changes the request.");
    }
    return known.caller();
  }

  private static Map<String, String> words(String text) {
    var words = new HashMap<String, String>();
    for (String part : text.split(",", -1)) {
      int equals = part.indexOf('=');
      if (equals > 0) {
        words.put(part.substring(0, equals).strip(), part.substring(equals + 1).strip());
      }
    }
    return words;
  }

  private String time(RawRequest raw, SigV4.Scope scope) {
    String time =
        raw.headers()
            .get("x-amz-date")
            .orElseThrow(() -> refused("The header x-amz-date is missing."));
    Instant moment;
    try {
      moment = SigV4.moment(time);
    } catch (DateTimeException otherForm) {
      throw refused("The header x-amz-date has another form than 20260102T030405Z.");
    }
    if (Duration.between(moment, clock.instant()).abs().compareTo(SKEW) > 0) {
      throw refused("The signature has expired: its time is more than 15 minutes from now.");
    }
    if (!time.startsWith(scope.date())) {
      throw refused("The credential's date is not that of x-amz-date.");
    }
    return time;
  }

  private static SortedMap<String, String> headers(RawRequest raw, String names) {
    var signed = new TreeMap<String, String>();
    for (String name : names.split(";")) {
      signed.put(
          name,
          raw.headers()
              .get(name)
              .orElseThrow(() -> refused("A header that is signed has not arrived.")));
    }
    if (!signed.containsKey("host") && !signed.containsKey(":authority")) {
      throw refused("The host must be signed, as host or :authority.");
    }
    return signed;
  }

  private static String payload(RawRequest raw) {
    Optional<String> said = raw.headers().get("x-amz-content-sha256");
    if (said.filter(UNSIGNED::equals).isPresent()) {
      return UNSIGNED;
    }
    if (said.filter(word -> word.startsWith("STREAMING-")).isPresent()) {
      throw refused("A body that is signed piece by piece is not taken here; sign it whole.");
    }
    if (raw.upload().isPresent()) {
      throw refused(
          "A body that is handed on as it comes cannot be checked; send the key as a bearer token here.");
    }
    byte[] body = raw.body();
    String hash =
        body.length <= SMALL
            ? SigV4.hash(body)
            : CallThread.current().offload(() -> SigV4.hash(body));
    if (said.isPresent() && !said.get().equals(hash)) {
      throw refused("The body is not the one whose hash x-amz-content-sha256 gives.");
    }
    return hash;
  }

  /** AWS answers 403 where others answer 401. */
  private static Failure refused(String message) {
    return Failure.of(Failure.Kind.AUTHENTICATION, message).status(403);
  }
}
