package dev.lintel.price;

import dev.lintel.Price;
import dev.lintel.Usage;
import dev.lintel.Usage.Unit;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a model costs, in every tier of service. The rules for what a list leaves out stand in
 * {@code docs/prices.md}.
 */
final class PriceList implements Price {
  /** Tiers that have prices of their own; every other word means the usual service. */
  private static final Set<String> TIERS = Set.of("batch", "flex", "priority");

  /** Anthropic's ratio, the only one there is: twice the input against five quarters of it. */
  private static final BigDecimal HOUR = new BigDecimal("1.6");

  private final ObjectNode json;
  private final Rates standard;
  private final Map<String, Rates> tiers = new TreeMap<>();
  private final boolean byTokens;
  private final Rough rough;
  private final NavigableMap<Long, Rough> roughAbove = new TreeMap<>();

  private PriceList(ObjectNode json) {
    this.json = json;
    this.standard = Rates.read(json, TIERS);
    for (String tier : TIERS) {
      if (json.has(tier)) {
        tiers.put(tier, Rates.read(json.get(tier), Set.of()));
      }
    }
    this.byTokens = !standard.million().isEmpty();
    this.rough = Rough.of(List.of(standard));
    standard
        .above()
        .forEach((tokens, step) -> roughAbove.put(tokens, Rough.of(List.of(step, standard))));
  }

  /** USD for a token, inexact; NaN where it has no price. */
  private record Rough(double input, double cacheRead, double output) {
    static Rough of(List<Rates> layers) {
      var bill = new Bill(layers);
      return new Rough(
          rough(bill.price(Component.INPUT)),
          rough(bill.price(Component.CACHE_READ)),
          rough(bill.price(Component.OUTPUT)));
    }

    private static double rough(@Nullable BigDecimal million) {
      return million == null ? Double.NaN : million.doubleValue() / 1e6;
    }
  }

  @Override
  public double about(double input, double cacheRead, double output) {
    var step = roughAbove.isEmpty() ? null : roughAbove.lowerEntry((long) (input + cacheRead));
    Rough rates = step == null ? rough : step.getValue();
    return times(input, rates.input)
        + times(cacheRead, rates.cacheRead)
        + times(output, rates.output);
  }

  /** What is not used costs nothing, also where it has no price. */
  private static double times(double count, double price) {
    return count == 0 ? 0 : count * price;
  }

  /**
   * Throws {@link IllegalArgumentException} that says what is wrong.
   *
   * @param json in the words of the configuration's {@code prices}; amounts are decimals, as text
   *     or as numbers
   */
  static PriceList read(ObjectNode json) {
    return new PriceList(json);
  }

  /** The same with every amount multiplied. */
  PriceList times(BigDecimal factor) {
    return new PriceList(scaled(json, factor));
  }

  private static ObjectNode scaled(ObjectNode json, BigDecimal factor) {
    ObjectNode copy = json.deepCopy();
    for (var field : json.properties()) {
      JsonNode value = field.getValue();
      if (value instanceof ObjectNode inner) {
        copy.set(field.getKey(), scaled(inner, factor));
      } else {
        copy.put(field.getKey(), plain(new BigDecimal(value.asString()).multiply(factor)));
      }
    }
    return copy;
  }

  private static String plain(BigDecimal amount) {
    return amount.signum() == 0 ? "0" : amount.stripTrailingZeros().toPlainString();
  }

  @Override
  public ObjectNode json() {
    return json.deepCopy();
  }

  @Override
  public boolean known() {
    return !json.isEmpty();
  }

  @Override
  public Optional<BigDecimal> cost(Usage usage) {
    Rates tier = tiers.get(usage.tier());
    List<Rates> layers =
        tier == null
            ? List.of(standard.at(usage.prompt()), standard)
            : List.of(tier.at(usage.prompt()), tier, standard.at(usage.prompt()), standard);
    var bill = new Bill(layers);
    bill.tokens(usage);
    bill.units(usage, byTokens);
    return bill.total();
  }

