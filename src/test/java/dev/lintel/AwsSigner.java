package dev.lintel;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import software.amazon.awssdk.http.ContentStreamProvider;
import software.amazon.awssdk.http.SdkHttpMethod;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.http.auth.aws.signer.AwsV4FamilyHttpSigner;
import software.amazon.awssdk.http.auth.aws.signer.AwsV4HttpSigner;
import software.amazon.awssdk.http.auth.spi.signer.HttpSigner;
import software.amazon.awssdk.identity.spi.AwsCredentialsIdentity;
import software.amazon.awssdk.identity.spi.AwsSessionCredentialsIdentity;

/**
 * AWS's own signer.
 *
 * @param session empty where the pair lasts
 */
public record AwsSigner(
    String id, String secret, String session, String region, String service, Instant now) {

  /** The headers that it would send, authorization included. */
  public Map<String, String> headers(
      String method,
      String scheme,
      String host,
      int port,
      String uri,
      Map<String, String> headers,
      byte[] body) {
    int mark = uri.indexOf('?');
    SdkHttpRequest.Builder request =
        SdkHttpRequest.builder()
            .method(SdkHttpMethod.fromValue(method))
            .protocol(scheme)
            .host(host)
            .port(port)
            .encodedPath(mark < 0 ? uri : uri.substring(0, mark));
    if (mark >= 0) {
      for (String pair : uri.substring(mark + 1).split("&")) {
        String[] sides = pair.split("=", 2);
        request.appendRawQueryParameter(
            decoded(sides[0]), sides.length == 1 ? null : decoded(sides[1]));
      }
    }
    headers.forEach((name, value) -> request.putHeader(name, List.of(value)));
    AwsCredentialsIdentity keys =
        session.isEmpty()
            ? AwsCredentialsIdentity.create(id, secret)
            : AwsSessionCredentialsIdentity.create(id, secret, session);
    var signed =
        AwsV4HttpSigner.create()
            .sign(to ->
                to.identity(keys)
                    .request(request.build())
                    .payload(ContentStreamProvider.fromByteArray(body))
                    .putProperty(AwsV4FamilyHttpSigner.SERVICE_SIGNING_NAME, service)
                    .putProperty(AwsV4HttpSigner.REGION_NAME, region)
                    .putProperty(HttpSigner.SIGNING_CLOCK, Clock.fixed(now, ZoneOffset.UTC)));
    var all = new TreeMap<String, String>(String.CASE_INSENSITIVE_ORDER);
    signed.request().headers().forEach((name, values) -> all.put(name, values.getFirst()));
    return all;
  }

  /** Whether a request that arrived so was signed as AWS would sign it. */
  public static boolean accepts(
      AwsSigner keys, String method, String host, String uri, Headers arrived, byte[] body) {
    Optional<String> authorization = arrived.get("authorization");
    Optional<String> time = arrived.get("x-amz-date");
    if (authorization.isEmpty() || time.isEmpty()) {
      return false;
    }
    String names = authorization.get().replaceAll(".*SignedHeaders=([^,]*),.*", "$1");
    var signed = new TreeMap<String, String>();
    for (String name : names.split(";")) {
      if (!List.of("host", "x-amz-date", "x-amz-content-sha256", "x-amz-security-token")
          .contains(name)) {
        signed.put(name, arrived.get(name).orElse(""));
      }
    }
    int colon = host.indexOf(':');
    var signer =
        new AwsSigner(
            keys.id,
            keys.secret,
            keys.session,
            keys.region,
            keys.service,
            SigV4.moment(time.get()));
    String right =
        signer
            .headers(
                method,
                "http",
                host.substring(0, colon),
                Integer.parseInt(host.substring(colon + 1)),
                uri,
                signed,
                body)
            .get("authorization");
    return right.equals(authorization.get())
        && arrived.get("x-amz-security-token").orElse("").equals(keys.session);
  }

  private static String decoded(String text) {
    return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
  }
}
