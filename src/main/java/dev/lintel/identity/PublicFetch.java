package dev.lintel.identity;

import dev.lintel.CallThread;
import dev.lintel.Failure;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * Fetches what issuers publish: bounded in size and time, no redirects, and by HTTPS unless the
 * configuration says otherwise.
 *
 * @param plain whether HTTP is taken
 */
record PublicFetch(boolean plain) implements Function<URI, byte[]> {
  private static final int LARGEST = 1 << 20;
  private static final Duration CONNECT = Duration.ofSeconds(3);
  private static final Duration WHOLE = Duration.ofSeconds(6);

  /** Made when the first issuer is asked: most gateways have none. */
  private static final class Client {
    static final HttpClient HTTP =
        HttpClient.newBuilder()
            .connectTimeout(CONNECT)
            .followRedirects(HttpClient.Redirect.NEVER)
            .build();
  }

  @Override
  public byte[] apply(URI from) {
    HttpResponse<byte[]> answer = sent(from, HttpRequest.newBuilder(from));
    if (answer.statusCode() != 200) {
      throw new IllegalStateException(from + " answered " + answer.statusCode());
    }
    return answer.body();
  }

  /**
   * What is answered to a form, whatever the status; throws as {@link #apply} does.
   *
   * @param authorization empty for none
   */
  byte[] post(URI to, String form, String authorization) {
    var request =
        HttpRequest.newBuilder(to)
            .header("content-type", "application/x-www-form-urlencoded")
            .POST(HttpRequest.BodyPublishers.ofString(form));
    if (!authorization.isEmpty()) {
      request.header("authorization", authorization);
    }
    return sent(to, request).body();
  }

  private HttpResponse<byte[]> sent(URI to, HttpRequest.Builder request) {
    if (!"https".equals(to.getScheme()) && !(plain && "http".equals(to.getScheme()))) {
      throw new IllegalStateException(to + " is no https address");
    }
    CompletableFuture<HttpResponse<byte[]>> asked =
        Client.HTTP.sendAsync(
            request.timeout(WHOLE).header("accept", "application/json").build(),
            HttpResponse.BodyHandlers.limiting(HttpResponse.BodyHandlers.ofByteArray(), LARGEST));
    try {
      return CallThread.await(asked.copy().orTimeout(WHOLE.toMillis(), TimeUnit.MILLISECONDS));
    } catch (Failure left) {
      throw left;
    } catch (RuntimeException failed) {
      Throwable why = failed.getCause() == null ? failed : failed.getCause();
      throw new IllegalStateException(
          to + " cannot be had: " + (why.getMessage() == null ? "no answer" : why.getMessage()),
          failed);
    } finally {
      asked.cancel(true);
    }
  }
}
