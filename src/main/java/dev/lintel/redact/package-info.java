/** What tells of people and secrets, found in text and taken out of it. */
@NullMarked
package dev.lintel.redact;

import org.jspecify.annotations.NullMarked;
