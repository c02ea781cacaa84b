package dev.lintel.compat;

import static java.util.stream.Collectors.joining;

import com.cohere.api.resources.v2.types.V2ChatResponse;
import com.cohere.api.types.AssistantMessage;
import com.cohere.api.types.AssistantMessageResponseContentItem;
import com.cohere.api.types.AssistantMessageV2Content;
import com.cohere.api.types.AssistantMessageV2ContentItem;
import com.cohere.api.types.ToolCallV2;
import com.cohere.api.types.Usage;
import com.cohere.api.types.UsageBilledUnits;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** One answer, as it goes back with the next question. */
record CohereTurn(
    List<AssistantMessageV2ContentItem> items,
    Optional<String> plan,
    List<ToolCallV2> calls,
    String stop,
    Optional<Usage> usage) {
  static CohereTurn of(V2ChatResponse response) {
    var message = response.getMessage();
    return new CohereTurn(
        message.getContent().orElse(List.of()).stream().map(CohereTurn::item).toList(),
        message.getToolPlan(),
        message.getToolCalls().orElse(List.of()),
        response.getFinishReason().toString(),
        response.getUsage());
  }

  private static AssistantMessageV2ContentItem item(AssistantMessageResponseContentItem item) {
    return item.getThinking()
        .map(AssistantMessageV2ContentItem::thinking)
        .orElseGet(() -> AssistantMessageV2ContentItem.text(item.getText().orElseThrow()));
  }

  AssistantMessage message() {
    var message = AssistantMessage.builder().toolPlan(plan);
    if (!items.isEmpty()) {
      message.content(AssistantMessageV2Content.of(items));
    }
    if (!calls.isEmpty()) {
      message.toolCalls(calls);
    }
    return message.build();
  }

  String text() {
    return items.stream().flatMap(i -> i.getText().stream()).map(t -> t.getText()).collect(joining());
  }

  String thoughts() {
    return items.stream()
        .flatMap(item -> item.getThinking().stream())
        .map(thought -> thought.getThinking())
        .collect(joining());
  }

  long billed(Function<UsageBilledUnits, Optional<Double>> tokens) {
    return usage.flatMap(Usage::getBilledUnits).flatMap(tokens).orElse(0.0).longValue();
  }
}
