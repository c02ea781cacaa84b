package dev.lintel.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lintel.Caller;
import dev.lintel.Credential;
import dev.lintel.Merging;
import dev.lintel.Model;
import dev.lintel.Profile;
import dev.lintel.Provider;
import dev.lintel.Retry;
import dev.lintel.Timeouts;
import dev.lintel.TraceExport;
import dev.lintel.route.Balanced;
import dev.lintel.route.InOrder;
import dev.lintel.route.RoundRobin;
import dev.lintel.route.Weighted;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.node.ObjectNode;

class LoaderTest {
  @Test
  void the_file_of_the_contract_loads_as_it_is() throws Exception {
    Config config = Loaders.with(Map.of()).load(resource("contract.yaml"));

    assertThat(config.listen()).isEqualTo(new Address("127.0.0.1", 7070));
    assertThat(config.data()).isEqualTo(Path.of("./lintel-data"));
    assertThat(config.remotes().keySet())
        .containsExactly("claude", "deepseek", "gemini", "local", "openai");
    Provider deepseek = remote(config, "deepseek");
    assertThat(deepseek.url()).isEqualTo(URI.create("https://api.deepseek.com/v1"));
    assertThat(deepseek.credentials())
        .containsExactly(
            new Credential("deepseek#1", "key-a"), new Credential("deepseek#2", "key-b"));
    Provider claude = remote(config, "claude");
    assertThat(claude.dialect().name()).isEqualTo("anthropic");
    assertThat(claude.auth()).isEqualTo(Provider.Auth.X_API_KEY);
    assertThat(remote(config, "local").url()).isEqualTo(URI.create("http://127.0.0.1:8000/v1"));
    assertThat(remote(config, "local").credentials()).containsExactly(Credential.NONE);
    SimSpec demo = config.sims().get("demo");
    assertThat(demo.options()).isEqualTo(Map.of("ttft", "120ms", "tokens_per_second", "80"));

    assertThat(config.models().stream().map(Config.ModelSpec::name))
        .containsExactly("tiny", "fast", "smart");
    Config.ModelSpec smart = config.models().get(2);
    assertThat(smart.targets())
        .containsExactly(
            new Config.TargetSpec("claude", "claude-sonnet-4-5", profile(9, "us", "high")),
            new Config.TargetSpec("openai", "gpt-4o", profile(1, "eu", "standard")));
    assertThat(smart.strategy()).isEqualTo(new Weighted());
    assertThat(smart.timeouts())
        .isEqualTo(
            new Timeouts(
                Duration.ofSeconds(2),
                Duration.ofSeconds(20),
                Duration.ofSeconds(30),
                Duration.ofMinutes(10),
                Timeouts.USUAL.write()));
    assertThat(smart.retry())
        .isEqualTo(new Retry(3, Duration.ofMillis(200), Duration.ofSeconds(5)));
    assertThat(config.models().get(0).strategy()).isEqualTo(new InOrder());

    ObjectNode price = Objects.requireNonNull(config.pricing().own().get("demo/small"));
    assertThat(price.path("input").asString()).isEqualTo("1.00");
    assertThat(price.path("cache_write_1h").asString()).isEqualTo("2.00");
    assertThat(config.callers())
        .isEqualTo(
            Map.of(
                "sk-acme-support-0001",
                new Caller(
                        "acme",
                        "support",
                        "acme/support#1",
                        Optional.of(Set.of("tiny", "fast", "smart")),
                        false)
                    .under(config.policies().of("acme", "support"))));
    assertThat(config.notYet()).isEmpty();
  }

  @Test
  void the_contract_s_file_of_clouds_and_routing_loads_as_it_is() throws Exception {
    Config config = Loaders.with(Map.of()).load(resource("contract-clouds.yaml"));

    assertThat(config.remotes().keySet())
        .containsExactly("azure", "bedrock", "caps", "cohere", "vertex");
    assertThat(config.models().getLast().targets())
        .extracting(Config.TargetSpec::provider)
        .containsExactly("azure", "bedrock");
    assertThat(config.models().getLast().strategy()).isInstanceOf(Balanced.class);
    assertThat(config.notYet()).isEmpty();
  }

