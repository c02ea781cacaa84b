package dev.lintel.sim;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.lintel.Answer;
import dev.lintel.CallThread;
import dev.lintel.Endpoint;
import dev.lintel.Exchange;
import dev.lintel.Failure;
import dev.lintel.Headers;
import dev.lintel.RawRequest;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/** An exchange that writes down what is done with it. */
final class FakeExchange implements Exchange {
  private static final Executor LOOP =
      Executors.newSingleThreadExecutor(Thread.ofPlatform().daemon().factory());

  /** Words for what was done, and the bytes of each write. */
  final List<String> done = Collections.synchronizedList(new ArrayList<>());

  final List<byte[]> writes = Collections.synchronizedList(new ArrayList<>());
  private final CompletableFuture<Void> over = new CompletableFuture<>();
  private final String method;
  private final String path;
  private final RawRequest request;

  FakeExchange(
      String method,
      String path,
      Map<String, String> variables,
      Map<String, String> headers,
      String body) {
    this(method, path, variables, Map.of(), headers, body);
  }

  FakeExchange(
      String method,
      String path,
      Map<String, String> variables,
      Map<String, String> query,
      Map<String, String> headers,
      String body) {
    this.method = method;
    this.path = path;
    this.request = new RawRequest(variables, query, Headers.of(headers), body.getBytes(UTF_8));
  }

  static FakeExchange stream(String model) {
    return new FakeExchange("POST", "/", Map.of(), Map.of(), body(model, true));
  }

  static FakeExchange whole(String model) {
    return new FakeExchange("POST", "/", Map.of(), Map.of(), body(model, false));
  }

  static String body(String model, boolean stream) {
    return "{\"model\":\"" + model + "\",\"stream\":" + stream + "}";
  }

  /** Serves it to its end, on a call's thread. */
  FakeExchange servedBy(Endpoint endpoint) throws Exception {
    start(endpoint);
    over.get(10, TimeUnit.SECONDS);
    return this;
  }

  CallThread start(Endpoint endpoint) {
    return CallThread.start(
        LOOP,
        () -> {
          try {
            endpoint.serve(this);
            over.complete(null);
          } catch (Throwable thrown) {
            done.add(
                thrown instanceof Failure failure ? failure.kind().word() : "thrown " + thrown);
            over.complete(null);
          }
        });
  }

  void awaitEnd() throws Exception {
    over.get(10, TimeUnit.SECONDS);
  }

  boolean isOver() {
    return over.isDone();
  }

  /** Everything that was written, as text. */
  String text() {
    var all = new java.io.ByteArrayOutputStream();
    writes.forEach(all::writeBytes);
    return all.toString(UTF_8);
  }

  @Override
  public String method() {
    return method;
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
  public long arrived() {
    return 0;
  }

  @Override
  public void answer(Answer answer, Map<String, String> headers) {
    done.add("answer " + answer.status() + (headers.isEmpty() ? "" : " " + headers));
    writes.add(answer.body());
  }

  @Override
  public void begin(int status, String contentType, Map<String, String> headers) {
    done.add("begin " + status + " " + contentType);
  }

  @Override
  public void write(byte[] bytes, long deadline) {
    if (done.isEmpty() || !done.getLast().equals("write")) {
      done.add("write");
    }
    writes.add(bytes.clone());
  }

  @Override
  public void end() {
    done.add("end");
  }

  @Override
  public void abort() {
    done.add("abort");
  }

  @Override
  public Executor loop() {
    return LOOP;
  }
}
