/** What operators look at: probes, health, and the admin API. */
@NullMarked
package dev.lintel.admin;

import org.jspecify.annotations.NullMarked;
