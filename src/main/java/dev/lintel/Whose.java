package dev.lintel;

/**
 * Whose calls.
 *
 * @param tenant empty for everybody's
 * @param app empty for all of the tenant's
 * @param useCase empty for all of the app's
 */
public record Whose(String tenant, String app, String useCase) {
  public static final Whose EVERYBODY = new Whose("", "", "");

  /**
   * @param place as owners of allowances are named: {@code ""}, {@code tenant}, {@code tenant/app},
   *     {@code tenant/app#use_case}
   */
  public static Whose of(String place) {
    int slash = place.indexOf('/');
    if (slash < 0) {
      return new Whose(place, "", "");
    }
    int hash = place.indexOf('#', slash);
    return new Whose(
        place.substring(0, slash),
        hash < 0 ? place.substring(slash + 1) : place.substring(slash + 1, hash),
        hash < 0 ? "" : place.substring(hash + 1));
  }

  /** The same as it is named there. */
  public String place() {
    return tenant + (app.isEmpty() ? "" : "/" + app) + (useCase.isEmpty() ? "" : "#" + useCase);
  }

  /** Whether such a call is theirs. */
  public boolean are(String ofTenant, String ofApp, String ofUseCase) {
    return (tenant.isEmpty() || tenant.equals(ofTenant))
        && (app.isEmpty() || app.equals(ofApp))
        && (useCase.isEmpty() || useCase.equals(ofUseCase));
  }
}
