package dev.lintel.config;

import dev.lintel.Credential;
import dev.lintel.Dialect;
import dev.lintel.Dialects;
import dev.lintel.Limits;
import dev.lintel.Platform;
import dev.lintel.Provider;
import dev.lintel.config.Catalogue.Row;
import dev.lintel.config.Document.Entry;
import dev.lintel.config.Document.Linked;
import dev.lintel.config.Document.Remote;
import dev.lintel.config.Document.Simulated;
import dev.lintel.config.Document.Tls;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** Makes providers of what is written about them and what is known of them by name. */
record Providers(
    Faults faults,
    Environment environment,
    Catalogue catalogue,
    Served served,
    Map<String, List<Dialect>> dialects,
    Set<String> simFaults) {
  /** Whose names everybody gives to servers that speak like them. */
  private static final Set<String> VENDORS = Set.of("openai", "anthropic", "gemini", "cohere");

  private static final String NO_KEY = "none";
  private static final String NO_FAULT = "none";

  /** A provider of which nothing is written, but which a target names. */
  Provider usual(Row row) {
    List<Dialect> spoken = dialects.get(row.dialect());
    if (spoken == null) {
      throw new IllegalStateException(row.name() + " speaks an unknown dialect");
    }
    return new Provider(
        row.name(),
        row.name(),
        new Dialects(spoken),
        URI.create(row.url()),
        row.auth(),
        credentials(row.name(), row.key(environment).stream().toList()),
        Map.of(),
        Provider.Transport.PLAIN,
        row.quirks(),
        Platform.PLAIN,
        row.batches());
  }

  /** Empty where the entry has a fault that leaves no provider. */
  Optional<Provider> remote(String name, At<? extends Entry> at, Remote entry) {
    checkName(name, at);
    Optional<Row> known = row(name, at, entry);
    Optional<At<URI>> written = entry.linked().url();
    Optional<URI> url =
        written.isPresent()
            ? written.get().value().map(given -> base(written.get(), given))
            : known.flatMap(row -> usualUrl(row, at));
    List<Credential> keys = keys(name, at, entry, known);
    Link link =
        link(entry.linked(), known.map(row -> quirks(row, entry)).orElse(Provider.Quirks.NONE));
    if (known.isEmpty() || url.isEmpty()) {
      return Optional.empty();
    }
    Row row = known.get();
    List<Dialect> speaks = dialects.get(row.dialect());
    if (speaks == null) {
      faults.add(at, "speaks a dialect that this gateway does not" + known(dialects.keySet()));
      return Optional.empty();
    }
    return Optional.of(
        new Provider(
            name,
            row.name(),
            new Dialects(speaks),
            url.get(),
            entry.auth().orElse(row.auth()),
            keys,
            link.headers(),
            link.transport(),
            link.quirks(),
            Platform.PLAIN,
            batches(entry, row)));
  }

  /** A server that merely speaks like a vendor seldom has its batches. */
  private boolean batches(Remote entry, Row row) {
    if (entry.batches().isEmpty()) {
      return entry.linked().url().isEmpty() && row.batches();
    }
    At<Document.Batches> at = entry.batches().get();
    boolean asked = at.value().filter(Document.Batches.NATIVE::equals).isPresent();
    if (asked
        && catalogue.rows().values().stream()
            .noneMatch(known -> known.batches() && known.dialect().equals(row.dialect()))) {
      faults.add(at, "must be own: such a provider has no batches that this gateway knows");
    }
    return asked;
  }

  /** How a provider is reached, and what is said to it otherwise. */
  record Link(Map<String, String> headers, Provider.Transport transport, Provider.Quirks quirks) {}

  /**
   * @param usual what is known of such a provider's quirks
   */
  Link link(Linked entry, Provider.Quirks usual) {
    var rename = new HashMap<>(usual.rename());
    rename.putAll(entry.rename());
    var drop = new TreeSet<>(usual.drop());
    drop.addAll(entry.drop());
    // Whoever writes a rename here wants it for every caller.
    drop.addAll(entry.rename().keySet());
    return new Link(
        headers(entry),
        transport(entry),
        new Provider.Quirks(
            Set.copyOf(drop), Map.copyOf(rename), entry.streamUsage().orElse(usual.streamUsage())));
  }

  /**
   * What is known of a provider by name. A dialect's own vendor is no such thing at another
   * address: {@code openai} is what everybody's servers call their dialect.
   */
  private Provider.Quirks quirks(Row row, Remote entry) {
    return entry.linked().url().isPresent() && VENDORS.contains(row.name())
        ? Provider.Quirks.NONE
        : row.quirks();
  }

  /** Empty where the entry has a fault that leaves no provider. */
  Optional<SimSpec> sim(String name, At<? extends Entry> at, Simulated entry) {
    checkName(name, at);
    entry.fault().ifPresent(this::checkFault);
    String spoken = entry.dialect().flatMap(At::value).orElse("openai");
    List<Dialect> speaks = dialects.get(spoken);
    if (speaks == null) {
      faults.add(
          entry.dialect().<At<?>>map(given -> given).orElse(at),
          "must be a dialect" + Closest.hint(spoken, dialects.keySet()));
      return Optional.empty();
    }
    Provider.Auth auth = catalogue.find(spoken).map(Row::auth).orElse(Provider.Auth.BEARER);
    return Optional.of(
        new SimSpec(
            name,
            speaks,
            auth,
            credentials(name, written(entry)),
            entry.options(),
            entry.limits().map(Document.AccountLimits::known).orElse(Limits.NONE)));
  }

  private void checkFault(At<String> at) {
    String word = at.value().orElse(NO_FAULT);
    if (!word.equals(NO_FAULT) && !simFaults.contains(word)) {
      faults.add(at, "must be a fault of the simulator" + Closest.hint(word, simFaults));
    }
  }

  void checkName(String name, At<?> at) {
    if (name.isEmpty() || name.indexOf('/') >= 0 || !isVisible(name)) {
      faults.add(at, "must have a name of visible characters without a slash");
    }
  }

  /** What is known by the entry's kind, or else by its name. */
  private Optional<Row> row(String name, At<?> at, Remote entry) {
    if (entry.kind().isEmpty()) {
      Optional<Row> named = catalogue.find(name);
      if (named.isEmpty()) {
        faults.add(
            at,
            "needs the keys 'kind' and 'url', because its name is not a known provider's"
                + Closest.meant(name, catalogue.rows().keySet()));
      }
      return named;
    }
    At<String> kind = entry.kind().get();
    Optional<Row> like = kind.value().flatMap(this::rowOfKind);
    if (like.isEmpty() && kind.value().isPresent()) {
      var kinds = new TreeSet<>(catalogue.rows().keySet());
      kinds.addAll(dialects.keySet());
      kinds.add("sim");
      faults.add(
          kind,
          "must be one of sim, "
              + String.join(", ", new TreeSet<>(dialects.keySet()))
              + ", or a provider known by name"
              + Closest.meant(kind.value().get(), kinds));
    }
    return like;
  }

  private Optional<Row> rowOfKind(String kind) {
    return catalogue
        .find(kind)
        .or(() -> dialects.containsKey(kind) ? Optional.of(Row.ofDialect(kind)) : Optional.empty());
  }

  private Optional<URI> usualUrl(Row row, At<?> at) {
    if (row.url().isEmpty()) {
      faults.add(at, "needs the key 'url'");
      return Optional.empty();
    }
    if (!row.hasUrl()) {
      faults.add(at, "needs the key 'url', of the form " + row.url());
      return Optional.empty();
    }
    return Optional.of(URI.create(row.url()));
  }

  URI base(At<URI> at, URI given) {
    if (!Set.of("http", "https").contains(given.getScheme())) {
      faults.add(at, "must begin with http:// or https://");
    }
    if (given.getRawQuery() != null || given.getRawFragment() != null) {
      faults.add(at, "must end with its path, without ? and #");
    }
    if (given.getRawUserInfo() != null) {
      faults.add(at, "must not hold a user or a password; a key belongs under 'key'");
    }
    String text = given.toString();
    int end = text.length();
    while (text.charAt(end - 1) == '/') {
      end--;
    }
    return URI.create(text.substring(0, end));
  }

  private Provider.Transport transport(Linked entry) {
    Optional<URI> proxy = entry.proxy().flatMap(At::value);
    if (proxy.isPresent() && !Set.of("http", "socks5").contains(proxy.get().getScheme())) {
      faults.add(entry.proxy().get(), "must begin with http:// or socks5://");
    }
    Optional<Tls> tls = entry.tls();
    return new Provider.Transport(
        proxy,
        tls.flatMap(Tls::ca).flatMap(this::readable),
        tls.flatMap(Tls::certificate).flatMap(this::readable),
        tls.flatMap(Tls::key).flatMap(this::readable),
        tls.flatMap(Tls::verify).orElse(true),
        entry.http2());
  }

  /** The path as text; a file that cannot be read is reported. */
  Optional<String> readable(At<Path> at) {
    if (at.value().isPresent() && !Files.isReadable(at.value().get())) {
      faults.add(at, "must name a file that can be read");
    }
    return at.value().map(Path::toString);
  }

  private Map<String, String> headers(Linked entry) {
    var headers = new HashMap<String, String>();
    entry
        .headers()
        .forEach((name, at) ->
            at.value()
                .ifPresent(value -> {
                  if (!isVisible(name) || value.chars().anyMatch(c -> c < ' ' || c > '~')) {
                    faults.add(at, "holds a character that no header can carry");
                  }
                  headers.put(name, value);
                }));
    return headers;
  }

  /**
   * The keys that are written, else the one in the usual variable: the latter only for the usual
   * address, because nobody said that another one may see it.
   */
  private List<Credential> keys(String name, At<?> at, Remote entry, Optional<Row> known) {
    List<String> keys = written(entry);
    boolean silent = entry.key().isEmpty() && entry.keys().isEmpty();
    if (silent && entry.linked().url().isEmpty() && known.isPresent()) {
      Row row = known.get();
      keys = row.key(environment).stream().toList();
      if (keys.isEmpty() && !row.keyOptional()) {
        faults.add(
            at,
            "needs the key 'key'"
                + (row.variables().isEmpty()
                    ? ""
                    : ", or the environment variable " + String.join(" or ", row.variables())));
      }
    }
    return credentials(name, keys);
  }

  List<String> written(Entry entry) {
    var texts = new ArrayList<String>();
    var all = new ArrayList<At<String>>(entry.keys());
    entry.key().ifPresent(all::addFirst);
    for (At<String> at : all) {
      String text = at.value().orElse("").strip();
      if (!isVisible(text)) {
        faults.add(at, "holds a character that no key can have");
      }
      texts.add(text);
    }
    return texts;
  }

  static List<Credential> credentials(String provider, List<String> keys) {
    var credentials = new ArrayList<Credential>();
    for (String key : keys) {
      boolean none = key.isEmpty() || key.equals(NO_KEY);
      credentials.add(
          none ? Credential.NONE : new Credential(provider + "#" + (credentials.size() + 1), key));
    }
    return credentials.isEmpty() ? List.of(Credential.NONE) : credentials;
  }

  /** Whether a header can carry it. */
  static boolean isVisible(String text) {
    return text.chars().allMatch(c -> c > ' ' && c <= '~');
  }

  private static String known(Set<String> words) {
    return "; known are: " + String.join(", ", new TreeSet<>(words));
  }
}
