package dev.lintel.config;

import dev.lintel.Extension;
import dev.lintel.Spec;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/**
 * Turns YAML into records: a component's name in {@code snake_case} is its key, its type says how
 * the value is read. To add a key, add a component.
 *
 * <ul>
 *   <li>What is left out comes from the record's static constant {@code USUAL} where it has one;
 *       else an {@link Optional}, a list, a set or a map is empty and a {@code boolean} false; any
 *       other component is required.
 *   <li>A record with a component marked {@link Shape.Alone} may be written as that component's
 *       value alone, and a list of one element as that element.
 *   <li>The keys of a component marked {@link Shape.Inline} stand among those of its record.
 *   <li>A sealed type is bound as the case whose {@link Shape.Kind} is the value of the key {@code
 *       kind}, else as the one case without it.
 *   <li>A {@link Spec} is written as its name, or as its name with its options below it.
 *   <li>A component of type {@link At} knows its line.
 *   <li>In the place of a plain value may stand where it lies: {@link Elsewhere}.
 * </ul>
 *
 * What is at fault is reported and then left out, so that one pass finds every fault.
 */
final class Binder {
  private final Faults faults;
  private final Elsewhere elsewhere;
  private final Map<Class<?>, ? extends Map<String, ? extends Class<?>>> specs;
  private final Set<String> notYet = new TreeSet<>();

  /**
   * @param specs the specs of each kind of extension, by their names
   */
  Binder(
      Faults faults,
      Elsewhere elsewhere,
      Map<Class<?>, ? extends Map<String, ? extends Class<?>>> specs) {
    this.faults = faults;
    this.elsewhere = elsewhere;
    this.specs = specs;
  }

  /** The whole file; empty where even its outermost form is at fault. */
  <T extends Record> Optional<T> bind(Node root, Class<T> type) {
    return Optional.ofNullable(type.cast(record(root, type, Place.TOP)));
  }

  /** The spec of that name with all its options left out. */
  @SuppressWarnings("unchecked")
  <T extends Extension> Spec<T> plain(Class<T> extension, String name) {
    Class<?> known = Objects.requireNonNull(specs.get(extension)).get(name);
    Object made = known == null ? null : make(Shape.of(known), Map.of(), Place.TOP);
    return (Spec<T>) Objects.requireNonNull(made, name);
  }

  /** The keys in use that have no effect yet, such as {@code tenants.*.budget}. */
  Set<String> notYet() {
    return notYet;
  }

  /** {@code null} where the value is at fault, as everywhere below. */
  private @Nullable Object value(Node node, Type type, Place place) {
    if (node.isRecursive()) {
      return fault(place, "must not contain itself");
    }
    if (type instanceof ParameterizedType generic) {
      return generic(
          node, (Class<?>) generic.getRawType(), generic.getActualTypeArguments(), place);
    }
    var plain = (Class<?>) type;
    Optional<Scalar<?>> scalar = Scalar.of(plain);
    if (scalar.isPresent()) {
      return scalar(node, scalar.get(), place);
    }
    if (plain.isEnum()) {
      return constant(node, plain, place);
    }
    return record(node, plain.isSealed() ? choose(node, plain) : plain, place);
  }

  private @Nullable Object generic(Node node, Class<?> type, Type[] of, Place place) {
    if (type == Optional.class) {
      Object value = value(node, of[0], place);
      return value == null ? null : Optional.of(value);
    }
    if (type == At.class) {
      return new At<>(Optional.ofNullable(value(node, of[0], place)), place.line(), place.path());
    }
    if (type == List.class) {
      return list(node, of[0], place);
    }
    if (type == Set.class) {
      List<Object> elements = list(node, of[0], place);
      return elements == null ? null : Collections.unmodifiableSet(new LinkedHashSet<>(elements));
    }
    if (type == Map.class) {
      return map(node, (Class<?>) of[0], of[1], place);
    }
    if (type == Spec.class) {
      return spec(node, (Class<?>) of[0], place);
    }
    throw new IllegalArgumentException("no configuration can hold a " + type);
  }

