/**
 * Providers over HTTP: connections, event streams in, keys on their way out. One of the two
 * packages that know Vert.x.
 */
@NullMarked
package dev.lintel.upstream;

import org.jspecify.annotations.NullMarked;
