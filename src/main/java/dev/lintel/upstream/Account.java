package dev.lintel.upstream;

import dev.lintel.Failure;
import io.vertx.core.http.RequestOptions;

/** Proves to a provider who asks it, where no key does. On the call's thread. */
interface Account {
  /**
   * Adds the proof to a request that is complete but for it.
   *
   * @param deadline {@link System#nanoTime} until which it may wait
   * @throws Failure where there is none to give
   */
  void prove(RequestOptions request, byte[] body, long deadline);

  /** The provider did not accept the last proof. */
  void refused();
}
