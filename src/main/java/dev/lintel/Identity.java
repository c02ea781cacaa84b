package dev.lintel;

import java.util.Optional;

/** Finds out who calls. */
public interface Identity {
  /**
   * Who calls with that key or token; where there is none, who the other end proves to be. On a
   * call's thread: it waits only where what is known has not been loaded yet. Throws {@link
   * Failure} {@code AUTHENTICATION} for strangers, {@code RATE_LIMITED} where too many of them come
   * from the same address, {@code PERMISSION} where the key is not good from there.
   *
   * @param credential empty where nothing was given
   */
  Caller holder(String credential, Peer peer);

  /** Who signs with that AWS access key; empty where nobody does. Throws as the other does. */
  Optional<SignedCaller> signer(String accessKey, Peer peer);

  /**
   * Counts a signature that is not right as an attempt of a stranger. Throws {@link Failure} {@code
   * RATE_LIMITED} where too many of them come from the same address.
   */
  void missigned(Peer peer);
}
