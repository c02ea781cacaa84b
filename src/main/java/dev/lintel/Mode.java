package dev.lintel;

import java.util.Locale;

/** What comes of a call that a rule speaks against. */
public enum Mode {
  /** Nothing but a note in its record: what would have happened. */
  OBSERVE,
  /** The caller is told in the header {@code x-lintel-warning}. */
  WARN,
  /** It is refused. */
  ENFORCE;

  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
