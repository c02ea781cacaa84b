package dev.lintel.config;

import dev.lintel.Extension;
import dev.lintel.Spec;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
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
 *   <li>A record with a component marked {@link Short} may be written as that component's value
 *       alone, and a list of one element as that element.
 *   <li>A sealed type is bound as the case whose {@link Kind} is the value of the key {@code kind},
 *       else as the one case without it.
 *   <li>A {@link Spec} is written as its name, or as its name with its options below it.
 *   <li>A component of type {@link At} knows its line.
 * </ul>
 *
 * What is at fault is reported and then left out, so that one pass finds every fault.
 */
final class Binder {
  /** The component that may stand for its whole record. */
  @Retention(RetentionPolicy.RUNTIME)
  @Target(ElementType.RECORD_COMPONENT)
  @interface Short {}

  /** The word by which a case of a sealed type is chosen. */
  @Retention(RetentionPolicy.RUNTIME)
  @Target(ElementType.TYPE)
  @interface Kind {
    String value();
  }

  /** The key of a component, where its name does not give it. */
  @Retention(RetentionPolicy.RUNTIME)
  @Target(ElementType.RECORD_COMPONENT)
  @interface Key {
    String value();
  }

  /** What is read and checked but has no effect yet; whoever gives it one removes the mark. */
  @Retention(RetentionPolicy.RUNTIME)
  @Target(ElementType.RECORD_COMPONENT)
  @interface NotYet {}

  private final Faults faults;
  private final Environment environment;
  private final Map<Class<?>, ? extends Map<String, ? extends Class<?>>> specs;
  private final Set<String> notYet = new TreeSet<>();

  /**
   * @param specs the specs of each kind of extension, by their names
   */
  Binder(
      Faults faults,
      Environment environment,
      Map<Class<?>, ? extends Map<String, ? extends Class<?>>> specs) {
    this.faults = faults;
    this.environment = environment;
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
    Object made = known == null ? null : make(known, Map.of(), Place.TOP);
    return (Spec<T>) Objects.requireNonNull(made, name);
  }

  /** The keys in use that have no effect yet, such as {@code tenants.*.budget}. */
  Set<String> notYet() {
    return notYet;
  }

  /** The optional components of a record that were given, by their keys. */
  static Map<String, Object> written(Record bound) {
    var given = new LinkedHashMap<String, Object>();
    for (RecordComponent component : bound.getClass().getRecordComponents()) {
      try {
        if (accessed(component, bound) instanceof Optional<?> optional) {
          optional.ifPresent(value -> given.put(keyOf(component), value));
        }
      } catch (ReflectiveOperationException broken) {
        throw new IllegalStateException(broken);
      }
    }
    return given;
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
    if (!(node instanceof ScalarNode scalar)) {
      fault(place, "must be " + form);
      return null;
    }
    try {
      return environment.resolve(scalar.getValue());
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
    if (node instanceof ScalarNode) {
      Object value = value(node, of, place);
      return value == null ? null : List.of(value);
    }
    fault(place, "must be a list, such as [ a, b ]");
    return null;
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
      return known == null ? null : make(known, Map.of(), place);
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
    Class<?> otherwise = type;
    for (Class<?> candidate : type.getPermittedSubclasses()) {
      Kind word = candidate.getAnnotation(Kind.class);
      if (word == null) {
        otherwise = candidate;
      } else if (word.value().equals(kind)) {
        return candidate;
      }
    }
    return otherwise;
  }

  private @Nullable Object record(Node node, Class<?> type, Place place) {
    RecordComponent[] components = type.getRecordComponents();
    var values = new HashMap<String, @Nullable Object>();
    if (!(node instanceof MappingNode) && !isNothing(node)) {
      for (RecordComponent component : components) {
        if (component.isAnnotationPresent(Short.class)) {
          values.put(keyOf(component), value(node, component.getGenericType(), place));
          return make(type, values, place);
        }
      }
    }
    Map<String, NodeTuple> members = members(node, place);
    if (members == null) {
      return null;
    }
    for (RecordComponent component : components) {
      String key = keyOf(component);
      NodeTuple member = members.remove(key);
      if (member != null && !isNothing(member.getValueNode())) {
        Place at = place.key(key, member.getKeyNode());
        values.put(key, value(member.getValueNode(), component.getGenericType(), at));
        if (component.isAnnotationPresent(NotYet.class)) {
          notYet.add(at.form());
        }
      }
    }
    List<String> known = Arrays.stream(components).map(Binder::keyOf).toList();
    members.forEach((key, member) ->
        fault(
            place.key(key, member.getKeyNode()), "is not a known key" + Closest.hint(key, known)));
    return make(type, values, place);
  }

  /**
   * @param values what was written, by key; {@code null} where it is at fault
   */
  private @Nullable Object make(
      Class<?> type, Map<String, ? extends @Nullable Object> values, Place place) {
    RecordComponent[] components = type.getRecordComponents();
    var arguments = new @Nullable Object[components.length];
    boolean complete = true;
    try {
      Object usual = usual(type);
      for (int i = 0; i < components.length; i++) {
        String key = keyOf(components[i]);
        Object value = values.get(key);
        if (value == null) {
          value = usual == null ? absent(components[i].getType()) : accessed(components[i], usual);
        }
        if (value == null && !values.containsKey(key)) {
          fault(place, "needs the key '" + key + "'");
        }
        complete &= value != null;
        arguments[i] = value;
      }
      if (!complete) {
        return null;
      }
      var constructor =
          type.getDeclaredConstructor(
              Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new));
      constructor.setAccessible(true);
      return constructor.newInstance(arguments);
    } catch (InvocationTargetException thrown) {
      if (thrown.getCause() instanceof IllegalArgumentException refused) {
        return fault(place, String.valueOf(refused.getMessage()));
      }
      throw new IllegalStateException(thrown.getCause());
    } catch (ReflectiveOperationException broken) {
      throw new IllegalStateException(broken);
    }
  }

  private static @Nullable Object usual(Class<?> type) throws ReflectiveOperationException {
    for (var field : type.getDeclaredFields()) {
      if (field.getName().equals("USUAL") && field.getType() == type) {
        field.setAccessible(true);
        return field.get(null);
      }
    }
    return null;
  }

  private static Object accessed(RecordComponent component, Object record)
      throws ReflectiveOperationException {
    component.getAccessor().setAccessible(true);
    return component.getAccessor().invoke(record);
  }

  /** What stands for a component that was left out; {@code null} where it is required. */
  private static @Nullable Object absent(Class<?> type) {
    if (type == Optional.class) {
      return Optional.empty();
    }
    if (type == List.class) {
      return List.of();
    }
    if (type == Set.class) {
      return Set.of();
    }
    if (type == Map.class) {
      return Map.of();
    }
    return type == boolean.class ? false : null;
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

  private static String keyOf(RecordComponent component) {
    Key key = component.getAnnotation(Key.class);
    if (key != null) {
      return key.value();
    }
    var out = new StringBuilder();
    for (char letter : component.getName().toCharArray()) {
      if (Character.isUpperCase(letter)) {
        out.append('_');
      }
      out.append(Character.toLowerCase(letter));
    }
    return out.toString();
  }

  private @Nullable Object fault(Place place, String text) {
    faults.add(place.line(), place.path(), text);
    return null;
  }
}
