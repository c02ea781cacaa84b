package dev.lintel.config;

import dev.lintel.Changes;
import dev.lintel.Condition;
import dev.lintel.Dialect;
import dev.lintel.Spec;
import dev.lintel.Strategy;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.common.FlowStyle;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.Tag;

/**
 * Reads configurations. Depends on nothing but the file and the environment it was given, so that
 * the same input gives the same configuration or the same faults.
 */
public final class Loader {
  private static final String USUAL_STRATEGY = "in_order";

  /** The name of what is in force where there is no file. */
  public static final String USUAL = "the usual configuration";

  private static final int LONGEST_FILE = 64 << 20;

  private final Map<String, List<Dialect>> dialects;
  private final Map<String, Class<? extends Spec<Strategy>>> strategies;
  private final Set<String> simFaults;
  private final Environment environment;
  private final Catalogue catalogue;
  private final Function<Path, SortedMap<Integer, String>> modelFaults;
  private final Condition.Language language;
  private final Served served = Served.read();
  private final Map<String, Source> sources;

  /**
   * @param dialects what a provider of that kind speaks, its main dialect first
   * @param strategies by the names that a file uses; {@code in_order} must be among them
   * @param language in which the conditions of rules are written
   * @param simFaults the faults that the simulated provider knows
   * @param variables the environment
   */
  public Loader(
      Map<String, List<Dialect>> dialects,
      Map<String, Class<? extends Spec<Strategy>>> strategies,
      Condition.Language language,
      Set<String> simFaults,
      Function<String, Optional<String>> variables) {
    this(
        dialects,
        strategies,
        language,
        simFaults,
        variables,
        Map.of(),
        file -> Collections.emptySortedMap());
  }

  /**
   * @param sources of what lies elsewhere, by the words {@code secret} and {@code vault}
   * @param modelFaults what is wrong with a catalogue of models, by line
   */
  public Loader(
      Map<String, List<Dialect>> dialects,
      Map<String, Class<? extends Spec<Strategy>>> strategies,
      Condition.Language language,
      Set<String> simFaults,
      Function<String, Optional<String>> variables,
      Map<String, Source> sources,
      Function<Path, SortedMap<Integer, String>> modelFaults) {
    this(
        dialects,
        strategies,
        language,
        simFaults,
        new Environment(variables),
        sources,
        modelFaults,
        Catalogue.read());
  }

  private Loader(
      Map<String, List<Dialect>> dialects,
      Map<String, Class<? extends Spec<Strategy>>> strategies,
      Condition.Language language,
      Set<String> simFaults,
      Environment environment,
      Map<String, Source> sources,
      Function<Path, SortedMap<Integer, String>> modelFaults,
      Catalogue catalogue) {
    if (!strategies.containsKey(USUAL_STRATEGY)) {
      throw new IllegalArgumentException("no strategy " + USUAL_STRATEGY);
    }
    this.dialects = Map.copyOf(dialects);
    this.strategies = Collections.unmodifiableMap(new TreeMap<>(strategies));
    this.language = language;
    this.simFaults = Set.copyOf(simFaults);
    this.environment = environment;
    this.sources = Map.copyOf(sources);
    this.modelFaults = modelFaults;
    this.catalogue = catalogue;
  }

  /**
   * The same that reads nothing of what lies elsewhere: neither variables of the environment, of
   * which the defaults hold, nor secrets, in whose place something stands that is none.
   */
  public Loader unreading() {
    return new Loader(
        dialects,
        strategies,
        language,
        simFaults,
        new Environment(environment.variables(), true),
        sources,
        modelFaults,
        catalogue);
  }

  /** Throws {@link Faulty} with everything that is wrong. */
  public Config load(Path file) {
    return load(read(file));
  }

  /** What is written, whatever it means. Throws {@link Faulty} where it is no YAML. */
  public Written read(Path file) {
    try {
      return read(file.toString(), Files.readString(file));
    } catch (CharacterCodingException notText) {
      throw new Faulty(List.of(new Fault(file.toString(), 1, "the file must be UTF-8 text")));
    } catch (IOException unreadable) {
      throw new Faulty(
          List.of(new Fault(file.toString(), 1, "the file must exist and be readable")));
    }
  }

