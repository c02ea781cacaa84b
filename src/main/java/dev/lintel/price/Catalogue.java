package dev.lintel.price;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.lintel.Json;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;

/**
 * The catalogue of models: a line of JSON each, after a first line that says which version of it
 * this is. Only the lines of families that are configured are kept, and each is parsed when its
 * model is first asked for.
 */
public final class Catalogue {
  private static final String FILE = "catalogue.jsonl";
  private static final byte[] FAMILY = "{\"family\":\"".getBytes(UTF_8);
  private static final byte[] MODEL = "\",\"model\":\"".getBytes(UTF_8);

  /** What may follow a model's plain name: a date or its like, and a provider's own version. */
  private static final String DATE =
      "(?:[-@](?:\\d{4}-\\d{2}-\\d{2}|\\d{8}|\\d{6}|\\d{4}|latest|default))?(?:-v\\d{1,3}(?::\\d{1,3})?)?";

  private static final Pattern DATED = Pattern.compile(DATE);
  private static final int LONGEST_DATE = 24;

  /** No model's name is longer; a caller may send anything. */
  private static final int LONGEST_NAME = 256;

  /** Ends the name of a line that holds for every model whose name goes on so. */
  private static final String ANY = ":*";

  /** A line, and what it says once somebody asked. */
  private static final class Line {
    private final byte[] text;
    private volatile @Nullable Entry entry;

    Line(byte[] text) {
      this.text = text;
    }

    Entry entry() {
      Entry known = entry;
      if (known == null) {
        known = Entry.read(text);
        entry = known;
      }
      return known;
    }
  }

  /** What was read: the version, and lines by family and model. */
  private record Content(
      String version, int models, Map<String, NavigableMap<String, Line>> families) {}

  private final FutureTask<Content> content;

  private Catalogue(FutureTask<Content> content) {
    this.content = content;
  }

  /** The one that is in the jar; read by whoever asks first, or {@link #prefetch}es. */
  public static Catalogue builtIn(Set<String> families) {
    return new Catalogue(new FutureTask<>(() -> scan(resource(), families)));
  }

  /**
   * One of the user's, read at once. Throws {@link IllegalArgumentException} that names the first
   * faulty line.
   */
  public static Catalogue read(Path file, Set<String> families) {
    byte[] bytes = bytes(file);
    SortedMap<Integer, String> faults = faults(bytes);
    if (!faults.isEmpty()) {
      throw new IllegalArgumentException(
          file + ":" + faults.firstKey() + ": " + faults.get(faults.firstKey()));
    }
    var task = new FutureTask<>(() -> parsed(bytes, families));
    task.run();
    return new Catalogue(task);
  }

  /** What is wrong with a catalogue, by its line's number, from 1; empty where nothing is. */
  public static SortedMap<Integer, String> faults(Path file) {
    try {
      return faults(bytes(file));
    } catch (UncheckedIOException unreadable) {
      return new TreeMap<>(Map.of(1, "the file must exist and be readable"));
    }
  }

  private static SortedMap<Integer, String> faults(byte[] bytes) {
    var faults = new TreeMap<Integer, String>();
    if (version(bytes).isEmpty()) {
      faults.put(
          1, "the first line must name the catalogue's version: {\"catalogue\": \"2026-11-21\"}");
    }
    var seen = new HashMap<String, Integer>();
    lines(
        bytes,
        (number, text) -> {
          try {
            Entry entry = Entry.read(text);
            Integer earlier = seen.putIfAbsent(entry.family() + "/" + entry.model(), number);
            if (earlier != null) {
              faults.put(number, "the model stands in line " + earlier + " already");
            }
          } catch (IllegalArgumentException wrong) {
            faults.put(number, String.valueOf(wrong.getMessage()));
          }
        });
    return faults;
  }

  /** Reads it now, on a thread of its own. */
  public void prefetch() {
    Thread.ofPlatform().daemon().name("lintel-catalogue").start(content);
  }

  /** As its first line says. */
  public String version() {
    return content().version;
  }

  /** How many models it has, of whatever family. */
  public int models() {
    return content().models;
  }

