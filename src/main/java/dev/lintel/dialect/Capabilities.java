package dev.lintel.dialect;

import dev.lintel.Adaptation;
import dev.lintel.Block;
import dev.lintel.Failure;
import dev.lintel.Prompt;
import dev.lintel.Provider.Quirks;
import dev.lintel.Target;
import dev.lintel.Traits;
import dev.lintel.Traits.Ability;
import dev.lintel.Turn;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;

/**
 * What the catalogue knows of a target's model, put to use in every dialect: what it refuses is
 * dropped where that can be reported, and refused here, before anybody is asked, where dropping it
 * would change the question.
 */
final class Capabilities {
  private static final List<String> SAMPLING = List.of("temperature", "top_p", "top_k");

  private Capabilities() {}

  /** The provider's quirks, with those of the model. */
  static Quirks quirks(Target target) {
    Quirks provider = target.provider().quirks();
    Traits traits = target.traits();
    boolean sampling = traits.cannot(Ability.SAMPLING);
    boolean limit = traits.cannot(Ability.MAX_TOKENS);
    if (!sampling && !limit) {
      return provider;
    }
    var drop = new HashSet<>(provider.drop());
    var rename = new HashMap<>(provider.rename());
    if (sampling) {
      drop.addAll(SAMPLING);
      SAMPLING.forEach(rename::remove);
    }
    if (limit) {
      drop.add("max_tokens");
      rename.put("max_tokens", "max_completion_tokens");
    }
    return new Quirks(drop, rename, provider.streamUsage());
  }

  /**
   * Throws {@link Failure} {@code INVALID_REQUEST}, good for another target, where the model is
   * known not to take what the conversation holds.
   */
  static void check(Prompt prompt, Target target) {
    Traits traits = target.traits();
    if (traits.cannot().isEmpty()) {
      return;
    }
    if (traits.cannot(Ability.TOOLS) && !prompt.tools().isEmpty()) {
      throw refused(target, "tools", "tools");
    }
    int place = 0;
    for (Turn turn : prompt.turns()) {
      check(turn.blocks(), target, "messages[" + place++ + "]");
    }
  }

  private static void check(List<Block> blocks, Target target, String place) {
    for (Block block : blocks) {
      if (block instanceof Block.Media media) {
        Ability needed =
            switch (media.kind()) {
              case IMAGE -> Ability.IMAGE_INPUT;
              case AUDIO -> Ability.AUDIO_INPUT;
              case VIDEO -> Ability.VIDEO_INPUT;
              case DOCUMENT -> Ability.DOCUMENT_INPUT;
            };
        // A document of plain text goes out as text where it must.
        boolean text = media.source() instanceof Block.Media.Source.Plain;
        if (target.traits().cannot(needed) && !text) {
          throw refused(
              target,
              switch (media.kind()) {
                case IMAGE -> "images";
                case AUDIO -> "sounds";
                case VIDEO -> "films";
                case DOCUMENT -> "documents";
              },
              place);
        }
      } else if (block instanceof Block.ToolResult result) {
        check(result.content(), target, place);
      }
    }
  }

  private static Failure refused(Target target, String what, String place) {
    return Failure.invalid("The model '" + target.name() + "' takes no " + what + ".")
        .at(place)
        .code("unsupported_by_model")
        .again(Failure.Again.ELSEWHERE);
  }

  /** A limit to the answer that is not above what the model can write; a lower one is reported. */
  static long limit(long wanted, Target target, Adaptation adaptation) {
    long most = target.traits().maxOutput();
    if (most == 0 || wanted <= most) {
      return wanted;
    }
    adaptation.change("max_tokens", Long.toString(most));
    return most;
  }
}
