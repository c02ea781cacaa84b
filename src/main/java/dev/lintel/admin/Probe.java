package dev.lintel.admin;

import dev.lintel.Answer;
import dev.lintel.Endpoint;
import dev.lintel.Exchange;
import dev.lintel.Json;
import java.util.Map;
import java.util.function.BooleanSupplier;

/** Says yes with 200 or no with 503, for whoever keeps the process alive or sends it traffic. */
public record Probe(BooleanSupplier well) implements Endpoint {
  @Override
  public void serve(Exchange exchange) {
    boolean yes = well.getAsBoolean();
    exchange.answer(Answer.json(yes ? 200 : 503, Json.object().put("ok", yes)), Map.of());
  }
}
