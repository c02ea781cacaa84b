/** Tells people elsewhere what happens. */
@NullMarked
package dev.lintel.hook;

import org.jspecify.annotations.NullMarked;
