package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.main.Callers.Told;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** While 200 calls a second are made the configuration changes, and none of them fails. */
@Tag("threads")
class ReloadUnderLoadScenario {
  private static final String BASE = "[ failing/m, one/m, two/m ]";

  @Test
  void targets_change_a_canary_grows_and_a_provider_goes_and_no_call_fails() throws Exception {
    try (var failing = new UnwellProvider(Speech.ANTHROPIC);
        var one = new UnwellProvider(Speech.OPENAI);
        var two = new UnwellProvider(Speech.ANTHROPIC);
        var next = new UnwellProvider(Speech.OPENAI)) {
      failing.fails(Outage.STATUS_500);
      String stay =
          failing.yaml("failing", "key: none")
              + two.yaml("two", "key: none")
              + next.yaml("next", "key: none");
      String all = stay + one.yaml("one", "key: none");
      try (var gateway = TestGateway.of(yaml(all, BASE, 10));
          var callers = new Callers(gateway, 100, 200, 1)) {
        callers.ask(List.of("m"), 200, 0.05);
        Map<String, Set<String>> few = variants(callers.told());

        var asking =
            CompletableFuture.runAsync(() -> ask(callers, 400), Thread::startVirtualThread);
        for (int i = 0; !asking.isDone(); i++) {
          String targets = i % 2 == 0 ? "[ two/m, failing/m ]" : BASE;
          gateway.lintel().use(TestGateway.config(yaml(all, targets, i % 2 == 0 ? 50 : 10)));
          callers.ask(List.of("m"), 5, 0.05);
        }
        asking.join();

        // Calls are on their way to the one that goes.
        asking = CompletableFuture.runAsync(() -> ask(callers, 100), Thread::startVirtualThread);
        gateway.lintel().use(TestGateway.config(yaml(stay, "[ failing/m, two/m ]", 50)));
        asking.join();
        int before = callers.told().size();
        int gone = one.asked().size();
        callers.ask(List.of("m"), 200, 0.05);
        List<Told> told = callers.told();

        told.forEach(Told::isAnswered);
        assertThat(one.asked()).as("it is not in the file any more").hasSize(gone);
        Map<String, Set<String>> many = variants(told.subList(before, told.size()));
        assertThat(users(few, "canary")).hasSizeBetween(5, 40);
        assertThat(users(many, "canary")).hasSizeBetween(70, 130);
        assertThat(users(few, "canary"))
            .as("who was in the smaller share is in the larger")
            .doesNotContainAnyElementsOf(users(many, "base"));
      }
    }
  }

  private static String yaml(String providers, String targets, int percent) {
    return "providers:\n"
        + providers
        + "models: { m: { targets: %s, canary: { to: [ next/m ], percent: %d, on: user } } }\n"
            .formatted(targets, percent);
  }

  private static void ask(Callers callers, int calls) {
    try {
      callers.ask(List.of("m"), calls, 0.05);
    } catch (InterruptedException ended) {
      throw new CompletionException(ended);
    }
  }

  /** In which arms each user was: in one alone. */
  private static Map<String, Set<String>> variants(List<Told> told) {
    var variants = new HashMap<String, Set<String>>();
    told.stream()
        .collect(
            Collectors.groupingBy(
                Told::user,
                Collectors.mapping(one -> one.header("x-lintel-variant"), Collectors.toSet())))
        .forEach((user, arms) -> {
          assertThat(arms).as(user).hasSize(1);
          variants.put(user, arms);
        });
    return variants;
  }

  private static List<String> users(Map<String, Set<String>> variants, String arm) {
    return variants.keySet().stream()
        .filter(user -> Set.of(arm).equals(variants.get(user)))
        .toList();
  }
}
