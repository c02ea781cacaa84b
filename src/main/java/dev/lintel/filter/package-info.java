/** The stops on a call's way between the edge and the provider: one file a stop. */
@NullMarked
package dev.lintel.filter;

import org.jspecify.annotations.NullMarked;
