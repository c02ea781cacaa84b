package dev.lintel.filter;

import dev.lintel.Adaptation;
import dev.lintel.Call;
import dev.lintel.Chat;
import dev.lintel.Credential;
import dev.lintel.Failure;
import dev.lintel.Filter;
import dev.lintel.Handler;
import dev.lintel.Memory;
import dev.lintel.Model;
import dev.lintel.Provider;
import dev.lintel.Sink;
import dev.lintel.Stateful;
import dev.lintel.Target;
import dev.lintel.Ties;
import dev.lintel.Trail;
import dev.lintel.filter.KnownReplies.Kept;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Keeps what one request of a conversation names together with who knows it.
 *
 * <p>A reply that its provider keeps is known to nobody else: its id says, sealed, which target
 * made it and for whom, and a request that names it goes to that target alone. A reply that the
 * gateway worded itself is kept here, and said again to whatever target is asked. A name that
 * cannot be followed is the caller's to hear of; no other target is asked in silence.
 */
public final class Continuity implements Filter {
  /** A key that the caller brought. */
  private static final String OWN = "own";

  private static final String PREVIOUS = "previous_response_id";

  private final Seals seals;
  private final KnownReplies kept = new KnownReplies();

  /**
   * @param secret of this installation: ids that were sealed with it are good after a restart
   * @param agreed the secret on which all nodes of its store have agreed, where there are several;
   *     throws {@link Failure} {@code UNAVAILABLE} where it cannot be had at the moment
   */
  public Continuity(byte[] secret, Optional<Supplier<byte[]>> agreed) {
    this.seals = new Seals(secret, agreed);
  }

  /** Who made something: a target, and the key with which it was asked. */
  record Pin(String target, String key) {
    boolean isAt(Target other) {
      return other.name().equals(target);
    }

    /** The account counts: another model of the same one knows its ids, too. */
    boolean isOf(Provider other) {
      return target.startsWith(other.name() + "/");
    }
  }

  @Override
  public void apply(Call call, Sink sink, Handler next) {
    if (!(call.request() instanceof Chat chat)
        || !(chat.dialect() instanceof Stateful dialect)
        || chat.original().isEmpty()) {
      next.handle(call, sink);
      return;
    }
    Ties ties = dialect.ties(chat);
    List<JsonNode> before = List.of();
    Call followed = call;
    if (!ties.none()) {
      var following = new Following(call, chat, dialect, ties);
      followed = following.followed();
      before = following.before;
    }
    call.trail().remember(new Remembered(call, chat, dialect, before, ties.kept()));
    next.handle(followed, sink);
  }

  /** A reply that this tenant was given and that is kept here, as it saw it. */
  public Optional<byte[]> response(String tenant, String id) {
    return kept.reply(tenant, id).map(Kept.Reply::response);
  }

  /** What was asked for such a reply, item by item. */
  public Optional<List<JsonNode>> input(String tenant, String id) {
    return kept.reply(tenant, id).map(Kept.Reply::input);
  }

  /** Forgets such a reply; false where there is none. */
  public boolean forget(String tenant, String id) {
    return kept.forget(tenant, id);
  }

  /**
   * Who keeps a reply, and under which id.
   *
   * @param provider its name
   * @param model as the provider calls it
   */
  public record Keeper(String provider, String model, String key, String id) {
    /** The model at its one target, to be asked with the one key. */
    public Optional<Model> at(Model all) {
      return withOneKey(all.targets().getFirst(), key).map(one -> all.only(List.of(one)));
    }
  }

  /** Empty where no provider keeps a reply that this tenant knows by that id. */
  public Optional<Keeper> keeper(String tenant, String id) {
    return seals
        .open(tenant, id)
        .map(open -> {
          String target = open.pin().target();
          int slash = target.indexOf('/');
          return new Keeper(
              target.substring(0, slash), target.substring(slash + 1), open.pin().key(), open.id());
        });
  }

  /** Tells ids apart in what a keeper says. */
  public Memory memory(String tenant, Trail trail) {
    return new Names(tenant, trail);
  }

  /** Follows the names in one request. */
  private final class Following {
    private final Call call;
    private final Chat chat;
    private final Stateful dialect;
    private final Ties ties;
    private final String tenant;
    private final Map<String, JsonNode> items = new HashMap<>();
    private final Set<String> without = new HashSet<>();
    private Optional<String> previous = Optional.empty();
    private List<JsonNode> before = List.of();
    private @Nullable Pin pin;
    private String pinnedBy = PREVIOUS;

    Following(Call call, Chat chat, Stateful dialect, Ties ties) {
      this.call = call;
      this.chat = chat;
      this.dialect = dialect;
      this.ties = ties;
      this.tenant = call.caller().tenant();
    }

    Call followed() {
      ties.previous().ifPresent(this::previous);
      ties.items().forEach(this::item);
      ties.sealed().forEach(this::sealed);
      Pin known = pin;
      Model all = known == null ? call.resolved() : pinned(known);
      Model model = ties.conversation().map(id -> conversation(all)).orElse(all);
      if (!without.isEmpty()) {
        var adaptation = new Adaptation(call.trail(), call.terms().strict());
        for (Ties.Named thought : ties.sealed()) {
          if (without.contains(thought.id())) {
            adaptation.drop(thought.place());
          }
        }
        call.trail().keepAdapted();
      }
      Chat said = dialect.tied(chat, new Stateful.Knowledge(previous, before, items, without));
      return call.with(said, call.terms(), call.ownKey(), model, call.deadline());
    }

