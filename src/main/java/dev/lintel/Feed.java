package dev.lintel;

import java.util.function.LongConsumer;

/**
 * Tells what has changed in the store, whichever node changed it. A topic is a word such as {@code
 * keys}; whoever writes what belongs to it raises the topic's number in the same transaction.
 */
public interface Feed {
  /**
   * Hears of every change, and once of how things stand when the store can be had first.
   *
   * @param hearer gets the topic's number, 0 before the first change; called on the feed's own
   *     thread, one hearer after the other, and may wait. Where it throws it is called again, a
   *     third of a second later
   */
  void hear(String topic, LongConsumer hearer);

  /** Looks at once, as somebody said that there is something to see. Does not wait. */
  void look();
}
