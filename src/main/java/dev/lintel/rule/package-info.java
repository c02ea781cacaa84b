/** Conditions in CEL. The only package that knows the library. */
@NullMarked
package dev.lintel.rule;

import org.jspecify.annotations.NullMarked;
