package dev.lintel.store;

import java.util.List;
import java.util.Map;

/**
 * What some calls have in common that are added up together. Users, use cases and models that
 * nobody serves are callers' words: beyond a bound they fold into {@link #OTHER}.
 *
 * @param start of their minute, hour or day, in milliseconds since 1970
 */
record UsageKey(
    long start,
    String tenant,
    String app,
    String useCase,
    String user,
    String model,
    String provider,
    String kind) {
  static final String OTHER = "other";

  /** How the columns are named by the admin API, in the order of {@link #words}. */
  static final List<String> NAMES =
      List.of("tenant", "app", "use_case", "user", "model", "provider", "kind");

  static UsageKey of(RecordRow row, long start) {
    return new UsageKey(
        start,
        row.tenant(),
        row.app(),
        row.useCase(),
        row.user(),
        row.model(),
        row.provider(),
        row.kind());
  }

  static UsageKey of(long start, List<String> words) {
    return new UsageKey(
        start,
        words.get(0),
        words.get(1),
        words.get(2),
        words.get(3),
        words.get(4),
        words.get(5),
        words.get(6));
  }

  UsageKey from(long other) {
    return new UsageKey(other, tenant, app, useCase, user, model, provider, kind);
  }

  boolean byCaller() {
    return isWord(useCase) || isWord(user);
  }

  /** Without a target, a model is but a word of the caller's, too. */
  boolean byUnknownModel() {
    return provider.isEmpty() && isWord(model);
  }

  private static boolean isWord(String word) {
    return !word.isEmpty() && !word.equals(OTHER);
  }

  UsageKey byOthers() {
    return new UsageKey(start, tenant, app, fold(useCase), fold(user), model, provider, kind);
  }

  UsageKey byOtherModel() {
    return new UsageKey(start, tenant, app, useCase, user, OTHER, provider, kind);
  }

  UsageKey byOtherUser() {
    return new UsageKey(start, tenant, app, useCase, OTHER, model, provider, kind);
  }

  private static String fold(String word) {
    return word.isEmpty() ? "" : OTHER;
  }

  UsageKey byNobody() {
    return new UsageKey(start, tenant, app, "", "", model, provider, kind);
  }

  List<String> words() {
    return List.of(tenant, app, useCase, user, model, provider, kind);
  }

  String word(String name) {
    return words().get(NAMES.indexOf(name));
  }

  /** The sums of calls by keys that others are folded into. */
  static void merge(Map<UsageKey, UsageSum> sums, UsageKey key, UsageSum sum) {
    sums.merge(key, sum, UsageSum::plus);
  }
}