  /**
   * Throws {@link Faulty} with everything that is wrong.
   *
   * @param file its name in faults
   */
  public Config load(String file, String text) {
    return load(read(file, text));
  }

  /** The same with changes laid over the file. */
  public Config load(String file, String text, List<Changes.Change> changes) {
    return load(read(file, text).with(changes));
  }

  /**
   * What is written, whatever it means. Throws {@link Faulty} where it is no YAML.
   *
   * @param file its name in faults
   */
  public Written read(String file, String text) {
    var faults = new Faults(file);
    Optional<Node> root = compose(faults, file, text);
    faults.raise();
    return new Written(file, text, root.orElseThrow());
  }

  /** Throws {@link Faulty} with everything that is wrong. */
  public Config load(Written source) {
    Faults faults = source.faults();
    var elsewhere = new Elsewhere(environment, sources, () -> prologue(source));
    var binder = new Binder(faults, elsewhere, Map.of(Strategy.class, strategies));
    Optional<Config> config =
        binder
            .bind(source.root(), Document.class)
            .map(written ->
                new Reading(
                        faults,
                        written,
                        new Providers(faults, environment, catalogue, served, dialects, simFaults),
                        binder.plain(Strategy.class, USUAL_STRATEGY),
                        language,
                        modelFaults)
                    .config(binder.notYet(), elsewhere.files()));
    faults.raise();
    return config.orElseThrow(() -> new IllegalStateException("a file without fault and value"));
  }

  /** Where the store lies that it means, whatever else is wrong with it. */
  public Prologue prologue(Written source) {
    var nowhere = new Elsewhere(environment, Map.of(), () -> Prologue.NONE);
    return new Binder(new Faults(source.file()), nowhere, Map.of())
        .bind(source.root(), Prologue.class)
        .orElse(Prologue.NONE);
  }

  /**
   * What is served without a file: the simulated provider {@code demo}, and every provider whose
   * usual environment variable is set.
   */
  public Config usual() {
    return load(usually());
  }

  /** How that would be written. */
  public Written usually() {
    return read(
        USUAL,
        "providers:\n  demo: { kind: sim }\n"
            + catalogue.rows().values().stream()
                .filter(row -> row.hasUrl() && row.key(environment).isPresent())
                .map(row -> "  " + row.name() + ":\n")
                .collect(Collectors.joining())
            + "models:\n  demo: demo/small\n");
  }

  private static Optional<Node> compose(Faults faults, String file, String text) {
    var settings = LoadSettings.builder().setLabel(file).setCodePointLimit(LONGEST_FILE).build();
    try {
      return Optional.of(
          new Compose(settings)
              .composeString(text)
              .orElseGet(() -> new MappingNode(Tag.MAP, List.of(), FlowStyle.BLOCK)));
    } catch (MarkedYamlEngineException broken) {
      int line = broken.getProblemMark().or(broken::getContextMark).map(Mark::getLine).orElse(0);
      faults.add(line + 1, "", "cannot be read as YAML from here: " + problem(broken));
    } catch (YamlEngineException broken) {
      faults.add(
          1,
          "",
          String.valueOf(broken.getMessage()).contains("aliases")
              ? "uses its anchors too often; write what they stand for"
              : "holds a character that YAML does not allow");
    }
    return Optional.empty();
  }

  /** The parser's words, unless they quote the file, which may hold a secret there. */
  private static String problem(MarkedYamlEngineException broken) {
    String words = String.valueOf(broken.getProblem());
    if (words.contains("TAB")) {
      return "a tab cannot indent; use spaces";
    }
    return Stream.of("alias", "anchor", "tag", "escape", "directive", "character")
            .anyMatch(words::contains)
        ? "text that begins with * & ! % @ or a backslash must stand in quotes"
        : words + "; text that holds { } [ ] , or : must stand in quotes";
  }
}
