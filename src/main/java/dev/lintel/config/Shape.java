package dev.lintel.config;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the {@link Binder} has to know of a record; found out once for each.
 *
 * @param components with those of inlined records in their places
 * @param parts what the record is made of: a component itself, or the shape of one that is inlined
 */
record Shape(
    List<Component> components,
    List<String> keys,
    List<Optional<Shape>> parts,
    Constructor<?> constructor) {
  /** The component that may stand for its whole record. */
  @Retention(RetentionPolicy.RUNTIME)
  @Target(ElementType.RECORD_COMPONENT)
  @interface Alone {}

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

  /** What must not be shown, however it is written. */
  @Retention(RetentionPolicy.RUNTIME)
  @Target(ElementType.RECORD_COMPONENT)
  @interface Secret {}

  /**
   * Where a map's values are such, its names have no slash: paths and accounts are made of them.
   */
  @Retention(RetentionPolicy.RUNTIME)
  @Target(ElementType.TYPE)
  @interface Owner {}

  /** A record whose keys stand among those of the record that has it. */
  @Retention(RetentionPolicy.RUNTIME)
  @Target(ElementType.RECORD_COMPONENT)
  @interface Inline {}

  /** What is read and checked but has no effect yet; whoever gives it one removes the mark. */
  @Retention(RetentionPolicy.RUNTIME)
  @Target(ElementType.RECORD_COMPONENT)
  @interface NotYet {}

  /**
   * One component of the record.
   *
   * @param usual what stands for it where it is left out; {@code null} where it is required
   */
  record Component(
      String key,
      Type type,
      boolean alone,
      boolean notYet,
      boolean secret,
      Method accessor,
      @Nullable Object usual) {}

  private static final Map<Class<?>, Object> ABSENT =
      Map.of(
          Optional.class, Optional.empty(),
          List.class, List.of(),
          Set.class, Set.of(),
          Map.class, Map.of(),
          boolean.class, false);

  private static final ClassValue<Shape> KNOWN =
      new ClassValue<>() {
        @Override
        protected Shape computeValue(Class<?> type) {
          try {
            return read(type);
          } catch (ReflectiveOperationException broken) {
            throw new IllegalStateException(broken);
          }
        }
      };

  static Shape of(Class<?> type) {
    return KNOWN.get(type);
  }

  /** The optional components of a record that were given, by their keys; not of inlined ones. */
  static Map<String, Object> given(Record bound) {
    var given = new LinkedHashMap<String, Object>();
    for (Component component : of(bound.getClass()).components()) {
      try {
        if (component.accessor().getDeclaringClass() == bound.getClass()
            && component.accessor().invoke(bound) instanceof Optional<?> optional) {
          optional.ifPresent(value -> given.put(component.key(), value));
        }
      } catch (ReflectiveOperationException broken) {
        throw new IllegalStateException(broken);
      }
    }
    return given;
  }

  /**
   * Throws the {@link IllegalArgumentException} with which the record refuses its components.
   *
   * @param values one for each of the components
   */
  Object make(List<? extends @Nullable Object> values) {
    var arguments = new @Nullable Object[parts.size()];
    int next = 0;
    for (int i = 0; i < arguments.length; i++) {
      Optional<Shape> inlined = parts.get(i);
      int end = next + inlined.map(shape -> shape.components.size()).orElse(1);
      List<? extends @Nullable Object> own = values.subList(next, end);
      arguments[i] = inlined.isPresent() ? inlined.get().make(own) : own.getFirst();
      next = end;
    }
    try {
      return constructor.newInstance(arguments);
    } catch (InvocationTargetException thrown) {
      if (thrown.getCause() instanceof RuntimeException refused) {
        throw refused;
      }
      throw new IllegalStateException(thrown.getCause());
    } catch (ReflectiveOperationException broken) {
      throw new IllegalStateException(broken);
    }
  }

  private static Shape read(Class<?> type) throws ReflectiveOperationException {
    Object usual = usual(type);
    var components = new ArrayList<Component>();
    var parts = new ArrayList<Optional<Shape>>();
    for (RecordComponent component : type.getRecordComponents()) {
      if (component.isAnnotationPresent(Inline.class)) {
        Shape inlined = of(component.getType());
        parts.add(Optional.of(inlined));
        components.addAll(inlined.components);
        continue;
      }
      parts.add(Optional.empty());
      Method accessor = component.getAccessor();
      accessor.setAccessible(true);
      components.add(
          new Component(
              keyOf(component),
              component.getGenericType(),
              component.isAnnotationPresent(Alone.class),
              component.isAnnotationPresent(NotYet.class),
              component.isAnnotationPresent(Secret.class),
              accessor,
              usual == null ? ABSENT.get(component.getType()) : accessor.invoke(usual)));
    }
    Constructor<?> constructor =
        type.getDeclaredConstructor(
            Arrays.stream(type.getRecordComponents())
                .map(RecordComponent::getType)
                .toArray(Class<?>[]::new));
    constructor.setAccessible(true);
    return new Shape(
        components, components.stream().map(Component::key).toList(), parts, constructor);
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
}
