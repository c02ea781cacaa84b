/** Watches metrics by rules, and says when one begins to hold and when it no longer does. */
@NullMarked
package dev.lintel.alert;

import org.jspecify.annotations.NullMarked;
