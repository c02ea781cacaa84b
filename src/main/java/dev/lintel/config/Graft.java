package dev.lintel.config;

import dev.lintel.Changes.Change;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.common.FlowStyle;
import org.snakeyaml.engine.v2.common.ScalarStyle;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;
import tools.jackson.databind.JsonNode;

/**
 * Changes on their way into a file's nodes, as a tree of the places that they change. The nodes
 * themselves stay as they are: where nothing is changed both share them.
 */
final class Graft {
  /** What stands for the lines of changes: the first is at -1, the next at -2. */
  private static final int FIRST = -1;

  private final Map<String, Graft> below = new LinkedHashMap<>();
  private @Nullable Change change;
  private int line;

  private Graft() {}

  /** The file's outermost node with the changes laid over it, one after the other. */
  static Node over(Node root, List<Change> changes) {
    if (changes.isEmpty()) {
      return root;
    }
    var all = new Graft();
    for (int i = 0; i < changes.size(); i++) {
      Graft at = all;
      for (String key : changes.get(i).path()) {
        at = at.below.computeIfAbsent(key, first -> new Graft());
      }
      at.below.clear();
      at.change = changes.get(i);
      at.line = FIRST - i;
    }
    Node laid = all.laid(root);
    return laid == null ? new MappingNode(Tag.MAP, List.of(), FlowStyle.BLOCK) : laid;
  }

  /** Which change a line stands for; empty for a line of the file. */
  static Optional<Integer> change(int line) {
    return line < 0 ? Optional.of(FIRST - line) : Optional.empty();
  }

  /** In the place of a file's name. */
  static String label(Change change) {
    return "the change of " + String.join(".", change.path()) + " by " + change.by();
  }

  /** {@code null} where nothing stands then. */
  private @Nullable Node laid(@Nullable Node before) {
    Change own = change;
    Node under =
        own == null ? before : own.value().map(value -> node(value, mark(line))).orElse(null);
    if (below.isEmpty()) {
      return under;
    }
    var members = new ArrayList<NodeTuple>();
    Set<String> seen = new HashSet<>();
    if (under instanceof MappingNode mapping) {
      for (NodeTuple member : mapping.getValue()) {
        Graft at = member.getKeyNode() instanceof ScalarNode key ? below.get(key.getValue()) : null;
        if (at == null || !seen.add(((ScalarNode) member.getKeyNode()).getValue())) {
          members.add(member);
          continue;
        }
        Node value = at.laid(member.getValueNode());
        if (value != null) {
          members.add(new NodeTuple(at.key(member.getKeyNode()), value));
        }
      }
    }
    below.forEach((name, at) -> {
      Node value = seen.contains(name) ? null : at.laid(null);
      if (value != null) {
        members.add(new NodeTuple(word(name, mark(at.anyLine())), value));
      }
    });
    if (members.isEmpty() && under == null) {
      return null;
    }
    var laid =
        under == null
            ? new MappingNode(
                Tag.MAP, true, members, FlowStyle.FLOW, mark(anyLine()), mark(anyLine()))
            : new MappingNode(
                Tag.MAP, true, members, FlowStyle.FLOW, under.getStartMark(), under.getEndMark());
    laid.setRecursive(under != null && under.isRecursive());
    return laid;
  }

  /** What replaces a value is told of by its key's line. */
  private Node key(Node before) {
    return change == null ? before : word(((ScalarNode) before).getValue(), mark(line));
  }

  private int anyLine() {
    return change == null ? below.values().iterator().next().anyLine() : line;
  }

  private static Node node(JsonNode value, Optional<Mark> at) {
    if (value.isObject()) {
      var members = new ArrayList<NodeTuple>();
      value
          .properties()
          .forEach(member ->
              members.add(new NodeTuple(word(member.getKey(), at), node(member.getValue(), at))));
      return new MappingNode(Tag.MAP, true, members, FlowStyle.FLOW, at, at);
    }
    if (value.isArray()) {
      var elements = new ArrayList<Node>();
      value.forEach(element -> elements.add(node(element, at)));
      return new SequenceNode(Tag.SEQ, true, elements, FlowStyle.FLOW, at, at);
    }
    if (value.isString()) {
      return word(value.asString(), at);
    }
    String plain = value.isNull() ? "null" : value.isNumber() ? number(value) : value.asString();
    Tag tag = value.isNumber() ? Tag.FLOAT : value.isBoolean() ? Tag.BOOL : Tag.NULL;
    return new ScalarNode(tag, true, plain, ScalarStyle.PLAIN, at, at);
  }

  /** Plain, unless that would be longer than any number that makes sense. */
  private static String number(JsonNode value) {
    BigDecimal number = value.decimalValue();
    return Math.abs((long) number.scale()) > 1000 ? number.toString() : number.toPlainString();
  }

  private static Node word(String text, Optional<Mark> at) {
    return new ScalarNode(Tag.STR, true, text, ScalarStyle.DOUBLE_QUOTED, at, at);
  }

  /** Marks count from 0. */
  private static Optional<Mark> mark(int line) {
    return Optional.of(new Mark("", 0, line - 1, 0, new int[0], 0));
  }
}
