/**
 * The nouns of the gateway and every interface that anyone may implement.
 *
 * <p>Every other package imports this one; only {@code dev.lintel.main} imports the others. Nothing
 * here knows an HTTP engine, a database or a vendor.
 */
@NullMarked
package dev.lintel;

import org.jspecify.annotations.NullMarked;
