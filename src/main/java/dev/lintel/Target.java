package dev.lintel;

/**
 * A model at a provider, as a configured model lists it.
 *
 * @param standing how it fares; the same object in every configuration that lists the target
 */
public record Target(
    Provider provider, String model, Profile profile, Facts facts, Standing standing) {
  /** One of which nothing is known and that nobody watches. */
  public Target(Provider provider, String model) {
    this(provider, model, Profile.NONE, Facts.UNKNOWN);
  }

  /** One that nobody watches. */
  public Target(Provider provider, String model, Profile profile, Facts facts) {
    this(provider, model, profile, facts, Standing.UNWATCHED);
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

  /** Whether that is its name, which need not be put together for it. */
  public boolean named(String name) {
    int slash = provider.name().length();
    return name.length() == slash + 1 + model.length()
        && name.charAt(slash) == '/'
        && name.startsWith(provider.name())
        && name.endsWith(model);
  }
}
