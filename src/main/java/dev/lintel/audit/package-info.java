/** The chains of evidence: how they are verified, and how anybody else can verify them. */
@NullMarked
package dev.lintel.audit;

import org.jspecify.annotations.NullMarked;
