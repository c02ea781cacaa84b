package dev.lintel.upstream;

import dev.lintel.CallThread;
import dev.lintel.Channel;
import dev.lintel.Channel.Closing;
import dev.lintel.Channel.Message;
import dev.lintel.Chunk;
import dev.lintel.Failure;
import dev.lintel.Frame;
import dev.lintel.Part;
import dev.lintel.ReplyReader;
import dev.lintel.Sink;

/**
 * Hands messages on between a caller and a provider, either way as fast as the slower side reads.
 * Each message of the provider is read for what it used.
 */
final class Conversation {
  private final Channel caller;
  private final Channel provider;
  private final String dialect;
  private final ReplyReader reader;
  private final Sink sink;

  Conversation(Channel caller, Channel provider, String dialect, ReplyReader reader, Sink sink) {
    this.caller = caller;
    this.provider = provider;
    this.dialect = dialect;
    this.reader = reader;
    this.sink = sink;
  }

  /**
   * Returns when either side has said good-bye and the other has been told.
   *
   * @throws Failure {@code UPSTREAM_UNAVAILABLE} where the provider was lost, {@code CANCELLED}
   *     where the caller was, {@code TIMEOUT} at the deadline, and what the sink fails with
   */
  void run(long deadline) {
    try {
      handOn(deadline);
    } catch (RuntimeException ended) {
      // Whoever ends it here, the provider must not go on talking.
      provider.close(Closing.NORMAL);
      throw ended;
    }
  }

  private void handOn(long deadline) {
    // Whoever talks to somebody is answered: another target cannot take over from here.
    sink.emit(Chunk.of(new Part.Data("application/json", new byte[0])));
    while (true) {
      boolean open = CallThread.current().await(this::something, deadline);
      if (!open) {
        caller.close(new Closing(GOING_AWAY, "the session has reached its longest time"));
        provider.close(Closing.NORMAL);
        throw Failure.of(Failure.Kind.TIMEOUT, "The session has reached its longest time.")
            .blame(Failure.Blame.NOBODY);
      }
      if (provider.waiting() && caller.writable()) {
        fromProvider();
      } else if (caller.waiting() && provider.writable()) {
        fromCaller();
      } else if (provider.closing().isPresent()) {
        ended(provider.closing().get());
        return;
      } else if (caller.closing().isPresent()) {
        left(caller.closing().get());
        return;
      }
    }
  }

  private static final int GOING_AWAY = 1001;

  private boolean something() {
    return (provider.waiting() && caller.writable())
        || (caller.waiting() && provider.writable())
        || (provider.closing().isPresent() && !provider.waiting())
        || caller.closing().isPresent();
  }

  private void fromCaller() {
    Message message = caller.poll();
    if (message != null) {
      provider.send(message);
    }
  }

  private void fromProvider() {
    Message message = provider.poll();
    if (message == null) {
      return;
    }
    caller.send(message);
    if (message.text()) {
      Chunk chunk = reader.event(Frame.whole(dialect, message.bytes()));
      if (!chunk.parts().isEmpty()) {
        sink.emit(chunk);
      }
    }
  }

  private void ended(Closing how) {
    if (how.equals(Closing.LOST)) {
      caller.close(new Closing(1011, "the provider's connection was lost"));
      throw Failure.of(
          Failure.Kind.UPSTREAM_UNAVAILABLE, "The provider's connection was lost in mid-session.");
    }
    caller.close(how);
  }

  private void left(Closing how) {
    provider.close(how.equals(Closing.LOST) ? Closing.NORMAL : how);
    if (how.equals(Closing.LOST)) {
      throw Failure.cancelled();
    }
  }
}
