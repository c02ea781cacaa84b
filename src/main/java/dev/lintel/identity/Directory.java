package dev.lintel.identity;

import dev.lintel.CallThread;
import dev.lintel.CallerKey;
import dev.lintel.CallerKeys;
import dev.lintel.Changes;
import dev.lintel.Failure;
import dev.lintel.Reach;
import dev.lintel.Rounds;
import dev.lintel.Sealer;
import dev.lintel.Store;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All keys of the store in memory. A thread of its own looks some three times a second for what has
 * changed there, and writes now and then when keys were used last; calls read memory alone, but for
 * those that come before the first look is over.
 */
public final class Directory implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Directory.class);
  private static final Duration LOOK = Duration.ofMillis(300);
  private static final Duration WRITE = Duration.ofSeconds(10);
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  /** Its younger half holds a hundred thousand keys that call by turns. */
  private static final int PROVED = 1 << 18;

  private final Supplier<Store> store;
  private final InstantSource clock;
  private final byte[] proposal;
  private final Sealer sealer;
  private final Map<Object, KnownKey> byMark = new ConcurrentHashMap<>();
  private final Map<String, KnownKey> byId = new ConcurrentHashMap<>();
  private final Map<List<String>, List<Reach.Network>> networks = new ConcurrentHashMap<>();
  private final Memo<String, KnownKey> proved = new Memo<>(PROVED);

  /** Of the keys that configurations give. */
  private final Map<String, LastUse> written = new ConcurrentHashMap<>();

  private final Set<LastUse> used = ConcurrentHashMap.newKeySet();
  private final CompletableFuture<Boolean> looked = new CompletableFuture<>();
  private volatile Digest.@Nullable Maker maker;
  private volatile boolean loaded;
  private final Rounds rounds = new Rounds("lintel-keys", this::keepUp);
  private long since;
  private long lookedAt;
  private long wrote;
  private boolean away;

  /**
   * @param store throws {@link Failure} where there is none at the moment
   * @param proposal the secret under which keys are hashed, where the store's nodes have not agreed
   *     on another
   * @param sealer of the secrets of AWS pairs
   */
  public Directory(Supplier<Store> store, InstantSource clock, byte[] proposal, Sealer sealer) {
    this.store = store;
    this.clock = clock;
    this.proposal = proposal;
    this.sealer = sealer;
  }

  /** Begins to look. */
  public void start() {
    wrote = System.nanoTime();
    rounds.begin(Duration.ZERO);
  }

  /** Looks sooner: something is said to have changed. From any thread. */
  public void look() {
    rounds.hurry();
  }

  /** Forgets a key that was deleted, before the store is looked at again. */
  public void forget(String id) {
    KnownKey gone = byId.remove(id);
    if (gone != null) {
      byMark.remove(gone.mark, gone);
      gone.end();
    }
  }

  /** The same of all that an app was given. */
  public void forget(Changes.App app) {
    for (KnownKey key : byId.values()) {
      if (key.tenant.equals(app.tenant()) && (app.name().isEmpty() || key.app.equals(app.name()))) {
        forget(key.id);
      }
    }
  }

  /** As {@link CallerKey#hash} has it. Waits as calls do where the secret is not known yet. */
  public String hash(String key) {
    return maker().hex(key);
  }

  /**
   * As {@link CallerKey#sealed} has it.
   *
   * @param id of the key whose secret it is
   */
  public String seal(String id, String secret) {
    return sealer.seal(what(id), secret);
  }

  String opened(KnownKey key) {
    return sealer.open(what(key.id), key.sealed);
  }

  private static String what(String id) {
    return "caller_key/" + id;
  }

  /** One that was found good before; {@code null} where it was not, or is not any more. */
  @Nullable KnownKey proved(String key) {
    KnownKey known = proved.get(key);
    if (known == null) {
      return null;
    }
    if (known.ended()) {
      proved.remove(key);
      return null;
    }
    return known.good(clock.millis()) ? known : null;
  }

  /** Empty where the store has no such key, or none that is good at the moment. */
  Optional<KnownKey> find(String key) {
    Digest.Maker known = maker();
    KnownKey found = byMark.get(known.of(key));
    if (found == null || !found.good(clock.millis())) {
      return Optional.empty();
    }
    proved.put(key, found);
    return Optional.of(found);
  }

  /** By the access key of a pair. */
  Optional<KnownKey> signer(String accessKey) {
    maker();
    return Optional.ofNullable(byMark.get(accessKey)).filter(key -> key.good(clock.millis()));
  }

  /** Also one whose time is over; empty where it was deleted. */
  Optional<KnownKey> byId(String id) {
    maker();
    return Optional.ofNullable(byId.get(id));
  }

  void used(LastUse use) {
    if (use.now(clock.millis())) {
      used.add(use);
    }
  }

  /** Of a key that a configuration gives. */
  LastUse written(String id) {
    return written.computeIfAbsent(id, first -> new LastUse(id, Optional.empty()));
  }

  /** When that key was used last, as far as this node knows; it may not be written down yet. */
  public Optional<Instant> lastUse(String id) {
    KnownKey key = byId.get(id);
    return Optional.ofNullable(key == null ? written.get(id) : key.use).flatMap(LastUse::when);
  }

  /** How many keys there are. */
  public int size() {
    return byId.size();
  }

  private Digest.Maker maker() {
    if (!loaded) {
      // A copy, so that nobody's patience ends that of the others.
      var _ =
          CallThread.await(
              looked.copy().completeOnTimeout(false, PATIENCE.toMillis(), TimeUnit.MILLISECONDS));
    }
    Digest.Maker known = maker;
    if (!loaded || known == null) {
      throw notYet();
    }
    return known;
  }

  private static Failure notYet() {
    return Failure.of(
            Failure.Kind.UNAVAILABLE,
            "Keys cannot be looked up at the moment: the store has not been read yet.")
        .retryAfter(Optional.of(Duration.ofSeconds(1)));
  }

  private Duration keepUp() {
    try {
      Store open = store.get();
      agree(open);
      look(open.callerKeys());
      if (System.nanoTime() - wrote > WRITE.toNanos()) {
        wrote = System.nanoTime();
        write(open.callerKeys());
      }
      if (away) {
        away = false;
        LOG.info("the store of callers' keys is there again");
      }
    } catch (RuntimeException failed) {
      if (!away && !rounds.ended()) {
        away = true;
        LOG.warn("callers' keys stay as they are known: {}", failed.getMessage());
      }
    }
    looked.complete(loaded);
    return LOOK;
  }

  private void agree(Store open) {
    if (maker == null) {
      byte[] secret = open.agreed("caller_keys", proposal);
      maker = new Digest.Maker(secret);
    }
  }

  private void look(CallerKeys keys) {
    long now = System.nanoTime();
    // What was deleted is told of for so long only.
    boolean anew = !loaded || now - lookedAt > CallerKeys.GONE_FOR.toNanos() / 2;
    long next = anew ? all(keys) : keys.changed(since, this::know, this::forget);
    if (next < since) {
      next = all(keys);
    }
    since = next;
    lookedAt = now;
    loaded = true;
  }

  /** Everything, and nothing that is not there. */
  private long all(CallerKeys keys) {
    var there = new HashSet<String>();
    long next =
        keys.changed(
            CallerKeys.ANEW,
            key -> {
              there.add(key.id());
              know(key);
            },
            this::forget);
    byId.keySet().stream().filter(id -> !there.contains(id)).toList().forEach(this::forget);
    return next;
  }

  /** Knows a key that was made or changed, before the store is looked at again. */
  public void know(CallerKey key) {
    Object mark =
        switch (key.kind()) {
          case BEARER -> Digest.of(key.hash());
          case AWS -> key.hash();
        };
    KnownKey before = byId.get(key.id());
    // It may have been used since its row was read.
    LastUse use = before == null ? new LastUse(key.id(), key.lastUse()) : before.use;
    var next = new KnownKey(key, networks(key.scopes()), mark, use);
    byId.put(next.id, next);
    byMark.put(mark, next);
    if (before != null) {
      before.end();
    }
  }

  private List<Reach.Network> networks(CallerKey.Scopes scopes) {
    return scopes.addresses().isEmpty()
        ? List.of()
        : networks.computeIfAbsent(
            List.copyOf(scopes.addresses()),
            texts -> texts.stream().map(Reach.Network::of).toList());
  }

  private void write(CallerKeys keys) {
    var when = new HashMap<String, Instant>();
    for (LastUse use : Set.copyOf(used)) {
      used.remove(use);
      use.when().ifPresent(moment -> when.put(use.id, moment));
    }
    if (!when.isEmpty()) {
      keys.used(when);
    }
  }

  /** Writes when keys were used last. */
  @Override
  public void close() {
    rounds.close();
    try {
      if (loaded) {
        write(store.get().callerKeys());
      }
    } catch (RuntimeException failed) {
      LOG.warn("the last uses of keys are lost: {}", failed.getMessage());
    }
  }
}
