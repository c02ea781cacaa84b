package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import dev.lintel.Failure;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What the documentation says of the product holds. */
class DocsTest {
  private static final Pattern YAML = Pattern.compile("(?ms)^```yaml\\n(.*?)^```");
  private static final Pattern LINK = Pattern.compile("\\]\\(([^)\\s]+)\\)");
  private static final Pattern METRIC = Pattern.compile("\"((?:lintel|gen_ai|jvm|process)_\\w+)\"");
  private static final Pattern PROVIDERS = Pattern.compile("(?m)^providers:");
  private static final Pattern MODELS = Pattern.compile("\\Amodels:");
  private static final Pattern STOP =
      Pattern.compile("(?m)^ {14}(?:new |lasting\\.)?(\\w+)(?:\\(.*?\\))?[,)]");
  private static final Pattern TOLD_STOP = Pattern.compile("(?m)^\\| [^|]+ \\| `filter/(\\w+)`");
  private static final Pattern STRATEGY =
      Pattern.compile("(?m)^\\| `(\\w+)(?:: [^`]*)?` (?:\\|[^|\\n]+){4}\\|$");
  private static final Pattern HEADING = Pattern.compile("(?m)^#+ (.*)$");

  /** Providers that a page takes for granted where an example is about models. */
  private static final String GRANTED =
      """
      providers:
        openai: { key: k }
        azure: { kind: openai, url: "http://127.0.0.1:8001/v1", key: k }
        claude: { kind: anthropic, key: k }
        local: { kind: openai, url: "http://127.0.0.1:8000/v1", key: none }
        demo: { kind: sim }
      """;

  static Stream<Path> pages() throws IOException {
    var pages = new ArrayList<Path>();
    try (var readmes = Files.newDirectoryStream(Path.of(""), "README*.md");
        var docs = Files.newDirectoryStream(Path.of("docs"), "*.md")) {
      readmes.forEach(pages::add);
      docs.forEach(pages::add);
    }
    return pages.stream().sorted();
  }

  @ParameterizedTest
  @MethodSource("pages")
  void every_whole_configuration_loads(Path page) {
    var loader = Builtins.loader(name -> Optional.empty());
    int number = 0;
    for (String block : found(YAML, text(page))) {
      number++;
      String whole = MODELS.matcher(block).find() ? GRANTED + block : block;
      if (PROVIDERS.matcher(whole).find()) {
        assertThatCode(() -> loader.load(page.toString(), whole))
            .as("block %s of %s", number, page)
            .doesNotThrowAnyException();
      }
    }
  }

  @ParameterizedTest
  @MethodSource("pages")
  void every_relative_link_leads_to_a_file(Path page) {
    for (String link : found(LINK, text(page))) {
      if (!link.contains("://") && !link.startsWith("#")) {
        assertThat(page.resolveSibling(link.split("#", 2)[0])).as("linked by %s", page).exists();
      }
    }
  }

  @ParameterizedTest
  @MethodSource("pages")
  void every_link_into_a_page_leads_to_one_of_its_headings(Path page) {
    for (String link : found(LINK, text(page))) {
      String[] parts = link.split("#", 2);
      if (!link.contains("://") && parts.length == 2) {
        Path to = parts[0].isEmpty() ? page : page.resolveSibling(parts[0]);
        assertThat(found(HEADING, text(to)).stream().map(DocsTest::anchor))
            .as("linked by %s as %s", page, link)
            .contains(parts[1]);
      }
    }
  }

  /** As GitHub makes it. */
  private static String anchor(String heading) {
    return heading.toLowerCase(Locale.ROOT).replaceAll("[^\\p{L}\\p{N}_ -]", "").replace(' ', '-');
  }

  @Test
  void every_page_is_in_the_index() throws IOException {
    assertThat(found(LINK, text(Path.of("docs/README.md"))))
        .containsAll(
            pages()
                .filter(page -> page.startsWith("docs") && !page.endsWith("README.md"))
                .map(page -> page.getFileName().toString())
                .toList());
  }

  @Test
  void the_path_of_a_call_is_told_stop_by_stop() {
    String code = text(Path.of("src/main/java/dev/lintel/main/Gateway.java"));
    int calls = code.indexOf("Handler calls() {");
    List<String> stops =
        found(STOP, code.substring(calls, code.indexOf("lasting.upstream);", calls))).stream()
            .map(stop -> stop.substring(0, 1).toUpperCase(Locale.ROOT) + stop.substring(1))
            .toList();

    assertThat(stops).startsWith("Observe", "Authenticate").endsWith("Signatures");
    assertThat(found(TOLD_STOP, text(Path.of("docs/architecture.md")))).isEqualTo(stops);
  }

