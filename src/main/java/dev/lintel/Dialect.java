package dev.lintel;

import java.util.List;
import java.util.Optional;

/**
 * One wire language, spoken on both sides: to clients and to providers. Pure functions: nothing
 * here waits, keeps state or knows who calls.
 */
public interface Dialect {
  /** Such as {@code openai}. */
  String name();

  /**
   * Reads a client's request, at least as far as the gateway needs to pass it on; waits for the
   * bytes of an upload that it has to look into, and for nothing else. Throws {@link Failure}
   * {@code INVALID_REQUEST} that names the field at fault.
   */
  Request read(Inbound inbound);

  /** Whether a provider can be asked this in this dialect. */
  default boolean takes(Request request) {
    return request instanceof Chat;
  }

  /**
   * Whether a provider follows the link of such an image or document itself; where it does not, the
   * gateway does, and sends the bytes.
   */
  default boolean follows(Block.Media media) {
    return true;
  }

  /**
   * The most inputs of that request that go to a provider at once; what has more is asked in parts.
   */
  default int most(Embed embed) {
    return Integer.MAX_VALUE;
  }

  /**
   * The field of its chats that bounds the tokens of an answer; behind a dot where it stands in
   * another.
   */
  default String bound() {
    return "max_tokens";
  }

  /**
   * Writes a request for a provider. A request that came in this dialect and that nobody changed
   * keeps its bytes, but for what the target needs otherwise. What the target cannot take goes
   * through {@code adaptation}, which may throw.
   */
  Outbound write(Request request, Target target, Adaptation adaptation);

  /**
   * Asks a provider for the list of its models, which costs nothing and counts against no quota;
   * empty where there is no such list.
   */
  default Optional<Outbound> listing(Platform platform) {
    return Optional.empty();
  }

  /** Reads one reply of a provider to this request of ours. */
  ReplyReader reader(Request request);

  /**
   * Writes one reply to a client that sent this request.
   *
   * @param trail of the call: what is known of it by then may stand in the reply
   */
  ReplyWriter writer(Request request, Trail trail);

  /** What an error reply of a provider means; never {@code null}, whatever the body holds. */
  Failure failure(int status, Headers headers, byte[] body);

  /**
   * The error in this dialect's envelope, with its status; {@code trail} gives the {@code lintel}
   * object its ids and attempts.
   */
  Answer error(Failure failure, Trail trail);

  /** The list of models as this dialect's clients expect it. */
  Answer models(List<Listing> models);
}
