package dev.lintel.price;

import dev.lintel.Facts;
import dev.lintel.Price;
import dev.lintel.Provider;
import dev.lintel.Traits;
import dev.lintel.Usage;
import java.math.BigDecimal;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.node.ObjectNode;

/** What is known of every target: the configuration's own prices, then the catalogue. */
public final class Knowledge implements Facts.Source {
  private static final Logger LOG = LoggerFactory.getLogger(Knowledge.class);

  /** So many models are named in warnings: names come from callers, and there is no end to them. */
  private static final int MOST_WARNINGS = 1000;

  private static final int LONGEST_SHOWN = 200;

  private static final Set<String> WARNED = ConcurrentHashMap.newKeySet();

  private final Catalogue catalogue;
  private final Map<String, Price> own = new HashMap<>();
  private final Map<String, BigDecimal> factors;
  private final Map<String, Price> multiplied = new ConcurrentHashMap<>();

  /**
   * @param own prices by {@code provider/model}, in the words of the configuration's {@code prices}
   * @param factors by which the catalogue's prices are multiplied, by provider
   */
  public Knowledge(
      Catalogue catalogue, Map<String, ObjectNode> own, Map<String, BigDecimal> factors) {
    this.catalogue = catalogue;
    this.factors = Map.copyOf(factors);
    own.forEach((name, json) -> this.own.put(name, new Watched(name, PriceList.read(json))));
  }

  @Override
  public Facts of(Provider provider, String model) {
    return new Asked(provider, model);
  }

  private Facts look(Provider provider, String model) {
    Optional<Entry> entry = catalogue.find(provider.family(), model);
    String name = provider.name() + "/" + model;
    Price price = own.get(name);
    if (price == null) {
      price =
          new Watched(
              name,
              entry
                  .<Price>flatMap(line -> line.price().map(list -> priced(provider, line, list)))
                  .orElse(Price.UNKNOWN));
    }
    return Facts.of(entry.map(Entry::traits).orElse(Traits.UNKNOWN), price);
  }

  private Price priced(Provider provider, Entry line, PriceList list) {
    BigDecimal factor = factors.get(provider.name());
    return factor == null
        ? list
        : multiplied.computeIfAbsent(
            provider.name() + "/" + line.model(), known -> list.times(factor));
  }

  /** Looked up when it is first asked for. */
  private final class Asked implements Facts {
    private final Provider provider;
    private final String model;
    private volatile @Nullable Facts found;

    Asked(Provider provider, String model) {
      this.provider = provider;
      this.model = model;
    }

    private Facts found() {
      Facts known = found;
      if (known == null) {
        known = look(provider, model);
        found = known;
      }
      return known;
    }

    @Override
    public Traits traits() {
      return found().traits();
    }

    /** By its name, which the catalogue need not have. */
    @Override
    public String family() {
      return Families.of(model);
    }

    /** Two questions about the same model are the same, so that its targets are. */
    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Asked asked
          && asked.source() == source()
          && asked.model.equals(model)
          && asked.provider.name().equals(provider.name());
    }

    @Override
    public int hashCode() {
      return model.hashCode();
    }

    private Knowledge source() {
      return Knowledge.this;
    }

    @Override
    public Price price() {
      return found().price();
    }
  }

  /** Says once that something was used of which nobody knows the price. */
  private record Watched(String name, Price price) implements Price {
    @Override
    public Optional<BigDecimal> cost(Usage usage) {
      Optional<BigDecimal> cost = price.cost(usage);
      if (cost.isEmpty() && WARNED.size() < MOST_WARNINGS && WARNED.add(shown())) {
        LOG.warn(
            "the price of {} is not known, so what its calls cost is not either; add it under 'prices'",
            shown());
      }
      return cost;
    }

    @Override
    public double about(double input, double cacheRead, double output) {
      return price.about(input, cacheRead, output);
    }

    /** A caller may have made the name up, and a log is read line by line. */
    private String shown() {
      String start = name.substring(0, Math.min(name.length(), LONGEST_SHOWN));
      return start.chars().allMatch(c -> c >= ' ' && c < 127)
          ? start
          : start.replaceAll("[^ -~]", "?");
    }

    @Override
    public ObjectNode json() {
      return price.json();
    }

    @Override
    public boolean known() {
      return price.known();
    }
  }
}
