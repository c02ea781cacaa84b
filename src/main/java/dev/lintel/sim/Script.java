package dev.lintel.sim;

import dev.lintel.Block;
import dev.lintel.Chat;
import dev.lintel.Chunk;
import dev.lintel.Format;
import dev.lintel.Json;
import dev.lintel.Part;
import dev.lintel.Part.Stop.Reason;
import dev.lintel.Prompt;
import dev.lintel.Setting;
import dev.lintel.Thinking;
import dev.lintel.Tool;
import dev.lintel.Turn;
import dev.lintel.Usage;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/**
 * What is answered to a prompt: one content chunk a token, decided by the prompt and the options
 * alone.
 */
record Script(Chunk opening, List<Chunk> content, Chunk closing) {
  private static final int FRAGMENT = 8;

  static Script of(Chat chat, Vendor vendor, SimOptions options) {
    return new Writing(chat, vendor, options).script();
  }

  /** The making of one script. */
  private static final class Writing {
    private final Chat chat;
    private final Prompt prompt;
    private final Vendor vendor;
    private final SimOptions options;
    private final List<Turn> turns;
    private final String asked;
    private final Random random;
    private final String seed;
    private final List<Part> parts = new ArrayList<>();

    /** Tokens of thinking that nobody is shown. */
    private long unseen;

    private Part.Stop stop = new Part.Stop(Reason.END, "", "", "");

    Writing(Chat chat, Vendor vendor, SimOptions options) {
      this.chat = chat;
      this.prompt = chat.prompt();
      this.vendor = vendor;
      this.options = options;
      turns = prompt.turns().stream().filter(turn -> turn.role() != Turn.Role.SYSTEM).toList();
      asked = lastAsked(turns);
      seed = chat.model() + '\n' + turns.size() + '\n' + asked;
      random = new Random(Words.seed(seed));
    }

    Script script() {
      List<Choice.Call> calls =
          !turns.isEmpty() && Proofs.answersTools(turns.getLast())
              ? List.of()
              : Choice.of(prompt, asked, options);
      think(!calls.isEmpty());
      int thoughts = parts.size();
      if (calls.isEmpty()) {
        speak();
      } else {
        call(calls);
      }
      options.stop().ifPresent(reason -> stop = new Part.Stop(reason, "", "", ""));
      List<Part> kept = cut();
      Usage usage =
          usage(
              unseen + tokens(kept),
              unseen + tokens(kept.subList(0, Math.min(thoughts, kept.size()))));
      Usage begun =
          new Usage(
              usage.input(),
              usage.cacheRead(),
              usage.cacheWrite(),
              usage.cacheWriteHour(),
              0,
              0,
              0,
              0,
              Usage.Source.PROVIDER);
      String id =
          vendor.replyPrefix().isEmpty()
              ? "sim-" + Words.token(seed, 16)
              : vendor.replyPrefix() + Words.token(seed, 24);
      return new Script(
          Chunk.of(new Part.Start(id, chat.model()), begun),
          kept.stream().map(Chunk::of).toList(),
          Chunk.of(usage, stop));
    }

    private void think(boolean calls) {
      Optional<Thinking> asks =
          prompt
              .thinking()
              .filter(thinking -> thinking.mode() != Thinking.Mode.OFF)
              .filter(thinking -> !thinking.effort().equals("none"));
      if (asks.isEmpty()) {
        return;
      }
      String thought =
          "The question is: "
              + Words.first(asked, 12)
              + " Let me think. "
              + Words.sentences(random, 12);
      List<String> pieces = Words.pieces(thought);
      boolean claude = vendor == Vendor.ANTHROPIC || vendor == Vendor.BEDROCK;
      boolean sealed = claude && options.flag(Option.SEALED);
      boolean hidden = vendor != Vendor.OPENAI && vendor != Vendor.COHERE && !asks.get().shown();
      if (sealed || hidden) {
        unseen = pieces.size();
      } else {
        pieces.forEach(piece -> parts.add(new Part.Thought(piece, "", vendor.dialect(), false)));
      }
      boolean signed =
          switch (vendor) {
            case OPENAI, COHERE -> false;
            case ANTHROPIC, BEDROCK -> true;
            case GEMINI -> !calls && !hidden;
            case RESPONSES -> sealsThoughts();
          };
      if (signed) {
        parts.add(
            new Part.Thought(
                "",
                signature(claude ? Vendor.ANTHROPIC : vendor, hidden ? "" : thought),
                vendor.dialect(),
                sealed));
      }
    }

