package dev.lintel.config;

import dev.lintel.DatabaseUrl;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What of a configuration must be known before the rest of it can be read: where its secrets lie.
 * What is at fault in it is left out here, and reported when all of it is read.
 *
 * @param kek key-encryption keys, the first of which seals
 */
public record Prologue(
    Optional<Path> data, Optional<DatabaseUrl> database, List<String> kek, Optional<Vault> vault) {
  /** Of a configuration that says nothing. */
  static final Prologue NONE =
      new Prologue(Optional.empty(), Optional.empty(), List.of(), Optional.empty());

  /**
   * HashiCorp Vault, or what speaks like it.
   *
   * @param address what {@code VAULT_ADDR} says where this does not
   * @param token what {@code VAULT_TOKEN} says where this does not
   * @param kubernetes how a pod logs in; instead of a token
   */
  public record Vault(
      Optional<URI> address,
      Optional<String> token,
      Optional<String> namespace,
      Optional<Kubernetes> kubernetes) {}

  /**
   * A pod's own account.
   *
   * @param mount where Vault has that way of logging in; {@code kubernetes} where it is not said
   * @param jwt the file with the account's token; where Kubernetes puts it, where it is not said
   */
  public record Kubernetes(@Shape.Alone String role, Optional<String> mount, Optional<Path> jwt) {}
}
