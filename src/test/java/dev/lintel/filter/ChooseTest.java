package dev.lintel.filter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lintel.Body;
import dev.lintel.Call;
import dev.lintel.Caller;
import dev.lintel.Decision;
import dev.lintel.Facts;
import dev.lintel.Failure;
import dev.lintel.Failure.Kind;
import dev.lintel.Fakes;
import dev.lintel.Headers;
import dev.lintel.Inbound;
import dev.lintel.Model;
import dev.lintel.OnCallThread;
import dev.lintel.Price;
import dev.lintel.Profile;
import dev.lintel.Prompt;
import dev.lintel.Request;
import dev.lintel.Routing;
import dev.lintel.Target;
import dev.lintel.Terms;
import dev.lintel.TokenCounter;
import dev.lintel.Traits;
import dev.lintel.Usage;
import dev.lintel.dialect.OpenAiChat;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.node.ObjectNode;

class ChooseTest {
  private static final String SHORT =
      """
      {"model":"m","messages":[{"role":"user","content":"Hello"}]}
      """;

  private final AtomicInteger counted = new AtomicInteger();

  /** Four characters a token, as a guess has it. */
  private final TokenCounter counter =
      new TokenCounter() {
        @Override
        public long prompt(Prompt prompt, String model) {
          counted.incrementAndGet();
          return prompt.toString().chars().filter(c -> c == 'x').count() / 4;
        }

        @Override
        public long text(String text, String model) {
          return text.length() / 4;
        }
      };

  private final Target paris = target("a", profile("eu-west", "high", "gpt", 0));
  private final Target dublin = target("b", profile("EU", "standard", "claude", 0));
  private final Target ohio = target("c", profile("us-east", "high", "gpt", 0));
  private final Target nowhere = target("d", Profile.NONE);
  private final Model model = Fakes.model(Fakes.retry(3), paris, dublin, ohio, nowhere);

