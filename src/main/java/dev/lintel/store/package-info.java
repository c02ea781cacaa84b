/** What lasts: keys, replies under callers' keys, files and batches, in the data folder. */
@NullMarked
package dev.lintel.store;

import org.jspecify.annotations.NullMarked;