  /**
   * The model of that name; else the one that it is a dated form of, or the latest of its dated
   * forms; else the longest {@code PREFIX:*} that fits.
   */
  Optional<Entry> find(String family, String model) {
    NavigableMap<String, Line> lines = content().families.get(family);
    if (lines == null || model.length() > LONGEST_NAME) {
      return Optional.empty();
    }
    Line exact = lines.get(model);
    if (exact == null) {
      String plain = plain(model);
      exact = plain.equals(model) ? null : lines.get(plain);
      if (exact == null) {
        exact = latest(lines, plain);
      }
    }
    for (int end = model.lastIndexOf(':');
        exact == null && end > 0;
        end = model.lastIndexOf(':', end - 1)) {
      exact = lines.get(model.substring(0, end) + ANY);
    }
    return Optional.ofNullable(exact).map(Line::entry);
  }

  /** The name without its date. */
  private static String plain(String model) {
    for (int i = Math.max(1, model.length() - LONGEST_DATE); i < model.length(); i++) {
      char c = model.charAt(i);
      if ((c == '-' || c == '@') && isDate(model.substring(i))) {
        return model.substring(0, i);
      }
    }
    return model;
  }

  private static boolean isDate(String rest) {
    Matcher matcher = DATED.matcher(rest);
    return !rest.isEmpty() && matcher.matches();
  }

  private static @Nullable Line latest(NavigableMap<String, Line> lines, String plain) {
    Line found = null;
    for (var line : lines.tailMap(plain, false).entrySet()) {
      if (!line.getKey().startsWith(plain)) {
        break;
      }
      if (isDate(line.getKey().substring(plain.length()))) {
        found = line.getValue();
      }
    }
    return found;
  }

  private Content content() {
    content.run();
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return content.get();
        } catch (InterruptedException cancelled) {
          // Whoever waits here waits for a file, not for a network: the call ends a moment later.
          interrupted = true;
        } catch (ExecutionException broken) {
          throw new IllegalStateException("the catalogue cannot be read", broken.getCause());
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static byte[] bytes(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
  }

  private static byte[] resource() throws IOException {
    try (InputStream in = Objects.requireNonNull(Catalogue.class.getResourceAsStream(FILE), FILE)) {
      return in.readAllBytes();
    }
  }

  private interface Each {
    void line(int number, byte[] text);
  }

  /** Every line that holds something, but the first. */
  private static void lines(byte[] bytes, Each each) {
    int number = 1;
    for (int from = end(bytes, 0) + 1; from < bytes.length; ) {
      number++;
      int to = end(bytes, from);
      byte[] text = Arrays.copyOfRange(bytes, from, to);
      if (!new String(text, UTF_8).isBlank()) {
        each.line(number, text);
      }
      from = to + 1;
    }
  }

  private static int end(byte[] bytes, int from) {
    int end = from;
    while (end < bytes.length && bytes[end] != '\n') {
      end++;
    }
    return end;
  }

  private static Optional<String> version(byte[] bytes) {
    try {
      return Json.parse(bytes, 0, end(bytes, 0)).path("catalogue").stringValueOpt();
    } catch (JacksonException none) {
      return Optional.empty();
    }
  }

  private static Content parsed(byte[] bytes, Set<String> wanted) {
    var families = new HashMap<String, NavigableMap<String, Line>>();
    var models = new int[1];
    lines(
        bytes,
        (number, text) -> {
          models[0]++;
          Entry entry = Entry.read(text);
          if (wanted.contains(entry.family())) {
            families
                .computeIfAbsent(entry.family(), name -> new TreeMap<>())
                .put(entry.model(), new Line(text));
          }
        });
    return new Content(version(bytes).orElse(""), models[0], families);
  }

  /** As {@link #parsed}, of a file that the builder wrote: each line begins the same way. */
  private static Content scan(byte[] bytes, Set<String> wanted) {
    var families = new HashMap<String, NavigableMap<String, Line>>();
    int models = 0;
    for (int from = end(bytes, 0) + 1; from < bytes.length; ) {
      int to = end(bytes, from);
      int name = from + FAMILY.length;
      int nameEnd = quote(bytes, name);
      models++;
      String family = new String(bytes, name, nameEnd - name, UTF_8);
      if (wanted.contains(family)) {
        int model = nameEnd + MODEL.length;
        families
            .computeIfAbsent(family, known -> new TreeMap<>())
            .put(
                new String(bytes, model, quote(bytes, model) - model, UTF_8),
                new Line(Arrays.copyOfRange(bytes, from, to)));
      }
      from = to + 1;
    }
    return new Content(version(bytes).orElse(""), models, families);
  }

  private static int quote(byte[] bytes, int from) {
    int end = from;
    while (bytes[end] != '"') {
      end++;
    }
    return end;
  }
}
