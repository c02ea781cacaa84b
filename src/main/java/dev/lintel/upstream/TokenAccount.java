package dev.lintel.upstream;

import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.RequestOptions;
import org.jspecify.annotations.Nullable;

/** Proves it by a token that somebody else issues. */
final class TokenAccount implements Account {
  private final Renewed<String> token;
  private volatile @Nullable String last;

  TokenAccount(String name, Renewed.Source<String> source) {
    this.token = new Renewed<>(name, source, System::nanoTime);
  }

  @Override
  public void prove(RequestOptions request, byte[] body, long deadline) {
    String given = token.get(deadline);
    last = given;
    request.getHeaders().set(HttpHeaders.AUTHORIZATION, "Bearer " + given);
  }

  @Override
  public void refused() {
    String given = last;
    if (given != null) {
      token.refused(given);
    }
  }
}
