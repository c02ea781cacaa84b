package dev.lintel.batch;

import dev.lintel.Credential;
import dev.lintel.Endpoint;
import dev.lintel.Handler;
import dev.lintel.Outbound;
import dev.lintel.Provider;
import dev.lintel.Sink;
import dev.lintel.Target;
import java.util.Optional;

/** What is needed to hand a whole batch on to a provider. */
public interface Abroad {
  /**
   * Takes a request as far as its target, which is not asked.
   *
   * @param last is given the call with its target chosen
   */
  Endpoint planning(String path, Handler last);

  /**
   * Answers a request, as a call with a record of its own.
   *
   * @param last gives what the provider has answered already
   */
  Endpoint settling(String path, Handler last);

  /** The same of a call that has its record already, and is neither recorded nor counted again. */
  Endpoint telling(String path, Handler last);

  /**
   * Whether there is a record of that call. Throws {@link dev.lintel.Failure} {@code UNAVAILABLE}
   * where nobody can tell yet.
   */
  boolean recorded(String callId);

  Optional<Target> target(String provider, String model);

  /** In whose words that provider takes batches; empty where it takes none. */
  Optional<Carrier> carrier(Provider provider);

  /** Asks a provider's own API; the reply comes as a head and pieces, whatever its status. */
  void ask(Target target, Credential account, Outbound question, Sink sink);
}
