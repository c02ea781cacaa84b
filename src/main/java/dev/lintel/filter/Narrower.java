package dev.lintel.filter;

import dev.lintel.Failure;
import dev.lintel.Mode;
import dev.lintel.Policy;
import dev.lintel.Ruled;
import dev.lintel.Target;
import dev.lintel.Terms;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * A rule that leaves some of the targets.
 *
 * @param words what a target must be, such as {@code at a provider that this app's policy allows}
 */
record Narrower(String rule, Mode mode, String words, Predicate<Target> may) {
  /** Those of a policy, for a call with such terms. */
  static List<Narrower> of(Policy policy, Terms terms) {
    if (!policy.narrows()) {
      return List.of();
    }
    var all = new ArrayList<Narrower>(2);
    for (Ruled<Policy.Names> rule : policy.providers()) {
      all.add(
          new Narrower(
              rule.rule(),
              rule.mode(),
              "at a provider that this app's policy allows",
              target -> rule.value().allows(target.provider().name())));
    }
    Optional<String> given = terms.get("data_class");
    for (var rule : policy.dataClasses()) {
      Policy.Whereto to = given.isEmpty() ? null : rule.value().get(given.get());
      if (to != null && !to.refused()) {
        all.add(
            new Narrower(
                rule.rule(),
                rule.mode(),
                "where this app's policy sends data of the class '" + given.orElse("") + "'",
                to::allows));
      }
    }
    return all;
  }

  boolean allows(Target target) {
    return may.test(target);
  }

  /**
   * @param subject of what there is no such target, such as {@code no target of 'fast'}
   */
  Failure none(String subject) {
    return Failure.of(Failure.Kind.UNAVAILABLE, sentence(subject) + " is " + words + ".")
        .code("policy")
        .lasting();
  }

  private static String sentence(String subject) {
    return Character.toUpperCase(subject.charAt(0)) + subject.substring(1);
  }
}
