package dev.lintel;

import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executor;
import tools.jackson.databind.JsonNode;

/** An exchange that hands everything on to another; who extends it changes a part of that. */
public abstract class Forwarded implements Exchange {
  protected final Exchange exchange;

  protected Forwarded(Exchange exchange) {
    this.exchange = exchange;
  }

  @Override
  public String method() {
    return exchange.method();
  }

  @Override
  public String path() {
    return exchange.path();
  }

  @Override
  public RawRequest request() {
    return exchange.request();
  }

  @Override
  public Optional<Caller> caller() {
    return exchange.caller();
  }

  @Override
  public Optional<Admin> admin() {
    return exchange.admin();
  }

  @Override
  public void note(JsonNode difference) {
    exchange.note(difference);
  }

  @Override
  public long arrived() {
    return exchange.arrived();
  }

  @Override
  public boolean wantsChannel() {
    return exchange.wantsChannel();
  }

  @Override
  public Channel channel() {
    return exchange.channel();
  }

  @Override
  public void answer(Answer answer, Map<String, String> headers) {
    exchange.answer(answer, headers);
  }

  @Override
  public void answer(Answer answer, Answer again, Map<String, String> headers) {
    exchange.answer(answer, again, headers);
  }

  @Override
  public void begin(int status, String contentType, Map<String, String> headers) {
    exchange.begin(status, contentType, headers);
  }

  @Override
  public void write(byte[] bytes, long deadline) {
    exchange.write(bytes, deadline);
  }

  @Override
  public void end() {
    exchange.end();
  }

  @Override
  public void abort() {
    exchange.abort();
  }

  @Override
  public Executor loop() {
    return exchange.loop();
  }
}
