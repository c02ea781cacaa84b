package dev.lintel;

import java.util.Map;

/**
 * A client's request as it stands before a dialect reads it.
 *
 * @param path the path's variables, such as {@code model} and {@code method} of Gemini's
 * @param query the query string without the caller's key, decoded
 */
public record Inbound(
    Map<String, String> path, Map<String, String> query, Headers headers, Body body) {}
