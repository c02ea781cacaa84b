package dev.lintel;

import java.util.Map;
import java.util.function.Supplier;

/**
 * A conversation in real time, over a WebSocket that is handed on message by message.
 *
 * @param query the query that the caller sent, without its key
 * @param headers the headers that the caller sent
 * @param accept accepts the caller's side, once somebody is there to talk to; until then the caller
 *     can be refused with a status
 */
public record Live(
    Dialect dialect,
    String model,
    Map<String, String> query,
    Headers headers,
    Supplier<Channel> accept)
    implements Request {
  @Override
  public boolean stream() {
    return true;
  }
}