  /** One call's sum. */
  private static final class Bill {
    private final List<Rates> layers;
    private BigDecimal millionths = BigDecimal.ZERO;
    private BigDecimal pieces = BigDecimal.ZERO;
    private boolean tokens;
    private boolean missingTokens;
    private boolean missingUnits;

    Bill(List<Rates> layers) {
      this.layers = layers;
    }

    void tokens(Usage usage) {
      long audioIn = Math.min(usage.audioInput(), usage.input());
      long imageIn = Math.min(usage.imageInput(), usage.input() - audioIn);
      add(Component.INPUT, usage.input() - audioIn - imageIn);
      add(Component.AUDIO_INPUT, audioIn);
      add(Component.IMAGE_INPUT, imageIn);
      add(Component.CACHE_READ, usage.cacheRead());
      add(Component.CACHE_WRITE, usage.cacheWrite());
      add(Component.CACHE_WRITE_1H, usage.cacheWriteHour());
      // Thoughts are part of the output, and so are sounds and images: each token is paid once.
      long audioOut = Math.min(usage.audioOutput(), usage.output());
      long imageOut = Math.min(usage.imageOutput(), usage.output() - audioOut);
      long thoughts = Math.min(usage.reasoning(), usage.output() - audioOut - imageOut);
      add(Component.OUTPUT, usage.output() - audioOut - imageOut - thoughts);
      add(Component.AUDIO_OUTPUT, audioOut);
      add(Component.IMAGE_OUTPUT, imageOut);
      add(Component.REASONING, thoughts);
    }

    private void add(Component component, long count) {
      if (count <= 0) {
        return;
      }
      BigDecimal price = price(component);
      if (price == null) {
        missingTokens = true;
      } else {
        tokens = true;
        millionths = millionths.add(price.multiply(BigDecimal.valueOf(count)));
      }
    }

    private @Nullable BigDecimal price(Component component) {
      for (Rates layer : layers) {
        BigDecimal own = layer.million().get(component);
        if (own != null) {
          return own;
        }
        if (component == Component.CACHE_WRITE_1H) {
          BigDecimal shorter = layer.million().get(Component.CACHE_WRITE);
          if (shorter != null) {
            return shorter.multiply(HOUR);
          }
        }
      }
      return switch (component) {
        case INPUT, OUTPUT -> null;
        case CACHE_READ, CACHE_WRITE, CACHE_WRITE_1H, AUDIO_INPUT, IMAGE_INPUT ->
            price(Component.INPUT);
        case REASONING, AUDIO_OUTPUT, IMAGE_OUTPUT -> price(Component.OUTPUT);
      };
    }

    /**
     * What has a price is paid. A provider may tell of the same thing in tokens and in pieces, so a
     * piece without a price is in the tokens; but a search beside an answer is not.
     */
    void units(Usage usage, boolean byTokens) {
      boolean counted = false;
      for (var unit : usage.units().entrySet()) {
        if (unit.getValue().signum() == 0) {
          continue;
        }
        BigDecimal price = price(unit.getKey());
        if (price != null) {
          counted = true;
          pieces = pieces.add(price.multiply(unit.getValue()));
        } else {
          missingUnits |= !tokens || (unit.getKey() == Unit.SEARCH && usage.output() > 0);
        }
      }
      // What is sold by the piece alone has its tokens in that.
      missingTokens &= byTokens || !counted;
    }

    private @Nullable BigDecimal price(Unit unit) {
      for (Rates layer : layers) {
        BigDecimal own = layer.units().get(unit);
        if (own != null) {
          return own;
        }
      }
      return null;
    }

    Optional<BigDecimal> total() {
      if (missingTokens || missingUnits) {
        return Optional.empty();
      }
      BigDecimal sum = millionths.movePointLeft(6).add(pieces).stripTrailingZeros();
      return Optional.of(sum.scale() < 0 ? sum.setScale(0) : sum);
    }
  }
}
