package dev.lintel;

import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executor;
import tools.jackson.databind.JsonNode;

/**
 * One HTTP request and its answer, seen from the thread that serves it. Its methods block that
 * thread and no other; once the client is gone they throw {@link Failure} {@code CANCELLED}.
 */
public interface Exchange {
  String method();

  /** The path as it was sent, without the query. */
  String path();

  RawRequest request();

  /** Who calls, where the exchange knows without a key; empty for whatever came over a network. */
  default Optional<Caller> caller() {
    return Optional.empty();
  }

  /** By which its call is known, where that is agreed before; empty for whatever came in. */
  default Optional<String> callId() {
    return Optional.empty();
  }

  /** Who administers, where the request has been let through for that. */
  default Optional<Admin> admin() {
    return Optional.empty();
  }

  /** What an admin's request has changed, without secrets, for the record of it. */
  default void note(JsonNode difference) {}

  /** {@link System#nanoTime} when the request arrived. */
  long arrived();

  /** Whether the client asks for a WebSocket. */
  default boolean wantsChannel() {
    return false;
  }

  /**
   * Accepts a WebSocket, instead of any answer. Throws {@link Failure} {@code INVALID_REQUEST}
   * where the client's handshake is not one.
   */
  default Channel channel() {
    throw new IllegalStateException("the client has not asked for a WebSocket");
  }

  /** Answers whole. */
  void answer(Answer answer, Map<String, String> headers);

  /**
   * Answers whole.
   *
   * @param again what may be kept of it to be answered again: it says nothing of this time alone
   */
  default void answer(Answer answer, Answer again, Map<String, String> headers) {
    answer(answer, headers);
  }

  /** Begins an answer of unknown length. */
  void begin(int status, String contentType, Map<String, String> headers);

  /**
   * Sends the next bytes of an answer that has begun, which may not change any more.
   *
   * @param deadline {@link System#nanoTime} until which the client may leave it unread; after it
   *     {@link Failure} {@code TIMEOUT}
   */
  void write(byte[] bytes, long deadline);

  /** Ends an answer that has begun. */
  void end();

  /**
   * Breaks the connection off (HTTP/2: resets the stream), so that what was sent cannot be taken
   * for complete.
   */
  void abort();

  /** Where work for this connection's socket runs. */
  Executor loop();
}
