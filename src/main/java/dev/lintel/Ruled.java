package dev.lintel;

/**
 * A part of a policy with how it acts.
 *
 * @param rule where it stands in the configuration, such as {@code policies.strict.models}
 */
public record Ruled<T>(T value, Mode mode, String rule) {
  /** Notes what speaks against the call, and throws it where the rule is enforced. */
  public void against(Trail trail, Failure failure) {
    against(trail, rule, mode, failure);
  }

  /** Notes it where the call goes on, otherwise than it wanted. */
  public void noted(Trail trail, Failure failure) {
    noted(trail, rule, mode, failure);
  }

  /** The same for a rule that is no {@code Ruled}. */
  public static void against(Trail trail, String rule, Mode mode, Failure failure) {
    noted(trail, rule, mode, failure);
    if (mode == Mode.ENFORCE) {
      throw failure;
    }
  }

  /** The same for a rule that is no {@code Ruled}. */
  public static void noted(Trail trail, String rule, Mode mode, Failure failure) {
    trail.found(new Finding(rule, mode, failure.kind(), failure.message()));
  }
}
