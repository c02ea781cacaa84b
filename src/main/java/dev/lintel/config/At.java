package dev.lintel.config;

import java.util.Optional;

/**
 * A value that remembers where it was written, so that a later check can say so.
 *
 * @param value empty where what stands there is at fault, which has been reported then
 * @param path such as {@code models.fast.targets[1]}
 */
record At<T>(Optional<T> value, int line, String path) {}
