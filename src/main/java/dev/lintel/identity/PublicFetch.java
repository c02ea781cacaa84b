package dev.lintel.identity;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
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
    if (!"https".equals(from.getScheme()) && !(plain && "http".equals(from.getScheme()))) {
      throw new IllegalStateException(from + " is no https address");
    }
    var request =
        HttpRequest.newBuilder(from).timeout(WHOLE).header("accept", "application/json").build();
    CompletableFuture<HttpResponse<byte[]>> asked =
        Client.HTTP.sendAsync(
            request,
            HttpResponse.BodyHandlers.limiting(HttpResponse.BodyHandlers.ofByteArray(), LARGEST));
    try {
      HttpResponse<byte[]> answer = asked.get(WHOLE.toMillis(), TimeUnit.MILLISECONDS);
      if (answer.statusCode() != 200) {
        throw new IllegalStateException(from + " answered " + answer.statusCode());
      }
      return answer.body();
    } catch (ExecutionException failed) {
      String why =
          failed.getCause() instanceof IOException broken && broken.getMessage() != null
              ? broken.getMessage()
              : "no answer";
      throw new IllegalStateException(from + " cannot be had: " + why, failed);
    } catch (TimeoutException late) {
      asked.cancel(true);
      throw new IllegalStateException(from + " did not answer in time", late);
    } catch (InterruptedException ended) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(from + " was not waited for", ended);
    }
  }
}
