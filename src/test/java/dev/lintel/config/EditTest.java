package dev.lintel.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lintel.Changes.Change;
import dev.lintel.Json;
import dev.lintel.Settings.Difference;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** Changes over a file: what they make of it, and what of them is kept. */
class EditTest {
  private static final String FILE =
      """
      providers:
        one: { kind: openai, url: "http://127.0.0.1:1/v1", key: "${ONE_KEY}", headers: { x-a: geheim } }
        two: { kind: openai, url: "http://127.0.0.1:1/v1", keys: [ sk-first, sk-second ] }
      models:
        tiny: one/small
        big: { targets: [ one/large ], strategy: in_order }
      tenants:
        acme:
          budget: { month: 500 USD }
          apps:
            support: { keys: [ sk-1 ], models: [ tiny ], budget: { day: 20 USD, total: 1.00 USD } }
      """;

  private static final Loader LOADER = Loaders.with(Map.of("ONE_KEY", "sk-from-environment"));
  private static final List<String> ACME = List.of("tenants", "acme");
  private static final List<String> SUPPORT = List.of("tenants", "acme", "apps", "support");

  private final Written base = LOADER.read("lintel.yaml", FILE);
  private Written now = base;

  private void edit(Consumer<Edit> editing) {
    var edit = new Edit(base, now, "jane", Instant.EPOCH, Optional.empty());
    editing.accept(edit);
    now = base.with(edit.changes());
  }

  private void merge(List<String> path, String patch) {
    edit(edit -> edit.merge(path, Json.parse(patch)));
  }

  private void replace(List<String> path, String value) {
    edit(edit -> edit.replace(path, Json.parse(value)));
  }

  private String shown(List<String> path) {
    return now.shown(path).map(Json::text).orElse("nothing");
  }

  private List<String> changed() {
    return now.changes().stream().map(change -> String.join(".", change.path())).toList();
  }

  @Test
  void a_patch_changes_what_it_names_and_nothing_beside() {
    merge(SUPPORT, "{\"budget\":{\"total\":\"1.05 USD\"},\"explain\":true}");
    assertThat(shown(SUPPORT))
        .isEqualTo(
            "{\"keys\":[\"unchanged\"],\"models\":[\"tiny\"],\"budget\":{\"day\":\"20 USD\",\"total\":\"1.05"
                + " USD\"},\"explain\":true}");
    assertThat(changed())
        .containsExactly(
            "tenants.acme.apps.support.budget.total", "tenants.acme.apps.support.explain");
    assertThat(now.changes()).allMatch(Change::override);
    assertThat(LOADER.load(now).apps().getFirst().explain()).isTrue();
    assertThat(LOADER.load(base).apps().getFirst().explain()).isFalse();
  }

  @Test
  void null_in_a_patch_removes_and_lists_are_replaced_whole() {
    merge(SUPPORT, "{\"budget\":{\"day\":null,\"week\":null},\"models\":[\"big\",\"tiny\"]}");
    assertThat(shown(SUPPORT))
        .isEqualTo(
            "{\"keys\":[\"unchanged\"],\"models\":[\"big\",\"tiny\"],\"budget\":{\"total\":\"1.00 USD\"}}");
    merge(SUPPORT, "{\"budget\":null}");
    assertThat(shown(SUPPORT)).doesNotContain("budget");
    LOADER.load(now);
  }

  @Test
  void a_place_is_changed_once_however_often_it_was() {
    for (int i = 0; i < 10; i++) {
      merge(SUPPORT, "{\"budget\":{\"total\":\"" + i + " USD\"}}");
    }
    assertThat(changed()).containsExactly("tenants.acme.apps.support.budget.total");
  }

  @Test
  void what_is_as_the_file_says_again_is_no_change_any_more() {
    merge(SUPPORT, "{\"budget\":{\"total\":\"5 USD\"}}");
    merge(SUPPORT, "{\"budget\":{\"total\":\"1.00 USD\"}}");
    assertThat(now.changes()).isEmpty();
    edit(edit -> edit.remove(List.of("models", "big")));
    assertThat(shown(List.of("models", "big"))).isEqualTo("nothing");
    replace(List.of("models", "big"), "{\"targets\":[\"one/large\"],\"strategy\":\"in_order\"}");
    assertThat(now.changes()).isEmpty();
  }

  @Test
  void what_the_file_does_not_have_is_made_changed_and_removed_without_a_trace() {
    List<String> beta = List.of("tenants", "beta");
    replace(beta, "{\"budget\":{\"day\":\"1 USD\"},\"apps\":{\"a\":{\"keys\":[\"sk-2\"]}}}");
    assertThat(changed()).containsExactly("tenants.beta", "tenants.beta.apps.a");
    assertThat(now.changes()).noneMatch(Change::override);
    merge(beta, "{\"budget\":{\"day\":\"2 USD\"}}");
    assertThat(shown(beta))
        .isEqualTo("{\"budget\":{\"day\":\"2 USD\"},\"apps\":{\"a\":{\"keys\":[\"unchanged\"]}}}");
    assertThat(LOADER.load(now).apps()).hasSize(2);
    edit(edit -> edit.remove(beta));
    assertThat(now.changes()).isEmpty();
  }

