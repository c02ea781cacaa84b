package dev.lintel.rule;

import dev.lintel.Condition;

/**
 * Conditions in CEL over what is known of a call: {@code terms} (each of them, empty where it was
 * not given), {@code caller} ({@code tenant}, {@code app}, {@code user}), {@code request} ({@code
 * dialect}, {@code stream}, {@code input_tokens}, {@code max_tokens}, {@code tools}, {@code
 * images}) and {@code now}.
 *
 * <p>The library is not loaded before the first condition is read: a gateway without rules starts
 * without it.
 */
public final class CelConditions implements Condition.Language {
  @Override
  public Condition read(String text) {
    return CelCondition.read(text);
  }
}
