package dev.lintel;

import java.util.Map;

/**
 * The bytes of a client's request, before anybody looked into them.
 *
 * @param path the path's variables
 * @param query decoded, with the caller's key in it where an SDK puts it there
 */
public record RawRequest(
    Map<String, String> path, Map<String, String> query, Headers headers, byte[] body) {}
