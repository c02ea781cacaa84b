package dev.lintel.dialect;

import dev.lintel.Chat;
import dev.lintel.Json;
import dev.lintel.Part;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.core.JacksonException;

/**
 * The tool calls of one reply, put together from pieces that may interleave.
 *
 * <p>Servers differ in what a piece has: some leave the index out, some repeat id and name, some
 * give the name after the id.
 */
final class OpenAiCalls {
  private static final class Open {
    final int choice;
    final int index;
    String id = "";
    String name = "";
    String signature = "";
    String vendor = "";
    boolean begun;
    final StringBuilder arguments = new StringBuilder();

    Open(int choice, int index) {
      this.choice = choice;
      this.index = index;
    }
  }

  private final ToolNames.Back names;
  private final List<Open> calls = new ArrayList<>(2);

  OpenAiCalls(Chat chat) {
    this(new ToolNames.Back(ToolNames.OPENAI, chat, OpenAiChat.speaks(chat)));
  }

  /** Of another dialect whose pieces are the same. */
  OpenAiCalls(ToolNames.Back names) {
    this.names = names;
  }

  boolean isEmpty() {
    return calls.isEmpty();
  }

  /**
   * Takes the next piece.
   *
   * @param index -1 where the server gives none
   * @param id empty where the piece has none, like the rest
   */
  void piece(
      int choice,
      int index,
      String id,
      String name,
      String arguments,
      String signature,
      String vendor,
      List<Part> into) {
    int position = position(choice, index, id);
    Open call = calls.get(position);
    call.id = call.id.isEmpty() ? id : call.id;
    call.name = call.name.isEmpty() ? name : call.name;
    call.arguments.append(arguments);
    if (!signature.isEmpty()) {
      call.signature = signature;
      call.vendor = vendor;
    }
    if (call.begun) {
      if (!arguments.isEmpty() || !signature.isEmpty()) {
        into.add(new Part.ToolUse(position, "", "", arguments, signature, vendor));
      }
    } else if (!call.name.isEmpty()) {
      begin(call, position, into);
    }
  }

  private void begin(Open call, int position, List<Part> into) {
    call.begun = true;
    if (call.id.isEmpty()) {
      call.id = "call_" + ToolNames.hex(call.name + System.nanoTime() + position, 24);
    }
    into.add(
        new Part.ToolUse(
            position,
            call.id,
            names.of(call.name),
            call.arguments.toString(),
            call.signature,
            call.vendor));
  }

  private int position(int choice, int index, String id) {
    for (int i = calls.size() - 1; i >= 0; i--) {
      Open call = calls.get(i);
      boolean same =
          call.choice == choice
              && (index >= 0 ? call.index == index : id.isEmpty() || id.equals(call.id));
      if (same) {
        return i;
      }
    }
    calls.add(new Open(choice, index));
    return calls.size() - 1;
  }

  /** The reply is complete: calls without arguments get {@code {}}. */
  void end(List<Part> into) {
    for (int i = 0; i < calls.size(); i++) {
      Open call = calls.get(i);
      if (!call.begun) {
        begin(call, i, into);
      }
      if (call.arguments.toString().isBlank()) {
        call.arguments.append("{}");
        into.add(new Part.ToolUse(i, "", "", "{}", "", ""));
      }
    }
  }

  /** Whether every call's arguments are JSON; a reply that was cut off leaves some that are not. */
  boolean sound() {
    for (Open call : calls) {
      try {
        Json.parse(call.arguments.toString());
      } catch (JacksonException cutOff) {
        return false;
      }
    }
    return true;
  }
}
