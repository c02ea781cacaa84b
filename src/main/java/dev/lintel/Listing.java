package dev.lintel;

import java.util.EnumSet;
import java.util.function.ToLongFunction;
import tools.jackson.databind.node.ObjectNode;

/**
 * A model as lists of models show it.
 *
 * @param context tokens of prompt and answer together; 0 where nobody knows
 * @param maxOutput the most tokens of an answer; 0 where nobody knows
 * @param lintel {@code {price, context, capabilities}}, shown beside a dialect's own fields; empty
 *     where it is not one of this gateway's models
 */
public record Listing(String name, long context, long maxOutput, ObjectNode lintel) {

  /** One of which nothing is known but its name. */
  public static Listing of(String name) {
    return new Listing(name, 0, 0, Json.object());
  }

  /**
   * Of several targets the price is the first one's, the sizes are the smallest that are known, and
   * a capability counts where all of them have it.
   */
  public static Listing of(Model model) {
    long context = least(model, Traits::context);
    var common = EnumSet.allOf(Traits.Ability.class);
    for (Target target : model.targets()) {
      common.retainAll(target.traits().can());
    }
    return new Listing(
        model.name(),
        context,
        least(model, Traits::maxOutput),
        lintel(model.targets().getFirst().price(), context, common));
  }

  /** Adds what a dialect has no field for. */
  public void show(ObjectNode entry) {
    if (!lintel.isEmpty()) {
      entry.set("lintel", lintel);
    }
  }

  private static long least(Model model, ToLongFunction<Traits> size) {
    return model.targets().stream()
        .map(Target::traits)
        .mapToLong(size)
        .filter(known -> known > 0)
        .min()
        .orElse(0);
  }

  /** What is not known is null. */
  private static ObjectNode lintel(Price price, long context, EnumSet<Traits.Ability> abilities) {
    ObjectNode node = Json.object();
    node.set("price", price.known() ? price.json() : node.nullNode());
    node.put("context", context == 0 ? null : Long.valueOf(context));
    var words = node.putArray("capabilities");
    abilities.forEach(ability -> words.add(ability.word()));
    return node;
  }
}
