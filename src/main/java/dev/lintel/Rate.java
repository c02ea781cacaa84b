package dev.lintel;

import java.time.Duration;

/** How many in each window of time. */
public record Rate(long count, Duration window) {}