  @Test
  void openai_s_own_quirks_hold_at_its_own_address_only() {
    Config config =
        Loaders.load(
            "providers:",
            "  openai: { key: k }",
            "  second: { kind: openai, key: k }",
            "  local: { kind: openai, url: 'http://127.0.0.1:8000/v1' }",
            "  named: { kind: mistral, url: 'http://127.0.0.1:8000/v1' }");

    Map<String, String> newer = Map.of("max_tokens", "max_completion_tokens");
    assertThat(remote(config, "openai").quirks().rename()).isEqualTo(newer);
    assertThat(remote(config, "second").quirks().rename()).isEqualTo(newer);
    assertThat(remote(config, "local").quirks()).isEqualTo(Provider.Quirks.NONE);
    assertThat(remote(config, "named").quirks().rename()).containsKey("seed");
  }

  @Test
  void a_tab_and_an_alias_bomb_are_called_by_what_they_are() {
    assertThatThrownBy(() -> Loaders.load("providers:", "\ta: { kind: sim }"))
        .hasMessageContaining("lintel.yaml:2:")
        .hasMessageContaining("a tab cannot indent; use spaces");
    String many = "[" + "*a,".repeat(60) + "]";
    assertThatThrownBy(() -> Loaders.load("a: &a [ x ]", "b: " + many))
        .hasMessageContaining("uses its anchors too often");
  }

  @Test
  void what_needs_a_restart_is_told_by_its_key() {
    Config one = Loaders.load("listen: 127.0.0.1:1");

    assertThat(one.fixed(one)).isEmpty();
    assertThat(
            one.fixed(
                Loaders.load(
                    "listen: 127.0.0.1:2",
                    "data: b",
                    "limits: { headers: 1KB }",
                    "threads: loop",
                    "providers: { demo: { kind: sim } }")))
        .containsExactly("listen", "data", "limits", "threads");
  }

  @Test
  void models_are_built_from_the_providers_with_the_simulator_where_it_listens() {
    Config config =
        Loaders.load(
            "providers: { demo: { kind: sim, dialect: gemini } }", "models: { m: demo/small }");

    Map<String, Provider> providers = config.providers(sim -> URI.create("http://127.0.0.1:1"));
    Model model = config.models(providers).get("m");

    assertThat(providers.get("demo").auth()).isEqualTo(Provider.Auth.X_GOOG_API_KEY);
    assertThat(model.targets().getFirst().name()).isEqualTo("demo/small");
    assertThat(model.targets().getFirst().provider().url())
        .isEqualTo(URI.create("http://127.0.0.1:1"));
  }

  @Test
  void every_option_of_the_simulator_reaches_it_under_its_own_name() {
    Config config =
        Loaders.load(
            "providers:",
            "  demo:",
            "    kind: sim",
            "    dialect: anthropic",
            "    key: sim+fault=401",
            "    ttft: 1.5s",
            "    tokens_per_second: 0.5",
            "    cache_read_tokens: 7",
            "    fault: 429_seconds",
            "    sealed: true",
            "    stop: refusal");

    SimSpec demo = config.sims().get("demo");
    assertThat(demo.dialects().getFirst().name()).isEqualTo("anthropic");
    assertThat(demo.credentials()).containsExactly(new Credential("demo#1", "sim+fault=401"));
    assertThat(demo.options())
        .isEqualTo(
            Map.of(
                "ttft", "1500ms",
                "tokens_per_second", "0.5",
                "cache_read_tokens", "7",
                "fault", "429_seconds",
                "sealed", "true",
                "stop", "refusal"));
  }

  @Test
  void every_setting_of_a_provider_reaches_it(@TempDir Path folder) throws Exception {
    Path pem = Files.writeString(folder.resolve("ca.pem"), "-");
    Config config =
        Loaders.load(
            "providers:",
            "  mine:",
            "    kind: groq",
            "    url: https://host/path/",
            "    key: secret",
            "    auth: api-key",
            "    headers: { x-team: a }",
            "    proxy: http://proxy:3128",
            "    tls: { ca: " + pem + ", verify: false }",
            "    http2: true",
            "    drop: [ seed ]",
            "    rename: { max_completion_tokens: max_tokens }",
            "    stream_usage: false");

    Provider mine = remote(config, "mine");
    assertThat(mine.url()).isEqualTo(URI.create("https://host/path"));
    assertThat(mine.auth()).isEqualTo(Provider.Auth.API_KEY);
    assertThat(mine.headers()).isEqualTo(Map.of("x-team", "a"));
    assertThat(mine.transport())
        .isEqualTo(
            new Provider.Transport(
                Optional.of(URI.create("http://proxy:3128")),
                Optional.of(pem.toString()),
                Optional.empty(),
                Optional.empty(),
                false,
                true));
    assertThat(mine.quirks())
        .isEqualTo(
            new Provider.Quirks(
                Set.of("seed", "logprobs", "logit_bias", "top_logprobs", "max_completion_tokens"),
                Map.of("max_completion_tokens", "max_tokens"),
                false));
  }

