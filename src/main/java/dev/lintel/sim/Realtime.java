package dev.lintel.sim;

import dev.lintel.Answer;
import dev.lintel.CallThread;
import dev.lintel.Channel;
import dev.lintel.Channel.Message;
import dev.lintel.Endpoint;
import dev.lintel.Exchange;
import dev.lintel.Failure;
import dev.lintel.Json;
import dev.lintel.Trail;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** A session of OpenAI's realtime API: says so when it begins, and answers what it is asked. */
final class Realtime implements Endpoint {
  private final Desk desk;

  Realtime(Desk desk) {
    this.desk = desk;
  }

  @Override
  public void serve(Exchange exchange) {
    Visit visit = desk.arrived(exchange);
    Visit.Outcome outcome = Visit.Outcome.FAILED;
    try {
      if (exchange.wantsChannel()) {
        talk(exchange.channel(), exchange.request().query().getOrDefault("model", ""));
        outcome = Visit.Outcome.ANSWERED;
      } else {
        var refusal = Failure.invalid("This path speaks WebSocket.");
        exchange.answer(Simulated.refused(Vendor.OPENAI, refusal), Map.of());
        outcome = Visit.Outcome.REFUSED;
      }
    } catch (Failure gone) {
      outcome = Visit.Outcome.CANCELLED;
      throw gone;
    } finally {
      desk.left(visit, outcome);
    }
  }

  private static void talk(Channel channel, String model) {
    ObjectNode session = event("session.created");
    session.putObject("session").put("object", "realtime.session").put("model", model);
    say(channel, session);
    var thread = CallThread.current();
    while (true) {
      thread.await(() -> channel.waiting() || channel.closing().isPresent(), Long.MAX_VALUE - 1);
      Message message = channel.poll();
      if (message == null) {
        return;
      }
      if (message.text()) {
        hear(channel, message);
      }
    }
  }

  private static void hear(Channel channel, Message message) {
    JsonNode said;
    try {
      said = Json.parse(message.bytes(), 0, message.bytes().length);
    } catch (JacksonException noJson) {
      ObjectNode error = event("error");
      error.putObject("error").put("type", "invalid_request_error").put("message", "No JSON.");
      say(channel, error);
      return;
    }
    switch (said.path("type").asString("")) {
      case "session.update" -> {
        ObjectNode updated = event("session.updated");
        updated.set("session", said.path("session"));
        say(channel, updated);
      }
      case "response.create" -> answer(channel, said.path("response").path("instructions"));
      default -> {}
    }
  }

  private static void answer(Channel channel, JsonNode instructions) {
    List<String> words = Words.pieces("You said: " + instructions.asString("nothing"));
    for (String word : words) {
      say(channel, event("response.output_text.delta").put("delta", word));
    }
    ObjectNode done = event("response.done");
    ObjectNode usage =
        done.putObject("response")
            .put("status", "completed")
            .putObject("usage")
            .put("input_tokens", 20)
            .put("output_tokens", words.size())
            .put("total_tokens", 20 + words.size());
    usage.putObject("input_token_details").put("cached_tokens", 5).put("audio_tokens", 8);
    usage.putObject("output_token_details").put("audio_tokens", 0);
    say(channel, done);
  }

  private static ObjectNode event(String type) {
    return Json.object().put("type", type).put("event_id", "event_" + Words.token(type, 12));
  }

  private static void say(Channel channel, ObjectNode event) {
    channel.send(new Message(true, Json.bytes(event)));
  }

  @Override
  public Answer refuse(Failure failure, Trail trail) {
    return Simulated.refused(Vendor.OPENAI, failure);
  }
}
