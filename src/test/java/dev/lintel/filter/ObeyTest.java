package dev.lintel.filter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.lintel.Body;
import dev.lintel.Call;
import dev.lintel.Caller;
import dev.lintel.Chat;
import dev.lintel.Extent;
import dev.lintel.Failure;
import dev.lintel.Fakes;
import dev.lintel.Finding;
import dev.lintel.Headers;
import dev.lintel.Inbound;
import dev.lintel.Mode;
import dev.lintel.Model;
import dev.lintel.Policy;
import dev.lintel.Policy.Names;
import dev.lintel.Policy.Whereto;
import dev.lintel.Ranking;
import dev.lintel.Ruled;
import dev.lintel.Target;
import dev.lintel.Terms;
import dev.lintel.Timeouts;
import dev.lintel.dialect.AnthropicMessages;
import dev.lintel.dialect.BedrockConverse;
import dev.lintel.dialect.CohereChat;
import dev.lintel.dialect.Gemini;
import dev.lintel.dialect.OpenAiChat;
import dev.lintel.dialect.Responses;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class ObeyTest {
  private static final String HELLO = "\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]";

  /** What each kind of rule says against one and the same call. */
  private enum Rule {
    MODELS(Failure.Kind.PERMISSION, "model", "'m'"),
    DENIED(Failure.Kind.PERMISSION, "model", "'m'"),
    PROVIDERS(Failure.Kind.PERMISSION, "provider", "'p'"),
    ENDPOINTS(Failure.Kind.PERMISSION, "endpoint", "'chat'"),
    TOOLS(Failure.Kind.PERMISSION, "tools", "'drop_table'"),
    NATIVE_TOOLS(Failure.Kind.PERMISSION, "tools", "'web_search'"),
    REQUIRED(Failure.Kind.INVALID_REQUEST, "user", "'user'"),
    UNKNOWN_CLASS(Failure.Kind.PERMISSION, "data_class", "'secret'"),
    REFUSED_CLASS(Failure.Kind.PERMISSION, "data_class", "'secret'");

    final Failure.Kind kind;
    final String param;
    final String named;

    Rule(Failure.Kind kind, String param, String named) {
      this.kind = kind;
      this.param = param;
      this.named = named;
    }

    Policy policy(Mode mode) {
      return switch (this) {
        case MODELS -> models(mode, Names.of(Set.of("other")));
        case DENIED -> models(mode, new Names(Optional.empty(), Set.of("m")));
        case PROVIDERS -> of().providers(ruled(Names.of(Set.of("q")), mode)).build();
        case ENDPOINTS -> of().endpoints(ruled(Names.of(Set.of("embeddings")), mode)).build();
        case TOOLS ->
            of().tools(ruled(new Names(Optional.empty(), Set.of("drop_table")), mode)).build();
        case NATIVE_TOOLS ->
            of().tools(ruled(Names.of(Set.of("look_up", "drop_table")), mode)).build();
        case REQUIRED -> of().required(ruled(Set.of("user"), mode)).build();
        case UNKNOWN_CLASS ->
            of().classes(ruled(Map.of("public", new Whereto(false, Set.of(), Set.of())), mode))
                .build();
        case REFUSED_CLASS -> of().classes(ruled(Map.of("secret", Whereto.NOWHERE), mode)).build();
      };
    }
  }

  private static Stream<Arguments> everything() {
    return Stream.of(Rule.values())
        .flatMap(rule -> Stream.of(Mode.values()).map(mode -> Arguments.of(rule, mode)));
  }

  @ParameterizedTest
  @MethodSource("everything")
  void a_rule_refuses_where_it_is_enforced_and_is_noted_in_every_mode(Rule rule, Mode mode) {
    Call call =
        call(
            rule.policy(mode),
            Map.of("data_class", "secret"),
            "{\"model\":\"m\",\"tools\":["
                + "{\"type\":\"function\",\"function\":{\"name\":\"look_up\"}},"
                + "{\"type\":\"function\",\"function\":{\"name\":\"drop_table\"}},"
                + "{\"type\":\"web_search\"}],"
                + HELLO
                + "}");
    Failure failure = catchThrowableOfType(Failure.class, () -> run(call));
    assertThat(call.trail().findings()).hasSize(1);
    Finding finding = call.trail().findings().getFirst();
    assertThat(finding.mode()).isEqualTo(mode);
    assertThat(finding.rule()).isEqualTo("policies.test");
    assertThat(finding.message()).contains(rule.named);
    if (mode == Mode.ENFORCE) {
      assertThat(failure.kind()).isEqualTo(rule.kind);
      assertThat(failure.param()).contains(rule.param);
      assertThat(failure.code()).contains("policy");
    } else {
      assertThat(failure).isNull();
    }
  }

  @Test
  void a_call_of_no_policy_goes_on_as_it_came() {
    Call call = call(Policy.NONE, Map.of(), "{\"model\":\"m\"," + HELLO + "}");
    assertThat(run(call)).isSameAs(call);
  }

  @Test
  void a_policy_that_only_counts_changes_nothing_and_is_noted() {
    Policy counting =
        Policy.counting(
            List.of(
                dev.lintel.Allowance.of(
                    "limits", "t", dev.lintel.Measure.CONCURRENT, 1, new dev.lintel.Span.Now())));
    Call call = call(counting, Map.of(), "{\"model\":\"m\"," + HELLO + "}");
    assertThat(run(call)).isSameAs(call);
    assertThat(call.trail().policy()).isSameAs(counting);
  }

  @Test
  void the_use_case_chooses_the_policy() {
    Call call = call(Policy.NONE, Map.of("use_case", "faq"), "{\"model\":\"m\"," + HELLO + "}");
    Call other =
        call.with(
            call.caller()
                .under(useCase ->
                    useCase.equals("faq") ? Rule.MODELS.policy(Mode.ENFORCE) : Policy.NONE));
    assertThat(catchThrowableOfType(Failure.class, () -> run(other))).hasMessageContaining("'m'");
  }

  @Test
  void a_forced_term_holds_whatever_the_call_says_and_the_first_rule_wins() {
    Policy above =
        of().forced(ruled(Map.of("tier", "standard", "strict", "true"), Mode.ENFORCE)).build();
    Policy below = of().forced(ruled(Map.of("tier", "high", "region", "eu"), Mode.ENFORCE)).build();
    Call call =
        call(above.and(below), Map.of("tier", "high", "user", "ann"), "{\"model\":\"m\",\"x\":1}");
    Call obeying = run(call);
    assertThat(obeying.terms().values())
        .isEqualTo(Map.of("tier", "standard", "strict", "true", "region", "eu", "user", "ann"));
    assertThat(obeying.terms().strict()).isTrue();
    assertThat(obeying.trail().terms()).isEqualTo(obeying.terms());
    assertThat(call.trail().findings())
        .extracting(Finding::message)
        .containsExactly("This app's policy makes the term 'tier' 'standard'.");
  }

  @ParameterizedTest
  @EnumSource(
      value = Mode.class,
      names = {"OBSERVE", "WARN"})
  void a_term_is_forced_only_where_that_is_enforced(Mode mode) {
    Policy policy = of().forced(ruled(Map.of("tier", "standard"), mode)).build();
    Call call = call(policy, Map.of("tier", "high"), "{\"model\":\"m\"}");
    assertThat(run(call)).isSameAs(call);
    assertThat(call.trail().findings()).hasSize(1);
  }

  @Test
  void a_forced_time_bounds_the_call() {
    Policy policy = of().forced(ruled(Map.of("max_latency_ms", "5"), Mode.ENFORCE)).build();
    Call call = call(policy, Map.of(), "{\"model\":\"m\"}");
    assertThat(run(call).deadline()).isEqualTo(call.trail().started() + 5_000_000);
  }

  @Test
  void a_forced_time_holds_in_place_of_a_shorter_one() {
    Policy policy = of().forced(ruled(Map.of("max_latency_ms", "50"), Mode.ENFORCE)).build();
    Call call = call(policy, Map.of("max_latency_ms", "5"), "{\"model\":\"m\"}");
    assertThat(run(call).deadline()).isEqualTo(call.trail().started() + 50_000_000);
  }

  @Test
  void an_answer_is_bounded_and_the_caller_is_told() {
    Call call = call(bound(100, Mode.ENFORCE), Map.of(), "{\"model\":\"m\",\"max_tokens\":101}");
    Call obeying = run(call);
    assertThat(Extent.maxTokens(obeying.request())).isEqualTo(100);
    assertThat(call.trail().adapted()).containsExactly("change:max_tokens->100");
    assertThat(call.trail().findings()).hasSize(1);
  }

  @Test
  void a_strict_call_is_refused_instead() {
    Call call =
        call(
            bound(100, Mode.ENFORCE),
            Map.of("strict", "true"),
            "{\"model\":\"m\",\"max_tokens\":101}");
    Failure failure = catchThrowableOfType(Failure.class, () -> run(call));
    assertThat(failure.kind()).isEqualTo(Failure.Kind.PERMISSION);
    assertThat(failure.param()).contains("max_tokens");
  }

  @Test
  void what_is_within_the_bound_keeps_its_bytes() {
    Call call = call(bound(100, Mode.ENFORCE), Map.of(), "{\"model\":\"m\",\"max_tokens\":100}");
    assertThat(run(call)).isSameAs(call);
    assertThat(call.trail().findings()).isEmpty();
  }

  @Test
  void a_bound_that_is_observed_changes_nothing() {
    Call call = call(bound(100, Mode.OBSERVE), Map.of(), "{\"model\":\"m\",\"max_tokens\":101}");
    assertThat(run(call)).isSameAs(call);
    assertThat(call.trail().findings()).hasSize(1);
  }

  static Stream<Arguments> bodies() {
    return Stream.of(
        Arguments.of(new OpenAiChat(), "{\"model\":\"m\"," + HELLO + "}", "max_tokens"),
        Arguments.of(
            new OpenAiChat(),
            "{\"model\":\"m\",\"max_completion_tokens\":9," + HELLO + "}",
            "max_completion_tokens"),
        Arguments.of(
            new AnthropicMessages(),
            "{\"model\":\"m\",\"max_tokens\":9," + HELLO + "}",
            "max_tokens"),
        Arguments.of(new CohereChat(), "{\"model\":\"m\"," + HELLO + "}", "max_tokens"),
        Arguments.of(new Responses(), "{\"model\":\"m\",\"input\":\"Hello\"}", "max_output_tokens"),
        Arguments.of(
            new Gemini(),
            "{\"contents\":[{\"parts\":[{\"text\":\"Hello\"}]}]}",
            "generationConfig.maxOutputTokens"),
        Arguments.of(
            new Gemini(),
            "{\"generation_config\":{\"top_k\":3,\"maxOutputTokens\":9},"
                + "\"contents\":[{\"parts\":[{\"text\":\"Hello\"}]}]}",
            "generation_config.maxOutputTokens"),
        Arguments.of(
            new BedrockConverse(),
            "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"Hello\"}]}]}",
            "inferenceConfig.maxTokens"));
  }

  @ParameterizedTest
  @MethodSource("bodies")
  void every_dialect_says_the_bound_in_its_own_field(
      dev.lintel.Dialect dialect, String body, String field) {
    Chat bounded = Extent.bounded(chat(dialect, body), 7);
    assertThat(Extent.maxTokens(bounded)).isEqualTo(7);
    var tree = bounded.original().orElseThrow().body().tree();
    assertThat(tree.at("/" + field.replace('.', '/')).asLong()).isEqualTo(7);
    assertThat(bounded.prompt().setting(dev.lintel.Setting.MAX_TOKENS).orElseThrow().asLong())
        .isEqualTo(7);
  }

  @Test
  void a_class_that_any_rule_knows_is_known() {
    Policy above = of().classes(ruled(Map.of("secret", Whereto.NOWHERE), Mode.ENFORCE)).build();
    Policy below =
        of().classes(ruled(Map.of("public", new Whereto(false, Set.of(), Set.of())), Mode.ENFORCE))
            .build();
    Call call = call(above.and(below), Map.of("data_class", "public"), "{\"model\":\"m\"}");
    assertThat(run(call)).isSameAs(call);
  }

  private static Policy bound(long most, Mode mode) {
    return of().maxTokens(ruled(most, mode)).build();
  }

  private static Policy models(Mode mode, Names names) {
    return of().models(ruled(names, mode)).build();
  }

  private static <T> Ruled<T> ruled(T value, Mode mode) {
    return new Ruled<>(value, mode, "policies.test");
  }

  private static Call run(Call call) {
    var seen = new AtomicReference<Call>();
    new Obey().apply(call, chunk -> {}, (obeying, sink) -> seen.set(obeying));
    return seen.get();
  }

  private static Chat chat(dev.lintel.Dialect dialect, String body) {
    return Chat.of(
        dialect.read(
            new Inbound(
                Map.of(
                    "model",
                    "m",
                    "method",
                    dialect instanceof BedrockConverse ? "converse" : "generateContent"),
                Map.of(),
                Headers.NONE,
                Body.scan(body.getBytes(StandardCharsets.UTF_8)))));
  }

  private static Call call(Policy policy, Map<String, String> terms, String body) {
    String whole = body.contains("messages") ? body : body.replaceFirst("\\}$", "," + HELLO + "}");
    var model =
        new Model(
            "m",
            List.of(new Target(Fakes.provider("p"), "m")),
            (call, all) -> Ranking.AS_WRITTEN,
            Timeouts.USUAL,
            Fakes.retry(1));
    Call call = Fakes.call(model, chat(new OpenAiChat(), whole));
    call.trail().asked(call.request(), Terms.NONE, model);
    Caller caller = policy == Policy.NONE ? call.caller() : call.caller().under(any -> policy);
    return call.with(caller)
        .with(call.request(), Terms.NONE.with(terms), Optional.empty(), model, call.deadline());
  }

  private static Built of() {
    return new Built();
  }

  /** A policy of a rule or two. */
  private static final class Built {
    private final List<Ruled<Names>> models = new ArrayList<>();
    private final List<Ruled<Names>> providers = new ArrayList<>();
    private final List<Ruled<Names>> endpoints = new ArrayList<>();
    private final List<Ruled<Names>> tools = new ArrayList<>();
    private final List<Ruled<Set<String>>> required = new ArrayList<>();
    private final List<Ruled<Map<String, String>>> forced = new ArrayList<>();
    private final List<Ruled<Long>> maxTokens = new ArrayList<>();
    private final List<Ruled<Map<String, Whereto>>> classes = new ArrayList<>();

    Built models(Ruled<Names> rule) {
      models.add(rule);
      return this;
    }

    Built providers(Ruled<Names> rule) {
      providers.add(rule);
      return this;
    }

    Built endpoints(Ruled<Names> rule) {
      endpoints.add(rule);
      return this;
    }

    Built tools(Ruled<Names> rule) {
      tools.add(rule);
      return this;
    }

    Built required(Ruled<Set<String>> rule) {
      required.add(rule);
      return this;
    }

    Built forced(Ruled<Map<String, String>> rule) {
      forced.add(rule);
      return this;
    }

    Built maxTokens(Ruled<Long> rule) {
      maxTokens.add(rule);
      return this;
    }

    Built classes(Ruled<Map<String, Whereto>> rule) {
      classes.add(rule);
      return this;
    }

    Policy build() {
      return new Policy(
          models, providers, endpoints, tools, required, forced, maxTokens, classes, List.of(),
          List.of(), List.of(), List.of(), List.of());
    }
  }
}
