/**
 * Listeners of what happens to calls: metrics and the call log. Nothing on a call's way knows of
 * them.
 */
@NullMarked
package dev.lintel.observe;

import org.jspecify.annotations.NullMarked;