  @Test
  void every_strategy_is_in_the_table() {
    assertThat(found(STRATEGY, text(Path.of("docs/routing.md"))))
        .containsExactlyInAnyOrderElementsOf(Builtins.STRATEGIES.keySet());
  }

  @Test
  void every_kind_of_failure_is_documented() {
    var kinds = EnumSet.allOf(Failure.Kind.class);

    assertThat(text(Path.of("docs/errors.md")))
        .contains(kinds.stream().map(kind -> "`" + kind.word() + "`").toList());
  }

  @Test
  void every_metric_is_documented() throws IOException {
    var metrics = new ArrayList<String>();
    try (var files = Files.newDirectoryStream(Path.of("src/main/java/dev/lintel/observe"))) {
      files.forEach(file -> metrics.addAll(found(METRIC, text(file))));
    }
    assertThat(metrics).contains("lintel_calls_total", "gen_ai_client_token_usage");
    assertThat(text(Path.of("docs/metrics.md"))).contains(metrics);
  }

  @Test
  void every_package_is_in_the_tours() throws IOException {
    String readme = text(Path.of("README.md"));
    String translated = text(Path.of("README.zh.md"));
    String tour = text(Path.of("docs/architecture.md"));
    try (var folders =
        Files.newDirectoryStream(Path.of("src/main/java/dev/lintel"), Files::isDirectory)) {
      for (Path folder : folders) {
        String name = folder.getFileName().toString();
        assertThat(readme).contains("\n| `." + name + "` |");
        assertThat(translated).contains("\n| `." + name + "` |");
        assertThat(tour).contains("\n| `" + name + "` |");
      }
    }
  }

  @Test
  void every_configuration_key_is_documented() throws ReflectiveOperationException {
    var keys = new LinkedHashSet<String>();
    collect(Class.forName("dev.lintel.config.Document"), keys, new HashSet<>());
    assertThat(keys).contains("listen", "providers", "stream_usage", "cache_write_1h");
    String pages = text(Path.of("docs/configuration.md")) + text(Path.of("docs/sim.md"));
    assertThat(pages).contains(keys.stream().map(key -> "`" + key + "`").toList());
  }

  /** The keys of a record of the configuration, and of every record below it. */
  private static void collect(Type type, Set<String> keys, Set<Type> seen)
      throws ReflectiveOperationException {
    // A price holds prices.
    if (!seen.add(type)) {
      return;
    }
    if (type instanceof ParameterizedType generic) {
      for (Type argument : generic.getActualTypeArguments()) {
        collect(argument, keys, seen);
      }
      return;
    }
    var plain = (Class<?>) type;
    if (plain.isSealed()) {
      for (Class<?> permitted : plain.getPermittedSubclasses()) {
        collect(permitted, keys, seen);
      }
    }
    if (plain.isRecord() && !isScalar(plain)) {
      for (RecordComponent component : plain.getRecordComponents()) {
        if (Arrays.stream(component.getAnnotations())
            .noneMatch(mark -> mark.annotationType().getSimpleName().equals("Inline"))) {
          keys.add(keyOf(component));
        }
        collect(component.getGenericType(), keys, seen);
      }
    }
  }

  /** Records that are written as one value. */
  private static boolean isScalar(Class<?> type) {
    return Set.of(
            "Address",
            "After",
            "Amount",
            "Count",
            "DatabaseUrl",
            "Grade",
            "Level",
            "NodeName",
            "Mark",
            "Network",
            "Percent",
            "Rate",
            "Size",
            "Span",
            "Tokens")
        .contains(type.getSimpleName());
  }

  private static String keyOf(RecordComponent component) throws ReflectiveOperationException {
    for (var annotation : component.getAnnotations()) {
      if (annotation.annotationType().getSimpleName().equals("Key")) {
        var value = annotation.annotationType().getDeclaredMethod("value");
        value.setAccessible(true);
        return (String) value.invoke(annotation);
      }
    }
    return component.getName().replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT);
  }

  private static List<String> found(Pattern pattern, String text) {
    return pattern.matcher(text).results().map((MatchResult match) -> match.group(1)).toList();
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException missing) {
      throw new UncheckedIOException(missing);
    }
  }
}
