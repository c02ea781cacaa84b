package dev.lintel;

import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A place where models are served: data, not code.
 *
 * @param family the name by which the catalogue of models knows it, such as {@code openai}; its own
 *     where it is not known
 * @param url what the provider's own SDK would be given, without a trailing slash; its path is kept
 * @param credentials at least one; {@link Credential#NONE} where the provider wants none
 * @param headers sent with every request
 * @param batches whether batches of requests are handed on to it whole
 * @param limits what it allows the account that its credentials belong to
 */
public record Provider(
    String name,
    String family,
    Dialects dialects,
    URI url,
    Auth auth,
    List<Credential> credentials,
    Map<String, String> headers,
    Transport transport,
    Quirks quirks,
    Platform platform,
    boolean batches,
    Limits limits) {

  public Provider {
    credentials = List.copyOf(credentials);
    headers = Map.copyOf(headers);
    if (credentials.isEmpty()) {
      throw new IllegalArgumentException("provider " + name + " has no credential");
    }
  }

  /** One whose limits nobody knows. */
  public Provider(
      String name,
      String family,
      Dialects dialects,
      URI url,
      Auth auth,
      List<Credential> credentials,
      Map<String, String> headers,
      Transport transport,
      Quirks quirks,
      Platform platform,
      boolean batches) {
    this(
        name,
        family,
        dialects,
        url,
        auth,
        credentials,
        headers,
        transport,
        quirks,
        platform,
        batches,
        Limits.NONE);
  }

  /** The same whose account has those limits. */
  public Provider within(Limits known) {
    return new Provider(
        name,
        family,
        dialects,
        url,
        auth,
        credentials,
        headers,
        transport,
        quirks,
        platform,
        batches,
        known);
  }

  /** The same with some of its credentials. */
  public Provider only(List<Credential> some) {
    return new Provider(
        name, family, dialects, url, auth, some, headers, transport, quirks, platform, batches,
        limits);
  }

  /** One that is asked request by request. */
  public Provider(
      String name,
      String family,
      Dialects dialects,
      URI url,
      Auth auth,
      List<Credential> credentials,
      Map<String, String> headers,
      Transport transport,
      Quirks quirks,
      Platform platform) {
    this(
        name,
        family,
        dialects,
        url,
        auth,
        credentials,
        headers,
        transport,
        quirks,
        platform,
        false);
  }

  /** One that speaks a single dialect, at its own vendor's paths. */
  public Provider(
      String name,
      Dialect dialect,
      URI url,
      Auth auth,
      List<Credential> credentials,
      Map<String, String> headers,
      Transport transport,
      Quirks quirks) {
    this(
        name,
        name,
        new Dialects(List.of(dialect)),
        url,
        auth,
        credentials,
        headers,
        transport,
        quirks,
        Platform.PLAIN);
  }

  /** The main one that it speaks. */
  public Dialect dialect() {
    return dialects.main();
  }

  /** Where the key travels. */
  public enum Auth {
    /** {@code Authorization: Bearer}. */
    BEARER,
    X_API_KEY,
    X_GOOG_API_KEY,
    API_KEY,
    NONE
  }

  /**
   * How the connection is made.
   *
   * @param proxy an HTTP or SOCKS5 proxy, such as {@code http://proxy:3128}
   * @param ca a PEM file of authorities to trust instead of the system's
   * @param certificate a PEM file for the gateway's own certificate, with {@code key}
   * @param verify whether the provider's certificate and host name are checked
   * @param http2 whether HTTP/2 may be used: negotiated over TLS, by prior knowledge without
   */
  public record Transport(
      Optional<URI> proxy,
      Optional<String> ca,
      Optional<String> certificate,
      Optional<String> key,
      boolean verify,
      boolean http2) {
    public static final Transport PLAIN =
        new Transport(
            Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(), true, false);

    /**
     * Cheap, because every call looks up its connections by this; nearly all are {@link #PLAIN}.
     */
    @Override
    public int hashCode() {
      return proxy.hashCode() * 31 + ca.hashCode();
    }
  }

  /**
   * Where the provider differs from its dialect.
   *
   * @param drop top-level fields that it refuses: they are left out, or renamed where {@code
   *     rename} has them
   * @param rename top-level fields that have another name here; one that is not refused keeps its
   *     own in the bytes of a caller who speaks the provider's dialect
   * @param streamUsage whether it takes {@code stream_options}
   */
  public record Quirks(Set<String> drop, Map<String, String> rename, boolean streamUsage) {
    public static final Quirks NONE = new Quirks(Set.of(), Map.of(), true);
  }
}
