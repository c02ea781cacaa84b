/**
 * The simulated provider: speaks every dialect the gateway speaks, answers by the prompt alone, and
 * fails on demand.
 */
@NullMarked
package dev.lintel.sim;

import org.jspecify.annotations.NullMarked;
