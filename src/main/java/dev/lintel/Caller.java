package dev.lintel;

import java.util.Optional;
import java.util.Set;

/**
 * Who calls.
 *
 * @param keyId names the key without giving it away
 * @param models the models that the app may ask for; empty means every model
 * @param ownKeys whether calls may bring a provider's key of their own
 * @param residency the region that calls must not leave; empty where they may go anywhere
 * @param explain whether calls may ask to be told why they went where they went
 * @param user who the credential says is calling; empty where it says nothing, and calls may
 * @param policies what its calls may do
 */
public record Caller(
    String tenant,
    String app,
    String keyId,
    Optional<Set<String>> models,
    boolean ownKeys,
    String residency,
    boolean explain,
    String user,
    Policy.Source policies) {
  /** Before the caller is known. */
  public static final Caller UNKNOWN =
      new Caller("", "", "", Optional.of(Set.of()), false, "", false);

  /** Who calls with the key that the first start made, while no app is configured. */
  public static final Caller FIRST =
      new Caller("default", "default", "first", Optional.empty(), false, "", true);

  /** One that may go anywhere and is told nothing. */
  public Caller(
      String tenant, String app, String keyId, Optional<Set<String>> models, boolean ownKeys) {
    this(tenant, app, keyId, models, ownKeys, "", false);
  }

  /** One of whom no policy speaks. */
  public Caller(
      String tenant,
      String app,
      String keyId,
      Optional<Set<String>> models,
      boolean ownKeys,
      String residency,
      boolean explain) {
    this(tenant, app, keyId, models, ownKeys, residency, explain, "", Policy.Source.NONE);
  }

  /** The same with another key. */
  public Caller with(String otherKey) {
    return new Caller(tenant, app, otherKey, models, ownKeys, residency, explain, user, policies);
  }

  /** The same on behalf of that user. */
  public Caller as(String otherUser) {
    return new Caller(tenant, app, keyId, models, ownKeys, residency, explain, otherUser, policies);
  }

  /** The same under those policies. */
  public Caller under(Policy.Source other) {
    return new Caller(tenant, app, keyId, models, ownKeys, residency, explain, user, other);
  }

  public boolean mayAsk(String model) {
    return models.isEmpty() || models.get().contains(model);
  }
}
