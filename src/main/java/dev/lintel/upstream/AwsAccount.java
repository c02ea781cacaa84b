package dev.lintel.upstream;

import dev.lintel.CallThread;
import dev.lintel.Platform.AwsKeys;
import dev.lintel.SigV4;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.RequestOptions;
import java.net.URI;
import java.time.Instant;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Signs each request with AWS keys. */
final class AwsAccount implements Account {
  private static final String SERVICE = "bedrock";

  /** So many bytes are hashed in about a millisecond: more would hold up the loop. */
  private static final int SMALL = 1 << 20;

  private final String region;
  private final Renewed<AwsKeys> keys;
  private volatile @Nullable Day day;

  /** A derived key, which a whole day's signatures share. */
  private record Day(AwsKeys keys, SigV4.Scope scope, byte[] key) {}

  AwsAccount(String region, Renewed.Source<AwsKeys> source) {
    this.region = region;
    this.keys = new Renewed<>("AWS", source, System::nanoTime);
  }

  @Override
  public void prove(RequestOptions request, byte[] body, long deadline) {
    AwsKeys pair = keys.get(deadline);
    String hash =
        body.length <= SMALL
            ? SigV4.hash(body)
            : CallThread.current().offload(() -> SigV4.hash(body));
    String time = SigV4.time(Instant.now());
    MultiMap headers = request.getHeaders();
    String type = headers.get(HttpHeaders.CONTENT_TYPE);
    headers.set("x-amz-date", time).set("x-amz-content-sha256", hash);
    if (!pair.token().isEmpty()) {
      headers.set("x-amz-security-token", pair.token());
    }
    headers.set(
        HttpHeaders.AUTHORIZATION,
        authorization(
            day(pair, time.substring(0, 8)),
            time,
            request.getMethod().name(),
            host(request),
            request.getURI(),
            type,
            hash));
  }

  private static String authorization(
      Day day,
      String time,
      String method,
      String host,
      String uri,
      @Nullable String type,
      String hash) {
    var signed = new TreeMap<String, String>();
    if (type != null) {
      signed.put("content-type", type);
    }
    signed.put("host", host);
    signed.put("x-amz-content-sha256", hash);
    signed.put("x-amz-date", time);
    if (!day.keys.token().isEmpty()) {
      signed.put("x-amz-security-token", day.keys.token());
    }
    var message = new SigV4.Message(method, uri, signed, hash);
    return SigV4.authorization(
        day.keys.accessKey(),
        day.scope,
        message,
        SigV4.signature(day.key, day.scope, time, message));
  }

  /** As the engine will send it. */
  private static String host(RequestOptions request) {
    int usual = request.isSsl() ? 443 : 80;
    return request.getPort() == usual
        ? request.getHost()
        : request.getHost() + ":" + request.getPort();
  }

  private Day day(AwsKeys pair, String date) {
    Day known = day;
    if (known != null && known.keys.equals(pair) && known.scope.date().equals(date)) {
      return known;
    }
    Day made = day(pair, new SigV4.Scope(date, region, SERVICE));
    day = made;
    return made;
  }

  private static Day day(AwsKeys pair, SigV4.Scope scope) {
    return new Day(pair, scope, SigV4.key(pair.secretKey(), scope));
  }

  /** The {@code authorization} of a form sent to another service than Bedrock. */
  static String authorization(
      AwsKeys pair, SigV4.Scope scope, String time, URI at, String type, byte[] body) {
    return authorization(
        day(pair, scope), time, "POST", at.getAuthority(), at.getRawPath(), type, SigV4.hash(body));
  }

  @Override
  public void refused() {
    Day known = day;
    if (known != null) {
      keys.refused(known.keys);
    }
  }
}
