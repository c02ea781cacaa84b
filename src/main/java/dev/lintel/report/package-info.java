/**
 * What calls cost, why that changes, and what would make it less: computed from sums and prices.
 */
@NullMarked
package dev.lintel.report;

import org.jspecify.annotations.NullMarked;
