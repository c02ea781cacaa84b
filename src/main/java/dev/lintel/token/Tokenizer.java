package dev.lintel.token;

import com.knuddels.jtokkit.api.Encoding;
import com.knuddels.jtokkit.api.EncodingRegistry;
import com.knuddels.jtokkit.api.EncodingType;
import dev.lintel.Block;
import dev.lintel.Format;
import dev.lintel.Json;
import dev.lintel.Prompt;
import dev.lintel.TokenCounter;
import dev.lintel.Tool;
import dev.lintel.Turn;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * Counts by OpenAI's public encodings, each loaded when it is first needed, which takes some tenths
 * of a second and some ten megabytes.
 */
public final class Tokenizer implements TokenCounter {
  /** What surrounds a turn: "How to count tokens with tiktoken", OpenAI cookbook. */
  private static final int TURN = 3;

  private static final int REPLY = 3;

  /** So much is cut up at once: the effort for a word grows faster than its length. */
  private static final int PIECE = 8 << 10;

  /** What is longer is counted by its beginning; no context window is as long. */
  private static final int LONGEST = 4 << 20;

  /** Characters of base64 that make one token of a sound or a film: some 30 a second. */
  private static final int SOUND = 700;

  /** Characters of base64 that make one token of a document whose pages nobody sees here. */
  private static final int DOCUMENT = 100;

  private final EncodingRegistry registry =
      com.knuddels.jtokkit.Encodings.newLazyEncodingRegistry();
  private final ConcurrentMap<EncodingType, CompletableFuture<Encoding>> loaded =
      new ConcurrentHashMap<>();
  private final Encodings encodings = Encodings.read();

  @Override
  public long text(String text, String model) {
    Encodings.Row row = encodings.of(model);
    return fitted(count(text, encoding(row)), row);
  }

  @Override
  public long prompt(Prompt prompt, String model) {
    Encodings.Row row = encodings.of(model);
    var read = new Reading(row.image());
    for (Turn turn : prompt.turns()) {
      read.tokens += TURN;
      read.blocks(turn.blocks());
    }
    prompt.tools().forEach(read::tool);
    prompt.format().ifPresent(read::format);
    long words = fitted(count(read.text, encoding(row)), row);
    return words + read.tokens + REPLY;
  }

  @Override
  public boolean ready(String model) {
    return loading(encodings.of(model)).isDone();
  }

  private Encoding encoding(Encodings.Row row) {
    return loading(row).join();
  }

  private CompletableFuture<Encoding> loading(Encodings.Row row) {
    return loaded.computeIfAbsent(
        row.encoding(),
        name ->
            CompletableFuture.supplyAsync(
                () -> registry.getEncoding(name),
                load -> Thread.ofPlatform().daemon().name("lintel-tokens").start(load)));
  }

  private static long fitted(long tokens, Encodings.Row row) {
    return (tokens * row.percent() + 99) / 100;
  }

  private static long count(CharSequence text, Encoding encoding) {
    int end = Math.min(text.length(), LONGEST);
    long tokens = 0;
    for (int from = 0; from < end; ) {
      int to = cut(text, from, end);
      tokens += encoding.countTokensOrdinary(text.subSequence(from, to).toString());
      from = to;
    }
    return end == text.length() ? tokens : (long) ((double) tokens * text.length() / end);
  }

  /** Before a white space where there is one in the second half, for no token goes across it. */
  private static int cut(CharSequence text, int from, int end) {
    int to = from + PIECE;
    if (to >= end) {
      return end;
    }
    for (int i = to; i > from + PIECE / 2; i--) {
      if (Character.isWhitespace(text.charAt(i))) {
        return i;
      }
    }
    return Character.isLowSurrogate(text.charAt(to)) ? to - 1 : to;
  }

  /** All the text of a prompt, and the tokens of what is no text. */
  private static final class Reading {
    private final StringBuilder text = new StringBuilder();
    private final int image;
    private long tokens;

    Reading(int image) {
      this.image = image;
    }

    void blocks(List<Block> blocks) {
      blocks.forEach(this::block);
    }

    private void block(Block block) {
      switch (block) {
        case Block.Text said -> add(said.text());
        case Block.Refusal refusal -> add(refusal.text());
        case Block.Thought thought -> add(thought.text());
        case Block.Media media -> media(media);
        case Block.ToolUse call -> {
          add(call.name());
          add(call.arguments());
        }
        case Block.ToolResult result -> {
          tokens += TURN;
          blocks(result.content());
        }
        case Block.Native other -> add(Json.text(other.extra().fields()));
      }
    }

    private void media(Block.Media media) {
      if (media.source() instanceof Block.Media.Source.Plain plain) {
        add(plain.text());
        return;
      }
      int length =
          media.source() instanceof Block.Media.Source.Inline inline ? inline.base64().length() : 0;
      tokens +=
          switch (media.kind()) {
            case IMAGE -> image;
            case AUDIO, VIDEO -> length / SOUND;
            case DOCUMENT -> length / DOCUMENT;
          };
    }

    void tool(Tool tool) {
      tokens += TURN;
      switch (tool) {
        case Tool.Function function -> {
          add(function.name());
          add(function.description());
          add(Json.text(function.schema()));
        }
        case Tool.Native vendors -> add(Json.text(vendors.extra().fields()));
      }
    }

    void format(Format format) {
      if (format instanceof Format.JsonSchema schema) {
        add(Json.text(schema.schema()));
      }
    }

    private void add(String more) {
      if (!more.isEmpty()) {
        text.append(more).append('\n');
      }
    }
  }
}
