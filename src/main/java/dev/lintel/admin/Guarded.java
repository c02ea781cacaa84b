package dev.lintel.admin;

import dev.lintel.Admin;
import dev.lintel.Answer;
import dev.lintel.Exchange;
import dev.lintel.Forwarded;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** An exchange that has been let through: it knows by whom, and keeps what became of it. */
final class Guarded extends Forwarded {
  private final Optional<Admin> admin;
  private final Map<String, String> always;
  private final Settling settling;
  private boolean settled;
  private @Nullable JsonNode note;

  /** What is done once it is known how the request ended, before anybody else knows it. */
  @FunctionalInterface
  interface Settling {
    void settle(int status, Optional<JsonNode> noted);
  }

  /**
   * @param always headers of every answer
   * @param settling once
   */
  Guarded(Exchange exchange, Optional<Admin> admin, Map<String, String> always, Settling settling) {
    super(exchange);
    this.admin = admin;
    this.always = always;
    this.settling = settling;
  }

  private void settle(int status) {
    if (!settled) {
      settled = true;
      settling.settle(status, Optional.ofNullable(note));
    }
  }

  @Override
  public Optional<Admin> admin() {
    return admin;
  }

  @Override
  public void note(JsonNode difference) {
    note = difference;
  }

  @Override
  public void answer(Answer answer, Map<String, String> headers) {
    answer(answer, answer, headers);
  }

  @Override
  public void answer(Answer answer, Answer again, Map<String, String> headers) {
    settle(answer.status());
    exchange.answer(answer, again, and(headers));
  }

  @Override
  public void begin(int status, String contentType, Map<String, String> headers) {
    settle(status);
    exchange.begin(status, contentType, and(headers));
  }

  private Map<String, String> and(Map<String, String> headers) {
    var all = new HashMap<>(always);
    all.putAll(headers);
    return all;
  }
}
