package dev.lintel;

/**
 * A path and who serves it. Of several routes that fit, one without variables wins, then the first.
 *
 * @param method an HTTP method, or {@code *} for all that no other route of the path takes
 * @param path {@code {name}} takes a segment or a part of one; {@code {name*}} takes slashes, too
 */
public record Route(String method, String path, Endpoint endpoint, Bodies bodies) {
  /** Which bodies are read whole before the endpoint is asked. */
  public enum Bodies {
    ALL,
    /** Forms are not: they carry files. */
    NOT_FORMS,
    NONE
  }

  public Route(String method, String path, Endpoint endpoint) {
    this(method, path, endpoint, Bodies.ALL);
  }
}
