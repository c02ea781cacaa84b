/** A model that says how well a share of the calls was answered. */
@NullMarked
package dev.lintel.judge;

import org.jspecify.annotations.NullMarked;
