/** Puts the gateway together and starts it: the one package that knows all others. */
@NullMarked
package dev.lintel.main;

import org.jspecify.annotations.NullMarked;
