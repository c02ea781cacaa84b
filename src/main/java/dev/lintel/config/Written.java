package dev.lintel.config;

import dev.lintel.Changes.Change;
import dev.lintel.Json;
import dev.lintel.Settings.Difference;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.common.FlowStyle;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * A configuration as it is written, before anybody has asked what it means: a file's text with
 * changes laid over it.
 */
public final class Written {
  /** What is secret, in what is shown; written, it keeps what stands there. */
  public static final String UNCHANGED = "unchanged";

  /** Where a node stands and where it keeps things. */
  private static final Set<String> OWN =
      Set.of("listen", "data", "tls", "kek", "threads", "database", "shared", "node");

  private static final Set<Tag> NUMBERS = Set.of(Tag.INT, Tag.FLOAT);

  private final String file;
  private final String text;
  private final String mark;
  private final Node base;
  private final List<Change> changes;
  private final Node root;
  private @Nullable ObjectNode json;
  private @Nullable ObjectNode shown;

  Written(String file, String text, Node base) {
    this(file, text, mark(text, base), base, List.of());
  }

  private Written(String file, String text, String mark, Node base, List<Change> changes) {
    this.file = file;
    this.text = text;
    this.mark = mark;
    this.base = base;
    this.changes = List.copyOf(changes);
    this.root = Graft.over(base, this.changes);
  }

  /** The file with those changes, in the place of others. */
  public Written with(List<Change> others) {
    return new Written(file, text, mark, base, others);
  }

  /** Its name in faults. */
  public String file() {
    return file;
  }

  /** The file as it was read. */
  public String text() {
    return text;
  }

  /**
   * The same of two files whose texts say the same in the same words, but for what is each node's
   * own and for blanks at the ends of lines.
   */
  public String mark() {
    return mark;
  }