    private String signature(Vendor by, String what) {
      return Signature.of(by, what, options.number(Option.SIGNATURE).intValue());
    }

    /** The API gives the sealed thought only to who asks for it. */
    private boolean sealsThoughts() {
      return chat.original()
          .flatMap(original -> original.body().value("include"))
          .map(include -> include.valueStream())
          .orElse(Stream.empty())
          .anyMatch(word -> word.asString("").equals("reasoning.encrypted_content"));
    }

    private void call(List<Choice.Call> calls) {
      stop = new Part.Stop(Reason.TOOL_USE, "", "", "");
      if (options.flag(Option.PREFACE)) {
        text("I will ask the tools.");
      }
      var fragments = new ArrayList<List<Part>>();
      for (int i = 0; i < calls.size(); i++) {
        Tool.Function tool = calls.get(i).tool();
        String signature = i == 0 && vendor == Vendor.GEMINI ? signature(vendor, tool.name()) : "";
        var pieces = new ArrayList<Part>();
        pieces.add(
            new Part.ToolUse(
                i, vendor.callId(seed + '\n' + i), tool.name(), "", signature, vendor.dialect()));
        JsonNode sample = Sample.of(tool.schema(), random);
        String arguments = Json.text(calls.get(i).arguments().<JsonNode>map(w -> w).orElse(sample));
        for (String run : Words.runs(arguments.startsWith("{") ? arguments : "{}", FRAGMENT)) {
          pieces.add(new Part.ToolUse(i, "", "", run, "", vendor.dialect()));
        }
        fragments.add(pieces);
      }
      if (!options.flag(Option.INTERLEAVE)) {
        fragments.forEach(parts::addAll);
        return;
      }
      int longest = fragments.stream().mapToInt(List::size).max().orElse(0);
      for (int i = 0; i < longest; i++) {
        for (List<Part> pieces : fragments) {
          if (i < pieces.size()) {
            parts.add(pieces.get(i));
          }
        }
      }
    }

    private void speak() {
      if (options.stop().filter(Reason.REFUSAL::equals).isPresent()) {
        Words.pieces("I cannot help with that.")
            .forEach(piece -> parts.add(new Part.Refusal(piece)));
        return;
      }
      if (prompt.format().isPresent()) {
        JsonNode instance =
            switch (prompt.format().get()) {
              case Format.JsonObject any -> Json.object().put("answer", Words.sentences(random, 8));
              case Format.JsonSchema fit -> Sample.of(fit.schema(), random);
            };
        Words.runs(Json.text(instance), FRAGMENT).forEach(run -> parts.add(new Part.Text(run)));
        return;
      }
      text(unlessStopped(answer()));
      if (options.flag(Option.IMAGE) || modality("image")) {
        parts.add(new Part.Media("image/png", Picture.png(random.nextInt())));
      }
    }

    /** What was asked or what the tools said, and as many words more as make the wanted length. */
    private String answer() {
      int length = options.number(Option.TOKENS).intValue();
      String addition = options.fault().map(Fault::addition).orElse("");
      String said =
          !turns.isEmpty() && Proofs.answersTools(turns.getLast())
              ? "The tools answered: " + Words.first(results(turns), 40)
              : "You asked: " + Words.first(asked, 20);
      List<String> pieces = Words.pieces(said);
      String sized =
          pieces.size() >= length
              ? String.join("", pieces.subList(0, length))
              : said + " " + Words.sentences(random, length - pieces.size());
      return addition.isEmpty() ? sized : addition + " " + sized;
    }

    private void text(String text) {
      Words.pieces(text).forEach(piece -> parts.add(new Part.Text(piece)));
    }

    private String unlessStopped(String text) {
      String kept = text;
      for (JsonNode sequence : prompt.setting(Setting.STOP).orElse(Json.array())) {
        int at = sequence.asString("").isEmpty() ? -1 : kept.indexOf(sequence.asString());
        if (at >= 0) {
          kept = kept.substring(0, at);
          stop = new Part.Stop(Reason.STOP_SEQUENCE, "", "", sequence.asString());
        }
      }
      return kept;
    }

