package dev.lintel;

import java.util.List;
import java.util.Optional;

/**
 * What a request names instead of saying it: things that an earlier reply left behind.
 *
 * @param previous the reply that it goes on from
 * @param conversation that its provider keeps
 * @param items that stand for what an earlier reply or request said
 * @param sealed thoughts that nobody but their maker can read
 * @param kept whether the caller lets the reply be kept for later requests
 */
public record Ties(
    Optional<String> previous,
    Optional<String> conversation,
    List<Named> items,
    List<Named> sealed,
    boolean kept) {
  /**
   * An item by its id.
   *
   * @param place in the request, such as {@code input[2].id}
   */
  public record Named(String id, String place) {}

  public Ties {
    items = List.copyOf(items);
    sealed = List.copyOf(sealed);
  }

  /** Whether the request says everything itself. */
  public boolean none() {
    return previous.isEmpty() && conversation.isEmpty() && items.isEmpty() && sealed.isEmpty();
  }
}
