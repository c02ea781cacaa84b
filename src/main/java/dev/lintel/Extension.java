package dev.lintel;

/** Something that can be plugged in. The permitted kinds are the whole list of what that may be. */
public sealed interface Extension permits Strategy {}
