/**
 * What models cost and can do: the catalogue, the configuration's own prices, and the one function
 * from usage to money.
 */
@NullMarked
package dev.lintel.price;

import org.jspecify.annotations.NullMarked;
