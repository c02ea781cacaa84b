/**
 * The journal: what a node has done and must not forget, in mapped files of its data folder, until
 * the store has it.
 */
@NullMarked
package dev.lintel.journal;

import org.jspecify.annotations.NullMarked;