  @Test
  void the_server_s_own_settings_are_read(@TempDir Path folder) throws Exception {
    Path pem = Files.writeString(folder.resolve("own.pem"), "-");
    Config config =
        Loaders.load(
            "listen: '[::1]:8443'",
            "data: /var/lib/lintel",
            "tls: { certificate: " + pem + ", key: " + pem + " }",
            "limits: { body: 1MB }",
            "threads: stock",
            "database: postgresql://lintel@127.0.0.1:5432/lintel",
            "otlp: http://127.0.0.1:4318");

    assertThat(config.listen()).isEqualTo(new Address("::1", 8443));
    assertThat(config.tls()).contains(new Config.Tls(pem, pem, Optional.empty()));
    assertThat(config.limits())
        .isEqualTo(new Config.Sizes(new Size(1 << 20), new Size(1 << 30), new Size(64 << 10)));
    assertThat(config.threads()).contains(Config.Threads.STOCK);
    assertThat(config.notYet()).isEmpty();
    assertThat(config.otlp())
        .contains(new TraceExport(URI.create("http://127.0.0.1:4318"), Map.of(), 1, true));
  }

  @Test
  void a_collector_of_traces_may_want_headers() {
    Config config =
        Loaders.load(
            "otlp:",
            "  url: https://collector.example/otlp",
            "  headers: { x-api-key: hidden }",
            "  sample: 5%",
            "  errors: false");

    assertThat(config.otlp())
        .contains(
            new TraceExport(
                URI.create("https://collector.example/otlp"),
                Map.of("x-api-key", "hidden"),
                0.05,
                false));
    assertThat(config.otlp().toString()).doesNotContain("hidden");
  }

  @Test
  void a_strategy_may_have_its_options_below_it() {
    Config config =
        Loaders.load(
            "providers: { demo: { kind: sim } }",
            "models:",
            "  a: { targets: demo/x, strategy: { round_robin: {} } }",
            "  b: { targets: [ demo/x ], strategy: weighted }");

    assertThat(config.models().stream().map(Config.ModelSpec::strategy))
        .containsExactly(new RoundRobin(), new Weighted());
  }

  @Test
  void the_first_of_two_usual_variables_that_is_set_holds_the_key() {
    Map<String, String> older = Map.of("CO_API_KEY", "older");
    Map<String, String> both = Map.of("COHERE_API_KEY", "newer", "CO_API_KEY", "older");

    for (Map<String, String> variables : List.of(older, both)) {
      Config config = Loaders.with(variables).load("lintel.yaml", "providers: { cohere: {} }");
      assertThat(remote(config, "cohere").credentials())
          .containsExactly(new Credential("cohere#1", variables.size() == 1 ? "older" : "newer"));
    }
  }

  @Test
  void the_usual_variable_holds_the_key_of_a_provider_at_its_usual_address_only() {
    Config config =
        Loaders.with(Map.of("OPENAI_API_KEY", " from-env\n"))
            .load(
                "lintel.yaml",
                """
                providers:
                  openai:
                  mine: { kind: openai }
                  other: { kind: openai, url: "http://other/v1" }
                """);

    assertThat(remote(config, "openai").credentials())
        .containsExactly(new Credential("openai#1", "from-env"));
    assertThat(remote(config, "mine").credentials())
        .containsExactly(new Credential("mine#1", "from-env"));
    assertThat(remote(config, "other").credentials()).containsExactly(Credential.NONE);
  }

