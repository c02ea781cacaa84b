package dev.lintel.admin;

import dev.lintel.Answer;
import dev.lintel.Exchange;
import dev.lintel.Headers;
import dev.lintel.RawRequest;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Executor;

/** One request of the admin API, which remembers its answer and takes no stream. */
class Asked implements Exchange {
  final List<Answer> answers = new ArrayList<>();

  /** Those that came with the answer. */
  final Map<String, String> headers = new TreeMap<>();

  private final String method;
  private final String body;
  private final Executor loop;

  Asked(String method, String body, Executor loop) {
    this.method = method;
    this.body = body;
    this.loop = loop;
  }

  @Override
  public String method() {
    return method;
  }

  @Override
  public String path() {
    return "/admin/v1/things";
  }

  @Override
  public RawRequest request() {
    return new RawRequest(Map.of(), Map.of(), Headers.NONE, body.getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public long arrived() {
    return 0;
  }

  @Override
  public void answer(Answer answer, Map<String, String> with) {
    headers.putAll(with);
    answers.add(answer);
  }

  @Override
  public void begin(int status, String contentType, Map<String, String> with) {
    throw new AssertionError();
  }

  @Override
  public void write(byte[] bytes, long deadline) {
    throw new AssertionError();
  }

  @Override
  public void end() {
    throw new AssertionError();
  }

  @Override
  public void abort() {
    throw new AssertionError();
  }

  @Override
  public Executor loop() {
    return loop;
  }
}
