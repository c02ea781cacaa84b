/** Who calls: keys, tokens of issuers, certificates, and strangers who try too often. */
@NullMarked
package dev.lintel.identity;

import org.jspecify.annotations.NullMarked;
