package dev.lintel.identity;

import dev.lintel.Admin;
import dev.lintel.Caller;
import dev.lintel.Failure;
import dev.lintel.Identity;
import dev.lintel.Peer;
import dev.lintel.SignedCaller;
import java.net.InetAddress;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * Who calls, as one configuration knows them: its own keys, those of the store, the first caller
 * key, tokens of issuers and certificates. All of them lead to apps; a key whose app is no more is
 * not good.
 */
public final class Register implements Identity {
  /** An app's caller with the id of the key that it uses; empty where there is no such app. */
  @FunctionalInterface
  public interface Apps {
    Optional<Caller> caller(String tenant, String app, String keyId);
  }

  /**
   * What a configuration says of keys.
   *
   * @param callers by their keys
   * @param signers by their access keys
   * @param first the caller of the first caller key, while that is good
   */
  public record Configured(
      Map<String, Caller> callers,
      Map<String, SignedCaller> signers,
      Function<String, Optional<Caller>> first) {}

  /** A key that the configuration gives. */
  private record Written(Caller caller, LastUse use) {}

  private final Configured configured;
  private final Map<String, Written> written = new HashMap<>();
  private final Tokens tokens;
  private final Certificates certificates;
  private final Directory directory;
  private final Apps apps;
  private final Addresses addresses;
  private final Strikes strikes;

  public Register(
      Configured configured,
      Tokens tokens,
      Certificates certificates,
      Directory directory,
      Apps apps,
      Addresses addresses,
      Strikes strikes) {
    this.configured = configured;
    this.tokens = tokens;
    this.certificates = certificates;
    this.directory = directory;
    this.apps = apps;
    this.addresses = addresses;
    this.strikes = strikes;
    configured.callers.forEach(
        (key, caller) -> written.put(key, new Written(caller, directory.written(caller.keyId()))));
  }

  @Override
  public Caller holder(String credential, Peer peer) {
    if (credential.isEmpty()) {
      Optional<Caller> certified =
          certificates.any() ? peer.certificate().flatMap(certificates::caller) : Optional.empty();
      if (certified.isPresent()) {
        return certified.get();
      }
      throw Failure.of(
          Failure.Kind.AUTHENTICATION,
          "No key was given. Send a Lintel key as 'Authorization: Bearer ...', 'x-api-key', 'api-key', 'x-goog-api-key' or '?key='.");
    }
    Written known = written.get(credential);
    if (known != null) {
      directory.used(known.use);
      return known.caller;
    }
    if (tokens.takes(credential)) {
      return token(credential, peer);
    }
    KnownKey proved = directory.proved(credential);
    if (proved != null) {
      return caller(proved, peer);
    }
    Optional<Caller> first = configured.first.apply(credential);
    return first.isPresent()
        ? first.get()
        : directory
            .find(credential)
            .map(key -> caller(key, peer))
            .orElseThrow(() -> stranger(peer));
  }

  @Override
  public Optional<SignedCaller> signer(String accessKey, Peer peer) {
    SignedCaller known = configured.signers.get(accessKey);
    if (known != null) {
      directory.used(directory.written(known.caller().keyId()));
      return Optional.of(known);
    }
    Optional<KnownKey> key = directory.signer(accessKey);
    if (key.isEmpty()) {
      missigned(peer);
      return Optional.empty();
    }
    return key.map(pair -> new SignedCaller(directory.opened(pair), caller(pair, peer)));
  }

  /**
   * Who called with the key of that id, for what goes on without the key itself; empty where there
   * is no such app, or the key was deleted.
   */
  public Optional<Caller> caller(String tenant, String app, String keyId) {
    if (!keyId.startsWith(KEY)) {
      return apps.caller(tenant, app, keyId);
    }
    return directory
        .byId(keyId)
        .filter(key -> key.tenant.equals(tenant) && key.app.equals(app))
        .flatMap(this::resolved);
  }

  /**
   * Who administers with that key of the store, or that token of an issuer that says people's
   * roles; empty where it is neither. Throws {@link Failure} {@code AUTHENTICATION} that says what
   * is wrong with a token, {@code PERMISSION} where it names no role, {@code UNAVAILABLE} where
   * what is known has not been loaded yet.
   */
  public Optional<Admin> admin(String credential) {
    if (tokens.takes(credential)) {
      return tokens.admin(credential);
    }
    if (!credential.startsWith(ADMIN)) {
      return Optional.empty();
    }
    Optional<KnownKey> key = directory.find(credential).filter(known -> known.admin.isPresent());
    key.ifPresent(known -> directory.used(known.use));
    return key.flatMap(known -> known.admin);
  }

  /** With which admins' keys begin. */
  public static final String ADMIN = "lintel-admin-";

  /** With which the ids of the store's keys begin. */
  public static final String KEY = "key_";

  private Caller caller(KnownKey key, Peer peer) {
    Caller caller = key.caller(this);
    if (caller == null) {
      caller =
          resolved(key)
              .orElseThrow(() ->
                  Failure.of(
                      Failure.Kind.AUTHENTICATION, "The app that this key belongs to is no more."));
      key.resolved(this, caller);
    }
    if (!key.networks.isEmpty()) {
      Optional<InetAddress> from = addresses.of(peer);
      if (from.isEmpty() || !Addresses.within(key.networks, from.get())) {
        throw Failure.of(
            Failure.Kind.PERMISSION, "This key may not be used from the address that calls.");
      }
    }
    directory.used(key.use);
    return caller;
  }

  private Optional<Caller> resolved(KnownKey key) {
    if (key.admin.isPresent()) {
      throw Failure.of(Failure.Kind.AUTHENTICATION, "That is an admin's key; it asks no models.");
    }
    return apps.caller(key.tenant, key.app, key.id)
        .map(caller -> Scoped.narrow(caller, key.id, key.scopes));
  }

  private Caller token(String token, Peer peer) {
    try {
      return tokens.caller(token);
    } catch (Failure failure) {
      if (failure.kind() == Failure.Kind.AUTHENTICATION) {
        struck(peer)
            .ifPresent(often -> {
              throw often;
            });
      }
      throw failure;
    }
  }

  @Override
  public void missigned(Peer peer) {
    struck(peer)
        .ifPresent(failure -> {
          throw failure;
        });
  }

  private Failure stranger(Peer peer) {
    return struck(peer)
        .orElseGet(
            () -> Failure.of(Failure.Kind.AUTHENTICATION, "The key is not known to this gateway."));
  }

  private Optional<Failure> struck(Peer peer) {
    return addresses.of(peer).flatMap(strikes::strike);
  }
}
