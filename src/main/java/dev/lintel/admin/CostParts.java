package dev.lintel.admin;

import dev.lintel.Json;
import dev.lintel.Price;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * How the cost of a call comes about, as far as its record and the prices that are known now tell:
 * parts are told only where they come to exactly what the record says.
 */
final class CostParts {
  /** Tokens by kind as records have them, and as they are told. */
  static final Map<String, String> KINDS = kinds();

  /** The sums of kinds, as they are told and in USD. */
  private record Part(String kind, long tokens, BigDecimal million, BigDecimal usd) {}

  private final JsonNode call;
  private final Optional<BigDecimal> cost;
  private final String target;
  private final Optional<Price> price;
  private final List<Part> parts;
  private final BigDecimal beside;

  CostParts(JsonNode call, Function<String, Optional<Price>> prices) {
    this.call = call;
    this.cost = amount(call.path("cost_usd"));
    this.target = call.path("target").asString("");
    this.price = target.isEmpty() ? Optional.empty() : prices.apply(target).filter(Price::known);
    this.beside = beside();
    this.parts = parts();
  }

  private static Map<String, String> kinds() {
    var kinds = new LinkedHashMap<String, String>();
    kinds.put("input", "input tokens");
    kinds.put("cache_read", "tokens read from the provider's cache");
    kinds.put("cache_write", "tokens written to it for minutes");
    kinds.put("cache_write_1h", "tokens written to it for an hour");
    kinds.put("output", "output tokens");
    return kinds;
  }

  private static Optional<BigDecimal> amount(JsonNode node) {
    return node.isString() ? Optional.of(new BigDecimal(node.asString())) : Optional.empty();
  }

  /** Of tries that nobody was answered by. */
  private BigDecimal beside() {
    BigDecimal sum = BigDecimal.ZERO;
    for (JsonNode attempt : call.path("attempts")) {
      if (!attempt.path("kind").asString("").isEmpty()) {
        sum = sum.add(amount(attempt.path("cost_usd")).orElse(BigDecimal.ZERO));
      }
    }
    return sum;
  }

  /** Empty where they do not come to what the record says. */
  private List<Part> parts() {
    if (cost.isEmpty() || price.isEmpty()) {
      return List.of();
    }
    ObjectNode rates = price.get().json();
    var all = new ArrayList<Part>();
    BigDecimal sum = BigDecimal.ZERO;
    for (String kind : KINDS.keySet()) {
      long tokens = call.path("usage").path(kind).asLong(0);
      Optional<BigDecimal> rate = rate(rates, kind);
      if (tokens > 0 && rate.isPresent()) {
        BigDecimal usd = rate.get().multiply(BigDecimal.valueOf(tokens)).movePointLeft(6);
        all.add(new Part(kind, tokens, rate.get(), usd));
        sum = sum.add(usd);
      }
    }
    boolean whole = sum.compareTo(cost.get()) == 0 || sum.add(beside).compareTo(cost.get()) == 0;
    return whole ? all : List.of();
  }

  private static Optional<BigDecimal> rate(JsonNode rates, String kind) {
    JsonNode rate = rates.path(kind);
    return rate.isNumber() || rate.isString()
        ? Optional.of(new BigDecimal(rate.asString()))
        : Optional.empty();
  }

  List<String> sentences() {
    if (cost.isEmpty()) {
      boolean answered = call.path("kind").asString("").isEmpty();
      return answered && !target.isEmpty() ? List.of("What it cost is not known.") : List.of();
    }
    BigDecimal usd = cost.get();
    var told = new ArrayList<String>();
    told.add("It cost " + Story.plain(usd) + " USD.");
    if (usd.signum() == 0) {
      if (paidByAnother()) {
        told.add(
            "Its tries were paid for by another call, which asked the same at the same time and was"
                + " answered with the same reply.");
      }
      return told;
    }
    for (Part part : parts) {
      told.add(
          part.tokens
              + " "
              + KINDS.get(part.kind)
              + " at "
              + Story.plain(part.million)
              + " USD a million are "
              + Story.plain(part.usd)
              + " USD.");
    }
    if (!parts.isEmpty() && beside.signum() > 0) {
      told.add("Tries that did not answer the caller cost " + Story.plain(beside) + " USD.");
    }
    if (parts.isEmpty() && price.isPresent()) {
      told.add(
          "How that comes about the record does not tell: the tokens at the prices of "
              + target
              + " that are known now come to something else.");
    }
    return told;
  }

  private boolean paidByAnother() {
    if (call.path("replay_of").isString()) {
      return false;
    }
    for (JsonNode attempt : call.path("attempts")) {
      if (amount(attempt.path("cost_usd")).filter(usd -> usd.signum() > 0).isPresent()) {
        return true;
      }
    }
    return false;
  }

  /** {@code {usd, parts: [{kind, tokens, usd_per_million, usd}]}}. */
  ObjectNode json() {
    ObjectNode body = Json.object().put("usd", cost.map(BigDecimal::toPlainString).orElse(null));
    var all = body.putArray("parts");
    for (Part part : parts) {
      all.addObject()
          .put("kind", part.kind)
          .put("tokens", part.tokens)
          .put("usd_per_million", Story.plain(part.million))
          .put("usd", Story.plain(part.usd));
    }
    return body;
  }
}
