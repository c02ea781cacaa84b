/**
 * What people look at in a terminal: text that fits its columns and obeys nobody but us, tables, a
 * page that is drawn in place.
 */
@NullMarked
package dev.lintel.terminal;

import org.jspecify.annotations.NullMarked;
