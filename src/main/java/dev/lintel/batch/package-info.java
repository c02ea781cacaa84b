/** Files of callers, and batches of requests that are asked one by one as a caller's own calls. */
@NullMarked
package dev.lintel.batch;

import org.jspecify.annotations.NullMarked;
