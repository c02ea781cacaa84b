package dev.lintel.upstream;

import dev.lintel.Platform.Entra;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;

/**
 * Tokens of a Microsoft Entra application, by its secret:
 * https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
 */
record EntraTokens(Entra account, Errand errand) implements Renewed.Source<String> {
  private static final String SCOPE = "https://cognitiveservices.azure.com/.default";

  @Override
  public Renewed.Lease<String> fetch() {
    URI at = URI.create(account.authority() + "/" + account.tenant() + "/oauth2/v2.0/token");
    Errand.Reply reply =
        errand
            .form(
                "Microsoft Entra",
                at,
                Map.of(),
                new TreeMap<>(
                    Map.of(
                        "grant_type",
                        "client_credentials",
                        "client_id",
                        account.client(),
                        "client_secret",
                        account.secret(),
                        "scope",
                        SCOPE)))
            .granted();
    return new Renewed.Lease<>(
        reply.require("access_token"),
        Duration.ofSeconds(reply.json().path("expires_in").asLong(3600)));
  }
}
