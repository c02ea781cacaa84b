package dev.lintel.admin;

import dev.lintel.Answer;
import dev.lintel.Dialect;
import dev.lintel.Endpoint;
import dev.lintel.Failure;
import dev.lintel.Json;
import dev.lintel.Rollout;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/** How the arms of models' splits fare, side by side, and the order to go on with stopped ones. */
public final class Arms {
  private final Dialect envelope;
  private final Supplier<List<Rollout>> rollouts;
  private final Predicate<String> resume;

  /**
   * @param envelope in which failures are told
   * @param resume gives a model's arms their calls again; false where the model has none
   */
  public Arms(Dialect envelope, Supplier<List<Rollout>> rollouts, Predicate<String> resume) {
    this.envelope = envelope;
    this.rollouts = rollouts;
    this.resume = resume;
  }

  /** {@code {data: [{model, arms: [{name, percent, stopped, calls, errors, …}]}], next: null}}. */
  public Endpoint list() {
    return new Question(
        envelope,
        (exchange, trail) -> {
          ObjectNode body = Json.object();
          var data = body.putArray("data");
          rollouts.get().forEach(rollout -> data.add(json(rollout)));
          body.putNull("next");
          return Answer.json(200, body);
        });
  }

  /** The model whose name is in the path, as it is then. */
  public Endpoint resume() {
    return new Question(
        envelope,
        (exchange, trail) -> {
          String model = exchange.request().path().getOrDefault("model", "");
          if (!resume.test(model)) {
            throw Failure.of(
                    Failure.Kind.NOT_FOUND,
                    "There is no model '" + model + "' with a canary or variants.")
                .at("model")
                .code("rollout_not_found");
          }
          return rollouts.get().stream()
              .filter(rollout -> rollout.model().equals(model))
              .findFirst()
              .map(rollout -> Answer.json(200, json(rollout)))
              .orElseGet(() -> Answer.json(200, Json.object()));
        });
  }

  private static ObjectNode json(Rollout rollout) {
    ObjectNode node = Json.object().put("model", rollout.model());
    var arms = node.putArray("arms");
    for (Rollout.Arm arm : rollout.arms()) {
      ObjectNode one = arms.addObject().put("name", arm.name());
      one.put("percent", BigDecimal.valueOf(arm.percent()).round(new MathContext(4)).doubleValue());
      if (arm.stopped().isPresent()) {
        one.putObject("stopped")
            .put("why", arm.stopped().get().why())
            .put("since", arm.stopped().get().since().toString());
      } else {
        one.putNull("stopped");
      }
      one.put("calls", arm.calls()).put("errors", arm.errors());
      one.put("cost_usd", arm.cost().toPlainString());
      one.put("p50_ms", number(arm.p50())).put("p95_ms", number(arm.p95()));
      one.put("ttft_ms", number(arm.firstContent()));
      one.put(
          "feedback",
          arm.feedback().isPresent() ? Double.valueOf(arm.feedback().getAsDouble()) : null);
    }
    return node;
  }

  private static @Nullable Long number(OptionalLong value) {
    return value.isPresent() ? Long.valueOf(value.getAsLong()) : null;
  }
}