  @Test
  void to_replace_a_tenant_leaves_its_apps_where_they_are() {
    replace(ACME, "{\"residency\":\"eu\"}");
    assertThat(shown(ACME)).contains("\"residency\":\"eu\"").contains("support").contains("20 USD");
    assertThat(shown(ACME)).doesNotContain("500 USD");
  }

  @Test
  void a_short_form_is_patched_as_what_it_stands_for() {
    merge(List.of("models", "tiny"), "{\"coalesce\":true}");
    assertThat(shown(List.of("models", "tiny")))
        .isEqualTo("{\"targets\":\"one/small\",\"coalesce\":true}");
    assertThat(LOADER.load(now).models()).hasSize(2);
  }

  @Test
  void secrets_are_shown_as_unchanged_and_variables_as_they_are_written() {
    assertThat(shown(List.of("providers", "one")))
        .contains("\"key\":\"${ONE_KEY}\"")
        .contains("\"x-a\":\"unchanged\"")
        .doesNotContain("geheim");
    assertThat(shown(List.of("providers", "two"))).contains("[\"unchanged\",\"unchanged\"]");
    assertThat(Json.text(now.shown())).doesNotContain("sk-");
  }

  @Test
  void unchanged_keeps_the_secret_that_is_there() {
    replace(
        List.of("providers", "two"),
        "{\"kind\":\"openai\",\"url\":\"http://127.0.0.1:2/v1\",\"keys\":[\"unchanged\",\"sk-new\"]}");
    assertThat(now.at(List.of("providers", "two", "keys")).orElseThrow().toString())
        .isEqualTo("[\"sk-first\",\"sk-new\"]");
    assertThatThrownBy(
            () -> merge(List.of("providers", "two"), "{\"headers\":{\"x-b\":\"unchanged\"}}"))
        .isInstanceOfSatisfying(
            Grammar.NothingKept.class,
            nothing -> assertThat(nothing.path()).isEqualTo("headers.x-b"));
  }

  @Test
  void a_fault_in_a_change_names_its_place_and_no_value() {
    merge(SUPPORT, "{\"budget\":{\"total\":\"geheim\"},\"modells\":[]}");
    assertThatThrownBy(() -> LOADER.load(now))
        .isInstanceOfSatisfying(
            Faulty.class,
            faulty -> {
              assertThat(faulty.faults())
                  .extracting(Fault::path)
                  .contains(
                      "tenants.acme.apps.support.budget.total",
                      "tenants.acme.apps.support.modells");
              assertThat(faulty.faults())
                  .allMatch(fault -> fault.file().startsWith("the change of tenants.acme"));
              assertThat(faulty.getMessage()).doesNotContain("geheim").contains("by jane");
            });
  }

  @Test
  void what_the_file_refers_to_cannot_be_taken_away() {
    edit(edit -> edit.remove(List.of("models", "tiny")));
    assertThatThrownBy(() -> LOADER.load(now))
        .isInstanceOfSatisfying(
            Faulty.class,
            faulty ->
                assertThat(faulty.faults().getFirst().path())
                    .isEqualTo("tenants.acme.apps.support.models[0]"));
  }

  @Test
  void to_apply_the_file_ends_overrides_and_leaves_what_is_not_its_own() {
    merge(SUPPORT, "{\"explain\":true}");
    replace(List.of("tenants", "acme", "apps", "made"), "{}");
    replace(List.of("tenants", "beta"), "{\"apps\":{\"b\":{}}}");
    replace(List.of("tenants", "gamma"), "{}");
    String next = "tenants: { gamma: {}, beta2: {} }\n";
    Written file = LOADER.read("lintel.yaml", next);
    var edit = new Edit(base, now, "file", Instant.EPOCH, Optional.empty());
    assertThat(edit.apply(file).stream().map(Change::path))
        .containsExactlyInAnyOrder(
            List.of("tenants", "acme", "apps", "support", "explain"),
            List.of("tenants", "gamma"),
            List.of("tenants", "acme", "apps", "made"));
    assertThat(edit.changes().stream().map(Change::path))
        .containsExactly(List.of("tenants", "beta"), List.of("tenants", "beta", "apps", "b"));
  }

  @Test
  void differences_are_told_by_place_and_never_by_secret() {
    merge(SUPPORT, "{\"budget\":{\"total\":\"5 USD\"},\"keys\":[\"sk-other\"]}");
    assertThat(base.to(now))
        .containsExactlyInAnyOrder(
            new Difference(
                List.of("tenants", "acme", "apps", "support", "keys"),
                Optional.of(Json.parse("[\"unchanged\"]")),
                Optional.of(Json.parse("[\"unchanged\"]"))),
            new Difference(
                List.of("tenants", "acme", "apps", "support", "budget", "total"),
                Optional.of(Json.parse("\"1.00 USD\"")),
                Optional.of(Json.parse("\"5 USD\""))));
    assertThat(now.to(now)).isEmpty();
  }
}
