package dev.lintel.secret;

import dev.lintel.Changes;
import dev.lintel.Json;
import dev.lintel.Sealer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.StringNode;

/**
 * Revisions whose texts and values lie sealed in the store: what is written there may be secret.
 */
public final class SealedChanges implements Changes {
  private static final String BASE = "configuration/base";
  private static final String CHANGE = "configuration/change";

  /** Who could see the mark of a text could try what secrets it has. */
  private static final String FILE = "configuration/file";

  private final Supplier<Changes> store;
  private final Sealer sealer;

  /**
   * What the newest revision holds, by its sealed form: the same secret is never sealed the same
   * way twice, and what goes on to hold must stay as it lies there.
   */
  private Map<Change, Change> open = Map.of();

  private Map<Change, Change> closed = Map.of();
  private List<String> files = List.of();
  private Optional<String> openBase = Optional.empty();
  private Optional<String> closedBase = Optional.empty();

  /**
   * @param store keeps them as they are given; throws {@link dev.lintel.Failure} where it cannot be
   *     had
   */
  public SealedChanges(Supplier<Changes> store, Sealer sealer) {
    this.store = store;
    this.sealer = sealer;
  }

  @Override
  public long newest() {
    return store.get().newest();
  }

  @Override
  public synchronized Revision latest() {
    return known(store.get().latest());
  }

  @Override
  public Optional<Revision> find(long number) {
    return store.get().find(number).map(this::opened);
  }

  @Override
  public List<Revision> list(long before, int limit) {
    return store.get().list(before, limit);
  }

  @Override
  public synchronized boolean add(Revision next, Set<App> ending) {
    Revision sealed =
        with(
            next,
            next.base().equals(openBase)
                ? closedBase
                : next.base().map(text -> sealer.seal(BASE, text)),
            next.changes().stream().map(this::sealed).toList());
    boolean added = store.get().add(sealed, ending);
    if (added) {
      keep(next, sealed);
    }
    return added;
  }

  @Override
  public synchronized List<String> files() {
    List<String> sealed = store.get().files();
    // Of what is only ever added to, the older ones are known.
    List<String> known = files.size() > sealed.size() ? List.of() : files;
    var all = new ArrayList<String>();
    for (String mark : sealed.subList(0, sealed.size() - known.size())) {
      all.add(sealer.open(FILE, mark));
    }
    all.addAll(known);
    files = List.copyOf(all);
    return files;
  }

  @Override
  public boolean note(String file, int number) {
    return store.get().note(sealer.seal(FILE, file), number);
  }

  private Revision known(Revision sealed) {
    Revision opened =
        with(
            sealed,
            sealed.base().equals(closedBase)
                ? openBase
                : sealed.base().map(text -> sealer.open(BASE, text)),
            sealed.changes().stream()
                .map(change -> Optional.ofNullable(open.get(change)).orElseGet(() -> open(change)))
                .toList());
    keep(opened, sealed);
    return opened;
  }

  private void keep(Revision opened, Revision sealed) {
    var toOpen = new HashMap<Change, Change>();
    var toClosed = new HashMap<Change, Change>();
    for (int i = 0; i < opened.changes().size(); i++) {
      toOpen.put(sealed.changes().get(i), opened.changes().get(i));
      toClosed.put(opened.changes().get(i), sealed.changes().get(i));
    }
    open = toOpen;
    closed = toClosed;
    openBase = opened.base();
    closedBase = sealed.base();
  }

  private Revision opened(Revision sealed) {
    return with(
        sealed,
        sealed.base().map(text -> sealer.open(BASE, text)),
        sealed.changes().stream().map(this::open).toList());
  }

  private Change sealed(Change change) {
    Change known = closed.get(change);
    return known == null
        ? with(change, value -> StringNode.valueOf(sealer.seal(CHANGE, Json.text(value))))
        : known;
  }

  private Change open(Change change) {
    return with(change, value -> Json.parse(sealer.open(CHANGE, value.asString())));
  }

  private static Change with(Change change, UnaryOperator<JsonNode> value) {
    return new Change(
        change.path(),
        change.value().map(value),
        change.override(),
        change.by(),
        change.at(),
        change.until());
  }

  private static Revision with(Revision other, Optional<String> base, List<Change> changes) {
    return new Revision(other.number(), other.at(), other.by(), other.why(), base, changes);
  }
}
