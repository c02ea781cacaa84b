package dev.lintel.main;

import dev.lintel.Changes.Change;
import dev.lintel.config.Written;
import java.util.List;
import java.util.Optional;

/**
 * What is to be in force next.
 *
 * @param own this node's file then
 * @param base the text that was applied in its place
 */
record Next(Written own, Optional<String> base, List<Change> changes) {}