    /** What fits into the tokens that the caller allows; the reason to stop changes with it. */
    private List<Part> cut() {
      long most =
          prompt
              .setting(Setting.MAX_TOKENS)
              .map(node -> node.asLong(Long.MAX_VALUE))
              .orElse(Long.MAX_VALUE);
      long count = unseen;
      for (int i = 0; i < parts.size(); i++) {
        count += tokens(parts.get(i));
        if (count > most) {
          stop = new Part.Stop(Reason.LENGTH, "", "", "");
          return List.copyOf(parts.subList(0, i));
        }
      }
      return List.copyOf(parts);
    }

    private Usage usage(long output, long reasoning) {
      long characters = 0;
      for (Turn turn : prompt.turns()) {
        for (Block block : turn.blocks()) {
          characters += characters(block);
        }
      }
      for (Tool tool : prompt.tools()) {
        if (tool instanceof Tool.Function function) {
          characters += function.name().length() + Json.text(function.schema()).length();
        }
      }
      return new Usage(
          options.figure(Option.INPUT_TOKENS, 1 + characters / 4),
          options.figure(Option.CACHE_READ_TOKENS, 0),
          options.figure(Option.CACHE_WRITE_TOKENS, 0),
          0,
          options.figure(Option.OUTPUT_TOKENS, output),
          options.figure(Option.REASONING_TOKENS, reasoning),
          0,
          0,
          Usage.Source.PROVIDER);
    }

    private boolean modality(String wanted) {
      for (JsonNode modality : prompt.setting(Setting.MODALITIES).orElse(Json.array())) {
        if (modality.asString("").toLowerCase(Locale.ROOT).equals(wanted)) {
          return true;
        }
      }
      return false;
    }

    private static long tokens(List<Part> parts) {
      return parts.stream().mapToLong(Writing::tokens).sum();
    }

    /** A signature costs nothing; everything else is one token. */
    private static long tokens(Part part) {
      return part instanceof Part.Thought thought && thought.text().isEmpty() ? 0 : 1;
    }

    private static long characters(Block block) {
      return switch (block) {
        case Block.Text text -> text.text().length();
        case Block.Media media -> 1024;
        case Block.Thought thought -> thought.text().length();
        case Block.ToolUse call -> call.name().length() + call.arguments().length();
        case Block.ToolResult result ->
            result.content().stream().mapToLong(Writing::characters).sum();
        case Block.Refusal refusal -> refusal.text().length();
        case Block.Native other -> Json.text(other.extra().fields()).length();
      };
    }

    private static String lastAsked(List<Turn> turns) {
      for (Turn turn : turns.reversed()) {
        String text = textOf(turn.blocks());
        if (turn.role() == Turn.Role.USER && !text.isEmpty()) {
          return text;
        }
      }
      return "";
    }

    /** Of all turns at the end that hold some: a client may give each result a turn of its own. */
    private static String results(List<Turn> turns) {
      int from = turns.size();
      while (from > 0 && Proofs.answersTools(turns.get(from - 1))) {
        from--;
      }
      var text = new StringBuilder();
      for (Turn turn : turns.subList(from, turns.size())) {
        for (Block block : turn.blocks()) {
          if (block instanceof Block.ToolResult result) {
            text.append(text.isEmpty() ? "" : "; ").append(textOf(result.content()));
          }
        }
      }
      return text.toString();
    }

    private static String textOf(List<Block> blocks) {
      var text = new StringBuilder();
      for (Block block : blocks) {
        String piece =
            switch (block) {
              case Block.Text plain -> plain.text();
              case Block.Media media -> "[" + media.kind().name().toLowerCase(Locale.ROOT) + "]";
              case Block.Thought t -> "";
              case Block.ToolUse c -> "";
              case Block.ToolResult r -> "";
              case Block.Refusal r -> "";
              case Block.Native n -> "";
            };
        text.append(text.isEmpty() || piece.isEmpty() ? "" : " ").append(piece);
      }
      return text.toString();
    }
  }
}
