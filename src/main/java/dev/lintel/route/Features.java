package dev.lintel.route;

import dev.lintel.Block;
import dev.lintel.Call;
import dev.lintel.Chat;
import dev.lintel.Extent;
import dev.lintel.Failure;
import dev.lintel.Format;
import dev.lintel.Prompt;
import dev.lintel.Thinking;
import dev.lintel.Turn;
import java.lang.Character.UnicodeScript;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/**
 * What can be told of a call without understanding it, in one pass over the user's last words, of
 * which the first 64 K characters are looked at. A conversation that makes no sense has a length
 * and nothing else.
 */
final class Features {
  /** One of them: a number, 0 where there is nothing of it. */
  enum Feature {
    BIAS,
    TOKENS,
    OUTPUT,
    TURNS,
    TOOLS,
    JSON,
    SCHEMA,
    THINKING,
    MEDIA,
    CODE,
    QUESTIONS,
    MATHS,
    SCRIPTS
  }

  private static final int LOOKED_AT = 64 << 10;
  private static final String FENCE = "```";
  private static final String QUESTIONS = "?？¿؟";
  private static final String MATHS = "=^√∑∏∫∂∇∞≤≥≠≈≡±×÷∀∃∈∪∩⊂⇒";

  /** Longer ones are not in any list of words. */
  private static final int LONGEST_WORD = 40;

  /** Chinese has no spaces: every run of so many characters may be a word. */
  private static final int LONGEST_HAN = 4;

  private final Map<Feature, Double> found = new EnumMap<>(Feature.class);
  private final Consumer<String> words;
  private final Set<UnicodeScript> scripts = EnumSet.noneOf(UnicodeScript.class);
  private int left = LOOKED_AT;
  private boolean inCode;

  /**
   * @param words is told each word of the text, in lower case
   */
  Features(Call call, Consumer<String> words) {
    this.words = words;
    found.put(Feature.BIAS, 1.0);
    found.put(Feature.TOKENS, (double) Extent.inputTokens(call.request()));
    found.put(Feature.OUTPUT, (double) Extent.maxTokens(call.request()));
    if (call.request() instanceof Chat chat) {
      try {
        look(chat.prompt());
      } catch (Failure unreadable) {
        // Whoever is asked will say so.
      }
    }
  }

  double of(Feature feature) {
    return found.getOrDefault(feature, 0.0);
  }

  private void look(Prompt prompt) {
    found.put(Feature.TURNS, (double) prompt.turns().size());
    found.put(Feature.TOOLS, (double) prompt.tools().size());
    prompt
        .format()
        .ifPresent(format ->
            found.put(format instanceof Format.JsonSchema ? Feature.SCHEMA : Feature.JSON, 1.0));
    if (prompt.thinking().filter(asked -> asked.mode() == Thinking.Mode.ON).isPresent()) {
      found.put(Feature.THINKING, 1.0);
    }
    for (Turn turn : prompt.turns().reversed()) {
      if (turn.role() == Turn.Role.USER && look(turn.blocks())) {
        break;
      }
    }
    found.put(Feature.SCRIPTS, (double) Math.max(0, scripts.size() - 1));
  }

  /** Whether the user said anything there; the results of tools are no words of the user's. */
  private boolean look(List<Block> blocks) {
    boolean said = false;
    for (Block block : blocks) {
      if (block instanceof Block.Text text) {
        said = true;
        look(text.text());
      } else if (block instanceof Block.Media) {
        said = true;
        add(Feature.MEDIA);
      }
    }
    return said;
  }

  private void add(Feature feature) {
    found.merge(feature, 1.0, Double::sum);
  }

  private void look(String text) {
    int end = Math.min(text.length(), left);
    left -= end;
    int begun = -1;
    for (int i = 0; i < end; i++) {
      char c = text.charAt(i);
      boolean letter = Character.isLetter(c);
      if (letter && Character.isIdeographic(c)) {
        word(text, begun, i);
        begun = -1;
        han(text, i, end);
        scripts.add(UnicodeScript.HAN);
      } else if (letter) {
        if (begun < 0) {
          begun = i;
          scripts.add(c < 128 ? UnicodeScript.LATIN : UnicodeScript.of(c));
        }
      } else {
        word(text, begun, i);
        begun = -1;
        sign(text, i, c);
      }
    }
    word(text, begun, end);
  }

  private void sign(String text, int at, char c) {
    if (c == '`' && text.startsWith(FENCE, at) && (at == 0 || text.charAt(at - 1) != '`')) {
      inCode = !inCode;
      if (inCode) {
        add(Feature.CODE);
      }
    } else if (QUESTIONS.indexOf(c) >= 0) {
      add(Feature.QUESTIONS);
    } else if (!inCode && (MATHS.indexOf(c) >= 0 || isCommand(text, at, c))) {
      add(Feature.MATHS);
    }
  }

  /** One of TeX's, such as a fraction. */
  private static boolean isCommand(String text, int at, char c) {
    return c == '\\' && at + 1 < text.length() && Character.isLowerCase(text.charAt(at + 1));
  }

  private void word(String text, int begun, int end) {
    if (begun >= 0 && end - begun <= LONGEST_WORD) {
      words.accept(text.substring(begun, end).toLowerCase(Locale.ROOT));
    }
  }

  private void han(String text, int at, int end) {
    for (int to = at + 1; to <= Math.min(end, at + LONGEST_HAN); to++) {
      if (!Character.isIdeographic(text.charAt(to - 1))) {
        return;
      }
      words.accept(text.substring(at, to));
    }
  }
}
