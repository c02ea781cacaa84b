/** What lasts: today the keys, in a file of the data folder. */
@NullMarked
package dev.lintel.store;

import org.jspecify.annotations.NullMarked;