  @Test
  void a_target_configures_a_known_provider_whose_key_is_in_its_usual_variable() {
    Config config =
        Loaders.with(Map.of("GROQ_API_KEY", "k"))
            .load("lintel.yaml", "models: { a: groq/llama, b: ollama/llama }");

    assertThat(config.remotes().keySet()).containsExactly("groq", "ollama");
  }

  @Test
  void without_a_file_the_simulator_and_every_provider_with_a_key_are_there() {
    Config config =
        Loaders.with(Map.of("ANTHROPIC_API_KEY", "k", "CLOUDFLARE_API_TOKEN", "k")).usual();

    assertThat(config.sims().keySet()).containsExactly("demo");
    assertThat(config.remotes().keySet()).containsExactly("anthropic");
    assertThat(config.models().getFirst().name()).isEqualTo("demo");
    assertThat(config.listen()).isEqualTo(new Address("127.0.0.1", 7070));
  }

  @Test
  void a_variable_that_holds_no_key_does_not_spoil_the_first_run() {
    Config config = Loaders.with(Map.of("GITHUB_TOKEN", "a\nb", "OPENAI_API_KEY", " ")).usual();

    assertThat(config.remotes()).isEmpty();
  }

  @Test
  void an_empty_file_is_a_configuration() {
    assertThat(Loaders.load("# nothing yet").remotes()).isEmpty();
  }

  @Test
  void eight_hundred_providers_load_as_well_as_one() {
    String file =
        IntStream.range(0, 800)
                .mapToObj(i ->
                    "  p" + i + ": { kind: openai, url: 'http://h" + i + "/v1', key: k" + i + " }")
                .collect(Collectors.joining("\n", "providers:\n", "\nmodels:\n"))
            + IntStream.range(0, 800)
                .mapToObj(i -> "  m" + i + ": p" + i + "/x")
                .collect(Collectors.joining("\n"));

    Config config = Loaders.with(Map.of()).load("big.yaml", file);

    assertThat(config.remotes()).hasSize(800);
    assertThat(config.models()).hasSize(800);
  }

  @Test
  void a_configuration_does_not_print_its_secrets() {
    Config config =
        Loaders.load(
            "providers: { openai: { key: sk-upstream } }",
            "tenants: { t: { apps: { a: { keys: [ sk-caller ] } } } }");

    assertThat(config.toString()).doesNotContain("sk-");
    assertThat(config.apps().toString()).doesNotContain("sk-");
    assertThat(config.remotes().toString()).doesNotContain("sk-");
  }

  @Test
  void a_file_that_is_not_there_is_a_fault() {
    assertThatThrownBy(() -> Loaders.with(Map.of()).load(Path.of("nowhere.yaml")))
        .isInstanceOf(Faulty.class)
        .hasMessage("nowhere.yaml:1: the file must exist and be readable");
  }

  private static Provider remote(Config config, String name) {
    return Objects.requireNonNull(config.remotes().get(name), name);
  }

  static Path resource(String name) throws Exception {
    return Path.of(Objects.requireNonNull(LoaderTest.class.getResource(name), name).toURI());
  }

  @Test
  void a_models_requests_for_vectors_may_be_merged() {
    String file =
        "providers: { p: { kind: openai, url: 'http://h/v1' } }\nmodels:\n"
            + "  plain: p/x\n"
            + "  usual: { targets: [ p/x ], batch: {} }\n"
            + "  own: { targets: [ p/x ], batch: { window: 20ms, size: 8 } }\n";
    assertThat(Loaders.load(file).models().stream().map(Config.ModelSpec::merging))
        .containsExactly(
            Optional.empty(),
            Optional.of(new Merging(Duration.ofMillis(5), 64)),
            Optional.of(new Merging(Duration.ofMillis(20), 8)));
    assertThatThrownBy(
            () -> Loaders.load(file + "  slow: { targets: [ p/x ], batch: { window: 1m } }"))
        .hasMessageContaining("models.slow.batch must have a window of 10s at most");
    assertThatThrownBy(
            () -> Loaders.load(file + "  none: { targets: [ p/x ], batch: { size: 0 } }"))
        .hasMessageContaining("models.none.batch.size must be a whole number of 1 or more");
  }

  private static Profile profile(int weight, String region, String tier) {
    return new Profile(weight, region, tier, "", OptionalDouble.empty(), 0, 0);
  }
}
