package dev.lintel;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * What a call has behind it at some moment, in the order in which it comes there. A call that is
 * refused or answered early never comes to some of them.
 */
public enum Stop {
  /**
   * All that has to be there before anybody looks at it: its head, and its body where it has one.
   */
  RECEIVE,
  /** Its caller is known. */
  AUTHENTICATE,
  /** It was read, and its model found. */
  READ,
  /** Limits let it in, for which it may have waited; not there where nothing is counted. */
  ADMIT,
  /** The first target is asked: one was chosen, had room, and the call was worded for it. */
  CHOOSE,
  /** The first content is there, of whichever target. */
  FIRST_CONTENT,
  /** The last try at a target has ended. */
  ANSWER,
  /** What it used is settled, and the call is over. */
  SETTLE;

  static final int COUNT = values().length;
  private static final List<String> WORDS = Arrays.stream(values()).map(Stop::word).toList();

  /** Such as {@code first_content}. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** All of them, in their order. */
  public static List<String> words() {
    return WORDS;
  }
}
