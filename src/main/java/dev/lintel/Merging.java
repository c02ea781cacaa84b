package dev.lintel;

import java.time.Duration;

/**
 * How concurrent requests for vectors become one.
 *
 * @param window how long the first waits for others
 * @param size the most inputs of one request that is made so
 */
public record Merging(Duration window, int size) {}
