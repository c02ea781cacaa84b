package dev.lintel.filter;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.lintel.Block;
import dev.lintel.Call;
import dev.lintel.Chat;
import dev.lintel.Chunk;
import dev.lintel.Filter;
import dev.lintel.Handler;
import dev.lintel.Part;
import dev.lintel.Prompt;
import dev.lintel.Sink;
import dev.lintel.Turn;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Keeps the signatures that a client's dialect has no place for.
 *
 * <p>Claude and Gemini sign what they think and want the signature back with the result of a tool.
 * A client that speaks another dialect cannot be relied on to return it, so it is kept here by
 * tenant and tool-call id, and put back before the provider is asked. Calls whose client and
 * provider speak the same dialect carry their signatures themselves and are not looked at.
 */
public final class Signatures implements Filter {
  private static final long MOST_BYTES = 64L << 20;
  private static final Duration KEPT = Duration.ofHours(2);

  private record Key(String tenant, String toolUse) {}

  /**
   * What came with one tool call: its own signature, and the thoughts between it and the call
   * before.
   */
  private record Kept(String name, List<Block.Thought> thoughts, String signature, String vendor) {
    int weight() {
      int bytes = 200 + signature.length();
      for (Block.Thought thought : thoughts) {
        bytes += thought.text().length() + thought.signature().length();
      }
      return bytes;
    }
  }

  private final Cache<Key, Kept> kept =
      Caffeine.newBuilder()
          .maximumWeight(MOST_BYTES)
          .weigher((Key key, Kept value) -> value.weight())
          .expireAfterAccess(KEPT)
          .build();

  @Override
  public void apply(Call call, Sink sink, Handler next) {
    String provider = call.target().map(choice -> choice.dialect().name()).orElse("");
    if (!(call.request() instanceof Chat chat) || chat.dialect().name().equals(provider)) {
      next.handle(call, sink);
      return;
    }
    String tenant = call.caller().tenant();
    Call restored =
        restore(chat.prompt(), tenant).map(whole -> call.with(chat.with(whole))).orElse(call);
    next.handle(restored, new Keeping(sink, tenant));
  }

  /** Empty where there is nothing to put back. */
  private Optional<Prompt> restore(Prompt prompt, String tenant) {
    var turns = new ArrayDeque<Turn>(prompt.turns().size());
    var seen = new HashSet<String>();
    boolean changed = false;
    for (Turn turn : prompt.turns().reversed()) {
      Optional<Turn> whole =
          turn.role() == Turn.Role.ASSISTANT ? restore(turn, tenant, seen) : Optional.empty();
      changed |= whole.isPresent();
      turns.addFirst(whole.orElse(turn));
    }
    return changed ? Optional.of(prompt.turns(List.copyOf(turns))) : Optional.empty();
  }

  /**
   * @param seen ids of later turns: some providers use an id again, and what is kept is its last
   *     call's
   */
  private Optional<Turn> restore(Turn turn, String tenant, Set<String> seen) {
    var blocks = new ArrayList<Block>(turn.blocks().size() + 1);
    boolean changed = false;
    boolean signed =
        turn.blocks().stream()
            .anyMatch(
                block -> block instanceof Block.Thought thought && !thought.signature().isEmpty());
    int step = 0;
    for (Block block : turn.blocks()) {
      blocks.add(block);
      if (!(block instanceof Block.ToolUse use)) {
        continue;
      }
      Kept known = seen.add(use.id()) ? kept.getIfPresent(new Key(tenant, use.id())) : null;
      if (known != null && !known.name.equals(use.name())) {
        known = null;
      }
      if (known != null && use.signature().isEmpty() && !known.signature.isEmpty()) {
        blocks.set(blocks.size() - 1, signed(use, known));
        changed = true;
      }
      if (known != null && !signed && !known.thoughts.isEmpty()) {
        // The client may have returned the thoughts' words without their proof: the kept ones
        // replace them.
        List<Block> before = blocks.subList(step, blocks.size());
        before.removeIf(Block.Thought.class::isInstance);
        before.addAll(0, known.thoughts);
        changed = true;
      }
      step = blocks.size();
    }
    return changed ? Optional.of(new Turn(turn.role(), blocks, turn.extra())) : Optional.empty();
  }

  private static Block.ToolUse signed(Block.ToolUse use, Kept known) {
    return new Block.ToolUse(
        use.id(),
        use.name(),
        use.arguments(),
        known.signature,
        known.vendor,
        use.cache(),
        use.extra());
  }

  /** Watches a reply for tool calls and the signatures that belong to them. */
  private final class Keeping implements Sink {
    private final Sink sink;
    private final String tenant;
    private final StringBuilder thinking = new StringBuilder();
    private final List<Block.Thought> thoughts = new ArrayList<>(1);
    private final Map<Integer, Part.ToolUse> begun = new HashMap<>();

    Keeping(Sink sink, String tenant) {
      this.sink = sink;
      this.tenant = tenant;
    }

    @Override
    public void emit(Chunk chunk) {
      for (Part part : chunk.parts()) {
        if (part instanceof Part.Thought thought) {
          think(thought);
        } else if (part instanceof Part.ToolUse use) {
          use(use);
        }
      }
      sink.emit(chunk);
    }

    @Override
    public void flush() {
      sink.flush();
    }

    private void think(Part.Thought thought) {
      thinking.append(thought.text());
      if (!thought.signature().isEmpty()) {
        thoughts.add(
            new Block.Thought(
                thinking.toString(), thought.signature(), thought.vendor(), thought.sealed()));
        thinking.setLength(0);
      }
    }

    private void use(Part.ToolUse use) {
      boolean first = !use.id().isEmpty();
      Part.ToolUse call = first ? use : begun.get(use.index());
      if (first) {
        begun.put(use.index(), use);
      }
      if (call != null && (!use.signature().isEmpty() || (first && !thoughts.isEmpty()))) {
        kept.put(
            new Key(tenant, call.id()),
            new Kept(call.name(), List.copyOf(thoughts), use.signature(), use.vendor()));
      }
      if (first) {
        thoughts.clear();
      }
    }
  }
}
