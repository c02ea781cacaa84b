/** The edge: sockets to endpoints, replies to sockets. One of the two packages that know Vert.x. */
@NullMarked
package dev.lintel.server;

import org.jspecify.annotations.NullMarked;