    private void previous(String id) {
      if (kept.find(tenant, id) instanceof Kept.Reply reply) {
        before = reply.said();
        return;
      }
      Seal.Open open =
          seals
              .open(tenant, id)
              .orElseThrow(() ->
                  refused(
                      PREVIOUS,
                      "There is no response '"
                          + id
                          + "': it was never made for this tenant, was not stored, or is not kept any more."));
      previous = Optional.of(open.id());
      pin = open.pin();
    }

    private void item(Ties.Named named) {
      Kept found = kept.find(tenant, named.id());
      switch (found) {
        case Kept.Piece piece -> items.put(named.id(), piece.item());
        case Kept.Away away -> {
          if (pin != null && !away.pin().equals(pin)) {
            throw refused(
                named.place(), "'" + named.id() + "' was made elsewhere than '" + pinnedBy + "'.");
          }
          if (pin == null) {
            pin = away.pin();
            pinnedBy = named.place();
          }
        }
        case Kept.Reply reply -> throw unknown(named);
        case null -> throw unknown(named);
      }
    }

    private Failure unknown(Ties.Named named) {
      return refused(named.place(), "There is no item '" + named.id() + "' that is known here.");
    }

    /**
     * A thought goes back to its maker, which then is the only one to be asked; where the model has
     * no such target, or something else decides who is asked, it is left out.
     */
    private void sealed(Ties.Named named) {
      if (!(kept.find(tenant, named.id()) instanceof Kept.Away away)) {
        return;
      }
      if (pin == null && find(away.pin()).isPresent()) {
        pin = away.pin();
        pinnedBy = named.place();
      } else if (!away.pin().equals(pin)) {
        without.add(named.id());
      }
    }

    private Model pinned(Pin to) {
      Model model = call.resolved();
      Target only =
          find(to)
              .orElseThrow(() ->
                  refused(
                      pinnedBy,
                      "What '"
                          + pinnedBy
                          + "' names was made by "
                          + to.target
                          + ", which '"
                          + model.name()
                          + "' does not ask."));
      return model.only(List.of(only));
    }

    private Optional<Target> find(Pin to) {
      List<Target> targets = call.resolved().everywhere().toList();
      return targets.stream()
          .filter(to::isAt)
          .findFirst()
          .or(() -> targets.stream().filter(target -> to.isOf(target.provider())).findFirst())
          .filter(this::speaks)
          .flatMap(target -> withKey(target, to.key));
    }

    /** Whether the target is asked in the caller's own language, as it was then. */
    private boolean speaks(Target target) {
      return target.provider().dialects().of(chat, target).name().equals(chat.dialect().name());
    }

    /** The target with that key of its provider's alone: another one may be another account's. */
    private Optional<Target> withKey(Target target, String id) {
      return call.ownKey().isPresent() || id.equals(OWN)
          ? call.ownKey().filter(own -> own.id().equals(id)).map(own -> target)
          : withOneKey(target, id);
    }

    /** Made by nobody here, so nobody here can tell whose it is: only one may be meant. */
    private Model conversation(Model model) {
      boolean clear = model.targets().size() == 1 && speaks(model.targets().getFirst());
      if (!clear) {
        throw refused(
            "conversation",
            "A conversation is known to its provider alone: ask for a model with that one target.");
      }
      return model.only(model.targets());
    }
  }

  private static Optional<Target> withOneKey(Target target, String id) {
    Provider all = target.provider();
    List<Credential> keys = all.credentials().stream().filter(key -> key.id().equals(id)).toList();
    if (keys.isEmpty() || keys.size() == all.credentials().size()) {
      return keys.isEmpty() ? Optional.empty() : Optional.of(target);
    }
    return Optional.of(
        new Target(
            all.only(keys), target.model(), target.profile(), target.facts(), target.standing()));
  }

  private static Failure refused(String param, String message) {
    return Failure.invalid(message)
        .at(param)
        .code(param.equals(PREVIOUS) ? "previous_response_not_found" : null);
  }

  /** By which ids one tenant knows what a call's target keeps. */
  private class Names implements Memory {
    final String tenant;
    final String made = "resp_" + UUID.randomUUID().toString().replace("-", "");
    private final Trail trail;

    Names(String tenant, Trail trail) {
      this.tenant = tenant;
      this.trail = trail;
    }

    Pin pin() {
      return new Pin(trail.target().map(Target::name).orElse(""), trail.credential().id());
    }

    @Override
    public String shown(String id) {
      return id.isEmpty() ? made : seals.close(tenant, new Seal.Open(pin(), id));
    }

    @Override
    public String known(String shown) {
      return seals.open(tenant, shown).map(Seal.Open::id).orElse(shown);
    }

    @Override
    public String made() {
      return made;
    }

    @Override
    public void item(String id) {
      kept.keep(tenant, id, pin());
    }

    @Override
    public void reply(byte[] response, List<JsonNode> output) {}
  }

  /** The same for a new reply, which is kept here where nobody else does. */
  private final class Remembered extends Names {
    private final Chat chat;
    private final Stateful dialect;
    private final List<JsonNode> before;
    private final boolean stored;

    Remembered(Call call, Chat chat, Stateful dialect, List<JsonNode> before, boolean stored) {
      super(call.caller().tenant(), call.trail());
      this.chat = chat;
      this.dialect = dialect;
      this.before = before;
      this.stored = stored;
    }

    @Override
    public void reply(byte[] response, List<JsonNode> output) {
      if (stored) {
        kept.keep(
            tenant,
            made,
            response,
            before,
            dialect.input(chat),
            chat.estimatedTokens() * 4L,
            output);
      }
    }
  }
}
