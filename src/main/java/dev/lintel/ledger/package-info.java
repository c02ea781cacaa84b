/** What callers use against what they may: counts, and the time by which they go. */
@NullMarked
package dev.lintel.ledger;

import org.jspecify.annotations.NullMarked;
