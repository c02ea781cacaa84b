package dev.lintel.config;

import java.time.Duration;
import java.util.Optional;

/**
 * When something begins.
 *
 * @param time empty where it is learned: the 95th percentile
 */
record After(Optional<Duration> time) {}
