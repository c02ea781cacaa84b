/** The configuration: YAML to checked records, the providers known by name, and reload. */
@NullMarked
package dev.lintel.config;

import org.jspecify.annotations.NullMarked;
