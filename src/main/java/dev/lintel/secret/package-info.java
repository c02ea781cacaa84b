/** Secrets: how they are sealed, and where they may come from. */
@NullMarked
package dev.lintel.secret;

import org.jspecify.annotations.NullMarked;
