package dev.lintel;

/**
 * A model at a provider, as a configured model lists it.
 *
 * @param weight its share where targets are weighted; at least 1
 * @param region empty where nobody said
 * @param tier empty where nobody said
 */
public record Target(
    Provider provider, String model, int weight, String region, String tier, Facts facts) {
  public Target(Provider provider, String model) {
    this(provider, model, 1, "", "");
  }

  /** One of which nothing is known. */
  public Target(Provider provider, String model, int weight, String region, String tier) {
    this(provider, model, weight, region, tier, Facts.UNKNOWN);
  }

  public Target(
      Provider provider,
      String model,
      int weight,
      String region,
      String tier,
      Traits traits,
      Price price) {
    this(provider, model, weight, region, tier, Facts.of(traits, price));
  }

  public Traits traits() {
    return facts.traits();
  }

  public Price price() {
    return facts.price();
  }

  /** {@code provider/model}. */
  public String name() {
    return provider.name() + "/" + model;
  }
}
