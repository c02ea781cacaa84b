package dev.lintel.dialect;

import dev.lintel.Json;
import dev.lintel.Part;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import tools.jackson.core.JacksonException;

/**
 * Puts the pieces of tool calls that interleave one call after the other, for dialects whose blocks
 * follow one another.
 *
 * <p>The call that is open goes on as it comes. Pieces of another one wait until the open call's
 * arguments are whole, or the reply is; so does whatever comes between pieces of calls.
 */
final class CallsInTurn {
  private static final class Call {
    final Part.ToolUse first;
    final StringBuilder arguments = new StringBuilder();

    Call(Part.ToolUse first) {
      this.first = first;
    }

    boolean whole() {
      try {
        return Json.parse(arguments.toString()).isObject();
      } catch (JacksonException unfinished) {
        return false;
      }
    }

    /** All that has come of it, as its first piece. */
    Part.ToolUse soFar() {
      return new Part.ToolUse(
          first.index(),
          first.id(),
          first.name(),
          arguments.toString(),
          first.signature(),
          first.vendor());
    }
  }

  private static final int NONE = -1;

  private final Consumer<Part> out;
  private final Map<Integer, Call> calls = new LinkedHashMap<>();
  private final Set<Integer> ended = new HashSet<>();
  private final List<Part> held = new ArrayList<>();
  private int open = NONE;

  /**
   * @param out gets each call's first piece with its name, and then the rest before anything else
   */
  CallsInTurn(Consumer<Part> out) {
    this.out = out;
  }

  void add(Part part) {
    if (part instanceof Part.ToolUse use) {
      call(use);
    } else if (!held.isEmpty() || !calls.values().stream().allMatch(Call::whole)) {
      held.add(part);
    } else {
      close();
      out.accept(part);
    }
  }

  /** Everything has been said. */
  void finish() {
    close();
    List<Part> late = List.copyOf(held);
    held.clear();
    late.forEach(this::add);
    close();
  }

  private void call(Part.ToolUse use) {
    if (ended.contains(use.index())) {
      // Its arguments were whole, so this can be no more than white space.
      return;
    }
    Call call = calls.computeIfAbsent(use.index(), index -> new Call(use));
    call.arguments.append(use.arguments());
    if (open == use.index()) {
      out.accept(use);
    } else if (open == NONE) {
      begin(call);
    } else if (calls.size() == 2 && calls.get(open) instanceof Call before && before.whole()) {
      end();
      begin(call);
    }
  }

  private void begin(Call call) {
    open = call.first.index();
    out.accept(call.soFar());
  }

  private void end() {
    if (open != NONE) {
      calls.remove(open);
      ended.add(open);
      open = NONE;
    }
  }

  /** Ends the open call, and tells those that wait. */
  private void close() {
    end();
    while (!calls.isEmpty()) {
      begin(calls.values().iterator().next());
      end();
    }
  }
}
