/** Strategies that rank targets, and the health of targets and keys. */
@NullMarked
package dev.lintel.route;

import org.jspecify.annotations.NullMarked;