  private static String mark(String text, Node base) {
    var shared = new StringBuilder();
    int from = 0;
    if (base instanceof MappingNode mapping) {
      for (NodeTuple member : mapping.getValue()) {
        if (isOwn(member)) {
          int begin = at(text, member.getKeyNode().getStartMark(), from);
          shared.append(text, from, Math.max(from, begin));
          from = Math.max(from, at(text, member.getValueNode().getEndMark(), begin));
        }
      }
    }
    shared.append(text, from, text.length());
    String lines =
        shared
            .toString()
            .lines()
            .map(String::stripTrailing)
            .filter(line -> !line.isEmpty())
            .collect(Collectors.joining("\n"));
    try {
      return HexFormat.of()
          .formatHex(
              MessageDigest.getInstance("SHA-256").digest(lines.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException everyJdkHasIt) {
      throw new IllegalStateException(everyJdkHasIt);
    }
  }

  /** The place of a mark, which counts code points. */
  private static int at(String text, Optional<Mark> mark, int otherwise) {
    int points = mark.map(Mark::getIndex).orElse(-1);
    return points < 0 || points > text.codePointCount(0, text.length())
        ? otherwise
        : text.offsetByCodePoints(0, points);
  }

  public List<Change> changes() {
    return changes;
  }

  Node root() {
    return root;
  }

  Faults faults() {
    return new Faults(file, changes);
  }

  /** What stands there, secrets with it; empty where nothing does. */
  public Optional<JsonNode> at(List<String> path) {
    return at(json(), path);
  }

  /** The same as it may be shown: {@link #UNCHANGED} in the place of each secret. */
  public Optional<JsonNode> shown(List<String> path) {
    return at(shown(), path);
  }

  /** All of it as it may be shown. */
  public synchronized ObjectNode shown() {
    ObjectNode known = shown;
    if (known == null) {
      known = (ObjectNode) Grammar.shown(json(), Document.class);
      shown = known;
    }
    return known;
  }

  synchronized ObjectNode json() {
    ObjectNode known = json;
    if (known == null) {
      known = json(root) instanceof ObjectNode object ? object : Json.object();
      json = known;
    }
    return known;
  }

  /** Whether it says something of the resource to which that place belongs. */
  boolean owns(List<String> path) {
    return at(Edit.resource(path)).isPresent();
  }

  /** What another says differently, place by place. */
  public List<Difference> to(Written other) {
    var found = new ArrayList<Difference>();
    compare(new ArrayList<>(), json(), other.json(), other, found);
    return found;
  }

  private void compare(
      List<String> path,
      @Nullable JsonNode one,
      @Nullable JsonNode two,
      Written other,
      List<Difference> found) {
    if (one != null && one.isObject() && two != null && two.isObject()) {
      var keys = new LinkedHashSet<>(one.propertyNames());
      keys.addAll(two.propertyNames());
      for (String key : keys) {
        path.add(key);
        compare(path, one.get(key), two.get(key), other, found);
        path.removeLast();
      }
    } else if (!same(one, two)) {
      List<String> place = List.copyOf(path);
      found.add(new Difference(place, shown(place), other.shown(place)));
    }
  }

  /** As the binder sees it: nothing is the same as what is left out, 1 the same as "1". */
  private static boolean same(@Nullable JsonNode one, @Nullable JsonNode two) {
    if (one == null || two == null || one.isNull() || two.isNull()) {
      return (one == null || one.isNull()) && (two == null || two.isNull());
    }
    return one.isValueNode() && two.isValueNode()
        ? one.asString().equals(two.asString())
        : one.equals(two);
  }

  /** The same, but for what is each node's own: there it says what the other does. */
  public Written standing(Written own) {
    return owning(
        own.base instanceof MappingNode others
            ? others.getValue().stream().filter(Written::isOwn).toList()
            : List.of());
  }

  /** The same without what is each node's own. */
  public Written shared() {
    return owning(List.of());
  }

  private Written owning(List<NodeTuple> others) {
    if (!(base instanceof MappingNode mapping)) {
      return this;
    }
    var members = new ArrayList<NodeTuple>();
    mapping.getValue().stream().filter(member -> !isOwn(member)).forEach(members::add);
    members.addAll(others);
    var root =
        new MappingNode(
            Tag.MAP, true, members, FlowStyle.BLOCK, base.getStartMark(), base.getEndMark());
    root.setRecursive(base.isRecursive());
    return new Written(file, text, mark, root, changes);
  }

  private static boolean isOwn(NodeTuple member) {
    return member.getKeyNode() instanceof ScalarNode key && OWN.contains(key.getValue());
  }

  /** One of its changes as it may be shown. */
  public Change shown(Change change) {
    return new Change(
        change.path(),
        change.value().flatMap(value -> shown(change.path())),
        change.override(),
        change.by(),
        change.at(),
        change.until());
  }

  /**
   * What stands there as it may be shown: short forms written out, without resources of their own
   * that stand within it.
   */
  public Optional<JsonNode> opened(List<String> path) {
    return shown(path)
        .map(value -> Grammar.at(path).map(type -> Grammar.opened(value, type)).orElse(value))
        .map(value -> Edit.without(value, Edit.nested(path)));
  }

  static Optional<JsonNode> at(JsonNode from, List<String> path) {
    JsonNode at = from;
    for (String key : path) {
      at = at.path(key);
    }
    return at.isMissingNode() ? Optional.empty() : Optional.of(at);
  }

  private static JsonNode json(Node node) {
    if (node.isRecursive()) {
      // Refused when it is bound; until then it must only end.
      return Json.object();
    }
    return switch (node) {
      case MappingNode mapping -> {
        ObjectNode object = Json.object();
        for (NodeTuple member : mapping.getValue()) {
          if (member.getKeyNode() instanceof ScalarNode key) {
            object.set(key.getValue(), json(member.getValueNode()));
          }
        }
        yield object;
      }
      case SequenceNode sequence -> {
        var array = Json.array();
        sequence.getValue().forEach(element -> array.add(json(element)));
        yield array;
      }
      case ScalarNode scalar -> json(scalar);
      default -> JsonNodeFactory.instance.nullNode();
    };
  }

  private static JsonNode json(ScalarNode scalar) {
    JsonNodeFactory make = JsonNodeFactory.instance;
    String text = scalar.getValue();
    if (scalar.isPlain() && (scalar.getTag().equals(Tag.NULL) || text.equals("~"))) {
      return make.nullNode();
    }
    if (scalar.isPlain() && scalar.getTag().equals(Tag.BOOL)) {
      return make.booleanNode(text.equalsIgnoreCase("true"));
    }
    if (scalar.isPlain() && NUMBERS.contains(scalar.getTag())) {
      try {
        return make.numberNode(new java.math.BigDecimal(text));
      } catch (NumberFormatException otherForm) {
        return make.stringNode(text);
      }
    }
    return make.stringNode(text);
  }
}