  private @Nullable Object scalar(Node node, Scalar<?> scalar, Place place) {
    String text = text(node, scalar.form(), place);
    if (text == null) {
      return null;
    }
    try {
      return scalar.read().apply(text);
    } catch (IllegalArgumentException otherForm) {
      return fault(place, "must be " + scalar.form());
    }
  }

  /** The text of a scalar with the environment's values in it. */
  private @Nullable String text(Node node, String form, Place place) {
    Optional<Elsewhere.Place> named = Elsewhere.named(node);
    if (named.isEmpty() && !(node instanceof ScalarNode)) {
      fault(place, "must be " + form);
      return null;
    }
    try {
      return named.isPresent()
          ? elsewhere.text(named.get())
          : elsewhere.resolve(((ScalarNode) node).getValue());
    } catch (IllegalArgumentException unresolved) {
      fault(place, String.valueOf(unresolved.getMessage()));
      return null;
    }
  }

  private @Nullable Object constant(Node node, Class<?> type, Place place) {
    var words = new LinkedHashMap<String, Object>();
    for (Object constant : type.getEnumConstants()) {
      words.put(((Enum<?>) constant).name().toLowerCase(Locale.ROOT), constant);
    }
    return oneOf(node, words, place);
  }

  private <V> @Nullable V oneOf(Node node, Map<String, V> words, Place place) {
    String form = "one of " + String.join(", ", words.keySet());
    String text = text(node, form, place);
    if (text == null) {
      return null;
    }
    V known = words.get(text.replace('-', '_'));
    if (known == null) {
      fault(place, "must be " + form + Closest.meant(text, words.keySet()));
    }
    return known;
  }

  private @Nullable List<Object> list(Node node, Type of, Place place) {
    var bound = new ArrayList<Object>();
    if (node instanceof SequenceNode sequence) {
      int index = 0;
      for (Node element : sequence.getValue()) {
        Object value = value(element, of, place.element(index++, element));
        if (value != null) {
          bound.add(value);
        }
      }
      return Collections.unmodifiableList(bound);
    }
    if (node instanceof ScalarNode || isWrittenAsMap(of) || Elsewhere.named(node).isPresent()) {
      Object value = value(node, of, place);
      return value == null ? null : List.of(value);
    }
    fault(place, "must be a list, such as [ a, b ]");
    return null;
  }

  private static boolean isWrittenAsMap(Type type) {
    if (type instanceof ParameterizedType generic && generic.getRawType() == At.class) {
      return isWrittenAsMap(generic.getActualTypeArguments()[0]);
    }
    return type instanceof Class<?> plain && plain.isRecord() && Scalar.of(plain).isEmpty();
  }

  private @Nullable Object map(Node node, Class<?> keys, Type values, Place place) {
    Map<String, NodeTuple> members = members(node, place);
    if (members == null) {
      return null;
    }
    var bound = new LinkedHashMap<Object, Object>();
    members.forEach((name, member) -> {
      Place at = place.name(name, member.getKeyNode());
      Object key = keys == String.class ? name : constant(member.getKeyNode(), keys, at);
      if (values instanceof Class<?> owner
          && owner.isAnnotationPresent(Shape.Owner.class)
          && !name.matches("[^/\\p{Cntrl}]*[^/.\\p{Cntrl}][^/\\p{Cntrl}]*")) {
        fault(at, "must have a name without slashes, and not of dots alone");
      }
      Object value = value(member.getValueNode(), values, at);
      if (key != null && value != null) {
        bound.put(key, value);
      }
    });
    return Collections.unmodifiableMap(bound);
  }

  private @Nullable Object spec(Node node, Class<?> extension, Place place) {
    Map<String, ? extends Class<?>> named = specs.get(extension);
    if (named == null) {
      throw new IllegalArgumentException("nobody named the specs of " + extension);
    }
    if (!(node instanceof MappingNode mapping)) {
      Class<?> known = oneOf(node, named, place);
      return known == null ? null : make(Shape.of(known), Map.of(), place);
    }
    if (mapping.getValue().size() != 1) {
      return fault(place, "must be one name with its options below it: { name: { option: … } }");
    }
    NodeTuple only = mapping.getValue().getFirst();
    Class<?> known = oneOf(only.getKeyNode(), named, place);
    return known == null ? null : record(only.getValueNode(), known, place);
  }

