/** Texts to numbers of tokens, by the tokenizers that are public. */
@NullMarked
package dev.lintel.token;

import org.jspecify.annotations.NullMarked;
