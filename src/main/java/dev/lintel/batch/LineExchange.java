package dev.lintel.batch;

import dev.lintel.Answer;
import dev.lintel.Bytes;
import dev.lintel.Caller;
import dev.lintel.Exchange;
import dev.lintel.Headers;
import dev.lintel.RawRequest;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/** An exchange without a socket: its request is a line of a batch, its answer is kept. */
final class LineExchange implements Exchange {
  private final String path;
  private final RawRequest request;
  private final Caller who;
  private final Executor loop;
  private final Optional<String> id;
  private final long arrived = System.nanoTime();
  private final Bytes streamed = new Bytes(0);
  private int status;
  private String contentType = "";
  private Map<String, String> headers = Map.of();
  private @Nullable Answer answer;

  LineExchange(String path, byte[] body, Map<String, String> headers, Caller who, Executor loop) {
    this(path, body, headers, who, loop, Optional.empty());
  }

  /**
   * @param id of its call, where that is known before
   */
  LineExchange(
      String path,
      byte[] body,
      Map<String, String> headers,
      Caller who,
      Executor loop,
      Optional<String> id) {
    this.id = id;
    this.path = path;
    this.request = new RawRequest(Map.of(), Map.of(), Headers.of(headers), body);
    this.who = who;
    this.loop = loop;
  }

  /** Empty where the call was broken off. */
  Optional<Answer> answered() {
    return Optional.ofNullable(answer);
  }

  String header(String name) {
    return headers.getOrDefault(name, "");
  }

  @Override
  public String method() {
    return "POST";
  }

  @Override
  public String path() {
    return path;
  }

  @Override
  public RawRequest request() {
    return request;
  }

  @Override
  public Optional<Caller> caller() {
    return Optional.of(who);
  }

  @Override
  public Optional<String> callId() {
    return id;
  }

  @Override
  public long arrived() {
    return arrived;
  }

  @Override
  public void answer(Answer whole, Map<String, String> all) {
    answer = whole;
    headers = all;
  }

  @Override
  public void begin(int begun, String type, Map<String, String> all) {
    status = begun;
    contentType = type;
    headers = all;
  }

  @Override
  public void write(byte[] bytes, long deadline) {
    streamed.add(bytes);
  }

  @Override
  public void end() {
    answer = new Answer(status, contentType, streamed.take());
  }

  @Override
  public void abort() {
    answer = null;
  }

  @Override
  public Executor loop() {
    return loop;
  }
}