  /** The case of a sealed type that the node's {@code kind} names. */
  private Class<?> choose(Node node, Class<?> type) {
    String kind = "";
    if (node instanceof MappingNode mapping) {
      for (NodeTuple member : mapping.getValue()) {
        if (member.getKeyNode() instanceof ScalarNode key
            && key.getValue().equals("kind")
            && member.getValueNode() instanceof ScalarNode value) {
          kind = value.getValue();
        }
      }
    }
    return choose(kind, type);
  }

  /** The case of a sealed type that the word chooses. */
  static Class<?> choose(String kind, Class<?> type) {
    Class<?> otherwise = type;
    for (Class<?> candidate : cases(type).toList()) {
      Shape.Kind word = candidate.getAnnotation(Shape.Kind.class);
      if (word == null) {
        otherwise = candidate;
      } else if (word.value().equals(kind)) {
        return candidate;
      }
    }
    return otherwise;
  }

  private static Stream<Class<?>> cases(Class<?> type) {
    return type.isSealed()
        ? Arrays.stream(type.getPermittedSubclasses()).flatMap(Binder::cases)
        : Stream.of(type);
  }

  private @Nullable Object record(Node node, Class<?> type, Place place) {
    Shape shape = Shape.of(type);
    var values = new HashMap<String, @Nullable Object>();
    if (!(node instanceof MappingNode) && !isNothing(node)) {
      for (Shape.Component component : shape.components()) {
        if (component.alone()) {
          values.put(component.key(), value(node, component.type(), place));
          return make(shape, values, place);
        }
      }
    }
    Map<String, NodeTuple> members = members(node, place);
    if (members == null) {
      return null;
    }
    for (Shape.Component component : shape.components()) {
      NodeTuple member = members.remove(component.key());
      if (member != null && !isNothing(member.getValueNode())) {
        Place at = place.key(component.key(), member.getKeyNode());
        values.put(component.key(), value(member.getValueNode(), component.type(), at));
        if (component.notYet()) {
          notYet.add(at.form());
        }
      }
    }
    members.forEach((key, member) ->
        fault(
            place.key(key, member.getKeyNode()),
            "is not a known key" + Closest.hint(key, shape.keys())));
    return make(shape, values, place);
  }

  /**
   * @param values what was written, by key; {@code null} where it is at fault
   */
  private @Nullable Object make(
      Shape shape, Map<String, ? extends @Nullable Object> values, Place place) {
    var given = new ArrayList<@Nullable Object>();
    boolean complete = true;
    for (Shape.Component component : shape.components()) {
      Object value = values.get(component.key());
      if (value == null) {
        value = component.usual();
      }
      if (value == null && !values.containsKey(component.key())) {
        fault(place, "needs the key '" + component.key() + "'");
      }
      complete &= value != null;
      given.add(value);
    }
    if (!complete) {
      return null;
    }
    try {
      return shape.make(given);
    } catch (IllegalArgumentException refused) {
      return fault(place, String.valueOf(refused.getMessage()));
    }
  }

  /** A map's entries by their keys, the first where a key is given twice. */
  private @Nullable Map<String, NodeTuple> members(Node node, Place place) {
    var members = new LinkedHashMap<String, NodeTuple>();
    if (isNothing(node)) {
      return members;
    }
    if (!(node instanceof MappingNode mapping)) {
      fault(place, "must be a map of keys and values");
      return null;
    }
    for (NodeTuple member : mapping.getValue()) {
      if (!(member.getKeyNode() instanceof ScalarNode key)) {
        fault(place, "must have plain words as its keys");
      } else if (members.putIfAbsent(key.getValue(), member) != null) {
        fault(place.key(key.getValue(), key), "is given twice; keep one of them");
      }
    }
    return members;
  }

  /** A key with nothing behind it is as good as left out. */
  private static boolean isNothing(Node node) {
    return node instanceof ScalarNode scalar
        && scalar.isPlain()
        && Set.of("", "~", "null").contains(scalar.getValue());
  }

  private @Nullable Object fault(Place place, String text) {
    faults.add(place.line(), place.path(), text);
    return null;
  }
}
