/**
 * The wire languages: pure functions between bytes and the common model, the same for clients and
 * for providers.
 */
@NullMarked
package dev.lintel.dialect;

import org.jspecify.annotations.NullMarked;
