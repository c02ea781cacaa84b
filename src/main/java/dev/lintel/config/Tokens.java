package dev.lintel.config;

/** A number of tokens. */
record Tokens(long value) {}