  private final List<String> asked = new ArrayList<>();

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "region       | eu       | a b",
        "region       | eu-west  | a",
        "region       | US       | c",
        "tier         | HIGH     | a c",
        "model_family | claude   | b",
        "provider     | d        | d",
        "use_case     | support  | a b c d",
      })
  void a_term_narrows_the_targets(String term, String value, String left) {
    run(model, Map.of(term, value), "", SHORT);
    assertThat(asked).containsExactly(left.split(" "));
  }

  @ParameterizedTest
  @CsvSource({
    "region, apac",
    "region, eur",
    "region, e",
    "tier, low",
    "model_family, llama",
    "provider, z"
  })
  void where_nobody_is_left_the_term_is_named(String term, String value) {
    assertThatThrownBy(() -> run(model, Map.of(term, value), "", SHORT))
        .isInstanceOfSatisfying(
            Failure.class,
            failure -> {
              assertThat(failure.kind()).isEqualTo(Kind.UNAVAILABLE);
              assertThat(failure.param()).contains(term);
              assertThat(failure.message()).contains("'" + value + "'", "'" + term + "'");
            });
  }

  @Test
  void terms_act_together_and_the_one_that_leaves_nobody_is_named() {
    run(model, Map.of("region", "eu", "tier", "high"), "", SHORT);
    assertThat(asked).containsExactly("a");
    assertThatThrownBy(() ->
            run(model, Map.of("region", "eu", "tier", "high", "model_family", "claude"), "", SHORT))
        .hasMessageContaining("model_family");
  }

  @Test
  void residency_is_hard_whatever_else_is_asked() {
    run(model, Map.of(), "eu", SHORT);
    assertThat(asked).as("nobody whose region is not known").containsExactly("a", "b");
    assertThatThrownBy(() -> run(model, Map.of("region", "us"), "eu", SHORT))
        .hasMessageContaining("'region'");
    assertThatThrownBy(() -> run(model, Map.of(), "ch", SHORT))
        .isInstanceOfSatisfying(
            Failure.class,
            failure -> {
              assertThat(failure.kind()).isEqualTo(Kind.UNAVAILABLE);
              assertThat(failure.message()).contains("'ch'", "residency");
              assertThat(failure.retryable()).as("it stays so").isFalse();
            });
  }

  @Test
  void a_region_begins_with_a_whole_word() {
    assertThat(profile("europe", "", "", 0).isIn("eu")).isFalse();
    assertThat(profile("eu", "", "", 0).isIn("eu-west")).isFalse();
    assertThat(profile("", "", "", 0).isIn("eu")).isFalse();
    assertThat(profile("EU-West-1", "", "", 0).isIn("eu-west")).isTrue();
  }

  @Test
  void residency_binds_rules_and_shadows() {
    Routing routing =
        routing(
            List.of(new Routing.Rule("true", (call, now) -> true, List.of(ohio, dublin))),
            Optional.of(new Routing.Shadow(List.of(ohio, paris), 100)));
    Call[] seen = new Call[1];
    run(model.with(routing), Map.of(), "eu", SHORT, seen);
    assertThat(asked).containsExactly("b");
    assertThat(seen[0].resolved().routing().shadow().orElseThrow().to()).containsExactly(paris);
    run(model.with(routing), Map.of("region", "eu"), "", SHORT, seen);
    assertThat(seen[0].resolved().routing().shadow().orElseThrow().to()).containsExactly(paris);
    run(model.with(routing), Map.of("provider", "b"), "", SHORT, seen);
    assertThat(seen[0].resolved().routing().shadow()).isEmpty();
  }

  @Test
  void the_first_rule_that_holds_wins() {
    Routing routing =
        routing(
            List.of(
                new Routing.Rule(
                    "1", (call, now) -> call.terms().get("tags").isPresent(), List.of(nowhere)),
                new Routing.Rule(
                    "2", (call, now) -> call.terms().get("user").isPresent(), List.of(ohio))),
            Optional.empty());
    run(model.with(routing), Map.of("user", "u", "tags", "t"), "", SHORT);
    run(model.with(routing), Map.of("user", "u"), "", SHORT);
    assertThat(asked).containsExactly("d", "c");
    asked.clear();
    run(model.with(routing), Map.of(), "", SHORT);
    assertThat(asked).containsExactly("a", "b", "c", "d");
  }

  @Test
  void each_exclusion_is_told() {
    Call call = run(model, Map.of("tier", "high"), "eu", SHORT);
    assertThat(call.trail().decision().candidates())
        .filteredOn(one -> !one.excluded().isEmpty())
        .extracting(Decision.Candidate::target, Decision.Candidate::excluded)
        .containsExactlyInAnyOrder(
            org.assertj.core.groups.Tuple.tuple("c/m", "may not leave eu: it is in us-east"),
            org.assertj.core.groups.Tuple.tuple("d/m", "may not leave eu: its region is not known"),
            org.assertj.core.groups.Tuple.tuple("b/m", "not of the tier high"));
  }

  @Test
  void what_is_too_long_for_a_target_is_kept_from_it() {
    Model two =
        Fakes.model(
            Fakes.retry(3),
            target("small", profile("", "", "", 100)),
            target("large", profile("", "", "", 10_000)));
    run(two, Map.of(), "", SHORT);
    assertThat(asked).containsExactly("small", "large");
    assertThat(counted).as("what is clear is not counted").hasValue(0);
    asked.clear();
    run(two, Map.of(), "", chat("x".repeat(4000), 10));
    assertThat(asked).containsExactly("large");
    asked.clear();
    run(two, Map.of(), "", chat("hello", 90));
    assertThat(asked).as("the answer counts, too").containsExactly("small", "large");
    asked.clear();
    run(two, Map.of(), "", chat("hello", 101));
    assertThat(asked).containsExactly("large");
    assertThatThrownBy(() -> run(two, Map.of(), "", chat("x".repeat(400), 10_000)))
        .isInstanceOfSatisfying(
            Failure.class,
            failure -> {
              assertThat(failure.kind()).isEqualTo(Kind.CONTEXT_LENGTH_EXCEEDED);
              assertThat(failure.message()).contains("10000 more", "is 10000");
            });
  }

  @Test
  void close_to_the_bound_the_tokens_are_counted() {
    Model one = Fakes.model(Fakes.retry(3), target("small", profile("", "", "", 1000)));
    run(one, Map.of(), "", chat("x".repeat(3600), 50));
    assertThat(asked).containsExactly("small");
    assertThat(counted).hasPositiveValue();
    assertThatThrownBy(() -> run(one, Map.of(), "", chat("x".repeat(3900), 50)))
        .isInstanceOf(Failure.class);
  }

  @Test
  void what_only_the_catalogue_says_leaves_somebody_to_ask() {
    Target small = known("small", 4096, Price.UNKNOWN);
    Target large = known("large", 1_000_000, Price.UNKNOWN);
    String text = chat("x".repeat(100_000), 0);
    run(Fakes.model(Fakes.retry(3), small, large), Map.of(), "", text);
    run(Fakes.model(Fakes.retry(3), small, small), Map.of(), "", text);
    assertThat(asked).containsExactly("large", "small", "small");
  }

  @Test
  void a_picture_is_no_long_text() {
    Model one = Fakes.model(Fakes.retry(3), target("p", profile("", "", "", 20_000)));
    run(
        one,
        Map.of(),
        "",
        """
        {"model":"m","messages":[{"role":"user","content":[{"type":"image_url",
          "image_url":{"url":"data:image/png;base64,%s"}}]}]}\
        """
            .formatted("A".repeat(1 << 20)));
    assertThat(asked).containsExactly("p");
  }

  @Test
  void a_call_that_would_cost_too_much_asks_nobody() {
    Target cheap = known("cheap", 0, perToken("0.00001"));
    Target dear = known("dear", 0, perToken("0.001"));
    Target unknown = known("unknown", 0, Price.UNKNOWN);
    run(
        Fakes.model(Fakes.retry(3), cheap, dear, unknown),
        Map.of("max_cost_usd", "0.05"),
        "",
        chat("hello", 1000));
    assertThat(asked).containsExactly("cheap", "unknown");
    assertThatThrownBy(() ->
            run(
                Fakes.model(Fakes.retry(3), dear),
                Map.of("max_cost_usd", "0.05"),
                "",
                chat("hello", 1000)))
        .isInstanceOfSatisfying(
            Failure.class, failure -> assertThat(failure.kind()).isEqualTo(Kind.BUDGET_EXCEEDED));
  }

  @Test
  void what_nobody_said_of_a_family_the_table_says() {
    Target told =
        new Target(
            Fakes.provider("p"),
            "m",
            Profile.NONE,
            new Facts() {
              @Override
              public Traits traits() {
                return Traits.UNKNOWN;
              }

              @Override
              public Price price() {
                return Price.UNKNOWN;
              }

              @Override
              public String family() {
                return "gpt";
              }
            });
    run(Fakes.model(Fakes.retry(3), told, nowhere), Map.of("model_family", "GPT"), "", SHORT);
    assertThat(asked).containsExactly("p");
  }

  @Test
  void a_call_that_nothing_bounds_goes_on_as_it_is() {
    Call[] seen = new Call[1];
    Call call = run(model, Map.of(), "", SHORT, seen);
    assertThat(seen[0]).isSameAs(call);
  }

  private Call run(Model asking, Map<String, String> terms, String residency, String body) {
    return run(asking, terms, residency, body, new Call[1]);
  }

  private Call run(
      Model asking, Map<String, String> terms, String residency, String body, Call[] seen) {
    Request request =
        new OpenAiChat()
            .read(
                new Inbound(
                    Map.of(),
                    Map.of(),
                    Headers.NONE,
                    Body.scan(body.getBytes(StandardCharsets.UTF_8))));
    Call call =
        Fakes.call(asking, request)
            .with(new Caller("t", "a", "k", Optional.empty(), false, residency, false))
            .with(
                request,
                new Terms(terms, false, Map.of(), false),
                Optional.empty(),
                asking,
                Long.MAX_VALUE);
    var choose =
        new Choose(
            new Rollouts(System::nanoTime, InstantSource.system()),
            new Preferences(),
            List.of(asking),
            counter);
    OnCallThread.run(() ->
        choose.apply(
            call,
            new Fakes.Recorder(),
            (chosen, sink) -> {
              seen[0] = chosen;
              chosen.resolved().targets().forEach(target -> asked.add(target.provider().name()));
            }));
    return call;
  }

  private static String chat(String text, int answer) {
    return "{\"model\":\"m\","
        + (answer > 0 ? "\"max_tokens\":" + answer + "," : "")
        + "\"messages\":[{\"role\":\"user\",\"content\":\""
        + text
        + "\"}]}";
  }

  private static Profile profile(String region, String tier, String family, long context) {
    return new Profile(1, region, tier, family, OptionalDouble.empty(), context, 0);
  }

  private static Target target(String provider, Profile profile) {
    return new Target(Fakes.provider(provider), "m", profile, Facts.UNKNOWN);
  }

  private static Target known(String provider, long context, Price price) {
    var traits = new Traits(Set.of(), context, 0, Set.of(), Set.of(), 0);
    return new Target(Fakes.provider(provider), "m", Profile.NONE, Facts.of(traits, price));
  }

  private static Price perToken(String usd) {
    return new Price() {
      @Override
      public Optional<BigDecimal> cost(Usage usage) {
        return Optional.of(new BigDecimal(usd).multiply(BigDecimal.valueOf(usage.total())));
      }

      @Override
      public ObjectNode json() {
        throw new UnsupportedOperationException();
      }
    };
  }

  private static Routing routing(List<Routing.Rule> rules, Optional<Routing.Shadow> shadow) {
    return new Routing(
        rules,
        Optional.empty(),
        shadow,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        false,
        Map.of(),
        true);
  }
}
