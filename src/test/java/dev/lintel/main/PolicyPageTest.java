package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Allowance;
import dev.lintel.Measure;
import dev.lintel.Policy;
import dev.lintel.Span;
import dev.lintel.config.Config;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The example of docs/policies.md shows every rule that there is, and each of them holds. */
class PolicyPageTest {
  @Test
  void the_example_has_every_rule_and_each_holds_for_its_use_case() throws Exception {
    String page = Files.readString(Path.of("docs/policies.md"));
    int from = page.indexOf("```yaml\n") + 8;
    Config config =
        Builtins.loader(name -> Optional.empty())
            .load("policies.md", page.substring(from, page.indexOf("```", from)));
    Policy policy = config.policies().of("acme", "support").of("faq");
    for (RecordComponent part : Policy.class.getRecordComponents()) {
      assertThat((List<?>) part.getAccessor().invoke(policy)).as(part.getName()).isNotEmpty();
    }
    var measured = EnumSet.noneOf(Measure.class);
    policy.allowances().forEach(allowance -> measured.add(allowance.measure()));
    assertThat(measured).isEqualTo(EnumSet.allOf(Measure.class));
    assertThat(policy.allowances())
        .extracting(Allowance::span)
        .hasAtLeastOneElementOfType(Span.Rolling.class)
        .hasAtLeastOneElementOfType(Span.Calendar.class)
        .hasAtLeastOneElementOfType(Span.Now.class);
    assertThat(config.policies().named().get("strict").secondAdmin()).isTrue();
  }
}
