/** What calls say and are answered, on its way to where it is kept. */
@NullMarked
package dev.lintel.capture;

import org.jspecify.annotations.NullMarked;
