package dev.lintel.config;

/** A number of bytes; {@code KB} is 1,024 of them. */
public record Size(long bytes) {}
