package dev.lintel.route;

import dev.lintel.Body;
import dev.lintel.Call;
import dev.lintel.Caller;
import dev.lintel.Chat;
import dev.lintel.Headers;
import dev.lintel.Inbound;
import dev.lintel.Ranking;
import dev.lintel.Request;
import dev.lintel.Strategy;
import dev.lintel.Target;
import dev.lintel.Terms;
import dev.lintel.Trail;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Calls for tests of strategies, and what comes out. */
final class Asking {
  private Asking() {}

  /** A chat whose conversation nobody may read: strategies go by its bytes. */
  static Call chat(String body) {
    var inbound =
        new Inbound(
            Map.of(), Map.of(), Headers.NONE, Body.scan(body.getBytes(StandardCharsets.UTF_8)));
    return call(
        Chat.read(
            Targets.SILENT,
            "m",
            false,
            false,
            inbound,
            read -> {
              throw new AssertionError("the conversation was read");
            }));
  }

  static Call user(String name) {
    return chat(name.isEmpty() ? "{}" : "{\"user\":\"" + name + "\"}");
  }

  /** A prompt of about that many tokens, and the most that its answer may have. */
  static Call tokens(int prompt, int most) {
    return chat("{\"max_tokens\":" + most + ",\"messages\":\"" + "x".repeat(prompt * 4) + "\"}");
  }

  static Call call(Request request) {
    return new Call(
        new Trail("id", Instant.EPOCH, 0),
        "",
        Caller.UNKNOWN,
        Terms.NONE,
        request,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        0);
  }

  static List<Target> order(Strategy strategy, Call call, List<Target> targets) {
    Ranking ranking = strategy.rank(call, targets);
    var taken = new boolean[targets.size()];
    var order = new ArrayList<Target>();
    for (int next = ranking.best(taken.length, taken);
        next >= 0;
        next = ranking.best(taken.length, taken)) {
      taken[next] = true;
      order.add(targets.get(next));
    }
    return order;
  }
}
