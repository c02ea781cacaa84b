package dev.lintel.upstream;

import dev.lintel.Credential;
import dev.lintel.Platform;
import dev.lintel.Provider;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The accounts by which providers are asked that no key opens. They outlive configurations, so that
 * a reload asks for no new tokens.
 */
final class Accounts {
  private final Lines lines;
  private final Map<Owner, Account> accounts = new ConcurrentHashMap<>();

  /**
   * @param of Azure's application, or the whole platform: what the account is made from
   */
  private record Owner(Object of, Provider.Transport transport) {}

  Accounts(Lines lines) {
    this.lines = lines;
  }

  /** The one for that provider; empty where its key is all that it wants. */
  Optional<Account> of(Provider provider, Credential credential) {
    if (provider.platform() == Platform.PLAIN
        || provider.auth() == Provider.Auth.NONE
        || !credential.secret().isEmpty()) {
      return Optional.empty();
    }
    Provider.Transport transport = provider.transport();
    return switch (provider.platform()) {
      case Platform.Plain plain -> Optional.empty();
      case Platform.Azure azure ->
          azure
              .account()
              .map(entra ->
                  accounts.computeIfAbsent(
                      new Owner(entra, transport),
                      first ->
                          new TokenAccount(
                              "Microsoft Entra", new EntraTokens(entra, errand(transport)))));
      case Platform.Vertex vertex ->
          Optional.of(
              accounts.computeIfAbsent(
                  new Owner(vertex, transport),
                  first ->
                      new TokenAccount(
                          "Google",
                          new GoogleTokens(
                              vertex.credentials(), vertex.metadata(), errand(transport)))));
      case Platform.Bedrock bedrock ->
          Optional.of(
              accounts.computeIfAbsent(
                  new Owner(bedrock, transport),
                  first ->
                      new AwsAccount(
                          bedrock.region(), new AwsKeyChain(bedrock, errand(transport)))));
    };
  }

  private Errand errand(Provider.Transport transport) {
    return new Errand(lines, transport);
  }
}
