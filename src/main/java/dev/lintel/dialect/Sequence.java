package dev.lintel.dialect;

import dev.lintel.Json;
import dev.lintel.Part;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import tools.jackson.core.JacksonException;

/**
 * Puts the parts of a reply one after the other, for dialects whose pieces may not interleave: the
 * call that is open is told as it comes, and what belongs to other calls, or comes between, waits
 * until its arguments are whole.
 */
final class Sequence {
  private static final int NONE = -1;

  private final Consumer<Part> out;
  private final List<Part> held = new ArrayList<>();
  private final Set<Integer> told = new HashSet<>();
  private final StringBuilder arguments = new StringBuilder();
  private int open = NONE;

  Sequence(Consumer<Part> out) {
    this.out = out;
  }

  void add(Part part) {
    if (part instanceof Part.ToolUse piece && piece.index() == open) {
      tell(piece);
      if (!held.isEmpty() && whole()) {
        drain(false);
      }
    } else if (held.isEmpty() && (open == NONE || whole())) {
      next(part);
    } else {
      held.add(part);
    }
  }

  /** The reply is complete: nothing more is waited for. */
  void finish() {
    drain(true);
  }

  private void next(Part part) {
    if (open != NONE) {
      told.add(open);
      open = NONE;
    }
    switch (part) {
      case Part.ToolUse piece -> {
        // The arguments of a call that was told were whole: this is no more than white space.
        if (!told.contains(piece.index())) {
          open = piece.index();
          arguments.setLength(0);
          tell(piece);
        }
      }
      default -> out.accept(part);
    }
  }

  private void tell(Part.ToolUse piece) {
    arguments.append(piece.arguments());
    out.accept(piece);
  }

  private void drain(boolean anyway) {
    while (!held.isEmpty() && (anyway || open == NONE || whole())) {
      Part first = held.removeFirst();
      next(first);
      if (first instanceof Part.ToolUse call) {
        held.removeIf(later -> isPiece(later, call.index()));
      }
    }
  }

  /** Tells the piece where it belongs to that call. */
  private boolean isPiece(Part later, int call) {
    if (!(later instanceof Part.ToolUse piece) || piece.index() != call) {
      return false;
    }
    if (open == call) {
      tell(piece);
    }
    return true;
  }

  private boolean whole() {
    // Most pieces do not end an object, and need not be parsed to see that.
    int last = arguments.length() - 1;
    while (last >= 0 && Character.isWhitespace(arguments.charAt(last))) {
      last--;
    }
    return last >= 0 && arguments.charAt(last) == '}' && parses();
  }

  private boolean parses() {
    try {
      return Json.parse(arguments.toString()).isObject();
    } catch (JacksonException unfinished) {
      return false;
    }
  }
}
