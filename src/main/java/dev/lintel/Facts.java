package dev.lintel;

/**
 * What is known of a model at a provider. Found out when it is first asked for, so that whoever
 * never asks never waits.
 */
public interface Facts {
  Traits traits();

  Price price();

  /** Of models, such as {@code gpt}, whoever serves them; empty where nobody knows. */
  default String family() {
    return "";
  }

  Facts UNKNOWN = of(Traits.UNKNOWN, Price.UNKNOWN);

  static Facts of(Traits traits, Price price) {
    return new Given(traits, price);
  }

  /** Facts that were there from the beginning. */
  record Given(Traits traits, Price price) implements Facts {}

  /** Where facts come from. */
  @FunctionalInterface
  interface Source {
    /** Knows nothing of anything. */
    Source NONE = (provider, model) -> UNKNOWN;

    /** Cheap: asked for each call to a model that no configuration names. */
    Facts of(Provider provider, String model);
  }
}
