package dev.lintel;

/**
 * How an extension is configured: a record whose components are its YAML keys in {@code snake_case}
 * and whose constructor checks them. A plugin lists its specs; the built-in ones are listed in
 * {@code Builtins}.
 */
public interface Spec<T extends Extension> {
  /** The working part. Called once each time a configuration is loaded. */
  T build();
}
