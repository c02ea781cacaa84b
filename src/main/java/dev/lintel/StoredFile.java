package dev.lintel;

import java.time.Instant;
import java.util.Optional;

/**
 * A file that a tenant has, without its content.
 *
 * @param id begins with {@code file-} and sorts by time
 * @param purpose such as {@code batch}; one that begins with a dot is the gateway's own and in no
 *     list
 * @param name as its uploader called it
 */
public record StoredFile(
    String id,
    String tenant,
    String purpose,
    String name,
    long bytes,
    Instant created,
    Optional<Instant> expires) {}
