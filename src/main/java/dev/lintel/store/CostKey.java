package dev.lintel.store;

import java.util.Comparator;
import java.util.List;

/**
 * What some calls have in common whose costs are added up together: a tag, or else all that stands
 * behind it. Use cases, tags and the models of calls that went nowhere are callers' words: beyond a
 * bound they fold into {@link #OTHER}, as keys do.
 */
record CostKey(
    String tenant,
    String app,
    String useCase,
    String model,
    String target,
    String key,
    boolean tagged,
    String tag) {
  static final String OTHER = "other";

  /** A caller's word may be as long as a body. */
  private static final int LONGEST = 200;

  static final Comparator<CostKey> ORDER =
      Comparator.comparing(CostKey::tenant)
          .thenComparing(CostKey::app)
          .thenComparing(CostKey::useCase)
          .thenComparing(CostKey::model)
          .thenComparing(CostKey::target)
          .thenComparing(CostKey::key)
          .thenComparing(CostKey::tagged)
          .thenComparing(CostKey::tag);

  static CostKey of(
      String tenant, String app, String useCase, String model, String target, String key) {
    return new CostKey(
        tenant, app, bounded(useCase), bounded(model), bounded(target), key, false, "");
  }

  /**
   * @param tag empty for calls without one
   */
  static CostKey tagged(String tenant, String app, String tag) {
    return new CostKey(tenant, app, "", "", "", "", true, bounded(tag));
  }

  private static String bounded(String word) {
    return word.length() > LONGEST ? word.substring(0, LONGEST) : word;
  }

  CostKey folded() {
    return new CostKey(
        tenant,
        app,
        fold(useCase),
        target.isEmpty() ? fold(model) : model,
        target,
        fold(key),
        tagged,
        fold(tag));
  }

  private static String fold(String word) {
    return word.isEmpty() ? "" : OTHER;
  }

  List<String> words() {
    return List.of(tenant, app, useCase, model, target, key, tag);
  }

  String word(String column) {
    return switch (column) {
      case "tenant" -> tenant;
      case "app" -> app;
      case "use_case" -> useCase;
      case "model" -> model;
      case "target" -> target;
      case "provider" -> provider(target);
      case "key" -> key;
      case "tag" -> tag;
      default -> throw new IllegalArgumentException(column);
    };
  }

  private static String provider(String target) {
    int slash = target.indexOf('/');
    return slash < 0 ? target : target.substring(0, slash);
  }
}
