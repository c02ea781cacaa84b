package dev.lintel;

/**
 * A path and who serves it.
 *
 * @param path segments may be {@code {name}}; a last {@code {name}*} takes the rest, slashes
 *     included; a segment may end in {@code {name}:word}
 */
public record Route(String method, String path, Endpoint endpoint) {}
