package dev.lintel.compat;

import com.cohere.api.resources.v2.types.V2ChatStreamResponse;
import com.cohere.api.types.AssistantMessageV2ContentItem;
import com.cohere.api.types.ChatContentDeltaEvent;
import com.cohere.api.types.ChatMessageEndEventDelta;
import com.cohere.api.types.ChatTextContent;
import com.cohere.api.types.ChatThinkingContent;
import com.cohere.api.types.ChatToolCallDeltaEvent;
import com.cohere.api.types.ChatToolCallStartEvent;
import com.cohere.api.types.ToolCallV2;
import com.cohere.api.types.ToolCallV2Function;
import com.cohere.api.types.Usage;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Builds an answer from the events of a streamed chat. */
final class CohereEvents {
  private static final class Item {
    private final StringBuilder text = new StringBuilder();
    private final StringBuilder thinking = new StringBuilder();

    private AssistantMessageV2ContentItem built() {
      return thinking.isEmpty()
          ? AssistantMessageV2ContentItem.text(
              ChatTextContent.builder().text(text.toString()).build())
          : AssistantMessageV2ContentItem.thinking(
              ChatThinkingContent.builder().thinking(thinking.toString()).build());
    }
  }

  private static final class Asked {
    private final ToolCallV2 start;
    private final StringBuilder arguments = new StringBuilder();

    private Asked(ToolCallV2 start) {
      this.start = start;
      start.getFunction().flatMap(ToolCallV2Function::getArguments).ifPresent(arguments::append);
    }

    private ToolCallV2 built() {
      return ToolCallV2.builder()
          .id(start.getId())
          .function(
              ToolCallV2Function.builder()
                  .name(start.getFunction().orElseThrow().getName())
                  .arguments(arguments.toString())
                  .build())
          .build();
    }
  }

  private final Map<Integer, Item> items = new TreeMap<>();
  private final Map<Integer, Asked> calls = new TreeMap<>();
  private final StringBuilder plan = new StringBuilder();
  private String stop = "";
  private Optional<Usage> usage = Optional.empty();

  void take(V2ChatStreamResponse event) {
    event.getContentDelta().ifPresent(this::content);
    event
        .getToolPlanDelta()
        .flatMap(found -> found.getDelta())
        .flatMap(delta -> delta.getMessage())
        .flatMap(message -> message.getToolPlan())
        .ifPresent(plan::append);
    event.getToolCallStart().ifPresent(this::call);
    event.getToolCallDelta().ifPresent(this::arguments);
    event.getMessageEnd().flatMap(found -> found.getDelta()).ifPresent(this::end);
  }

  private void content(ChatContentDeltaEvent event) {
    var content = event.getDelta().orElseThrow().getMessage().orElseThrow().getContent();
    Item item = items.computeIfAbsent(event.getIndex().orElseThrow(), unseen -> new Item());
    content.flatMap(found -> found.getText()).ifPresent(item.text::append);
    content.flatMap(found -> found.getThinking()).ifPresent(item.thinking::append);
  }

  private void call(ChatToolCallStartEvent event) {
    var message = event.getDelta().orElseThrow().getMessage().orElseThrow();
    calls.put(event.getIndex().orElseThrow(), new Asked(message.getToolCalls().orElseThrow()));
  }

  private void arguments(ChatToolCallDeltaEvent event) {
    event
        .getDelta()
        .flatMap(delta -> delta.getMessage())
        .flatMap(message -> message.getToolCalls())
        .flatMap(call -> call.getFunction())
        .flatMap(function -> function.getArguments())
        .ifPresent(calls.get(event.getIndex().orElseThrow()).arguments::append);
  }

  /** An end by {@code ERROR} is how this dialect says that a stream broke. */
  private void end(ChatMessageEndEventDelta delta) {
    delta
        .getError()
        .ifPresent(
            error -> {
              throw new IllegalStateException(error);
            });
    stop = delta.getFinishReason().map(Object::toString).orElse("");
    usage = delta.getUsage();
  }

  CohereTurn turn() {
    List<ToolCallV2> asked = new ArrayList<>();
    calls.values().forEach(call -> asked.add(call.built()));
    return new CohereTurn(
        items.values().stream().map(Item::built).toList(),
        plan.isEmpty() ? Optional.empty() : Optional.of(plan.toString()),
        asked,
        stop,
        usage);
  }
}
