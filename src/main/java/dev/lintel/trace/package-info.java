/**
 * Spans of calls for collectors that take OTLP. Made when a call is over, and sent by a thread that
 * no call waits for.
 */
@NullMarked
package dev.lintel.trace;

import org.jspecify.annotations.NullMarked;
