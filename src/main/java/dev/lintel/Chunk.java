package dev.lintel;

import java.util.List;
import java.util.function.UnaryOperator;

/**
 * One event of a reply: what it says, and the provider's own bytes for it. A whole reply is one
 * chunk that says everything.
 */
public record Chunk(List<Part> parts, Frame frame) {
  /** Says nothing. */
  public static final Chunk EMPTY = new Chunk(List.of(), Frame.NONE);

  public static Chunk of(Part... parts) {
    return new Chunk(List.of(parts), Frame.NONE);
  }

  /** Whether the caller has been answered once it saw this. */
  public boolean content() {
    for (Part part : parts) {
      if (part.content()) {
        return true;
      }
    }
    return false;
  }

  /** What it reports as used; the other where it reports nothing. */
  public Usage usageOr(Usage other) {
    Usage told = other;
    for (Part part : parts) {
      if (part instanceof Usage usage) {
        told = usage;
      }
    }
    return told;
  }

  /**
   * The chunk with every part changed; this one where none did, else a copy <em>without</em> the
   * provider's bytes.
   */
  public Chunk map(UnaryOperator<Part> change) {
    var changed = parts.stream().map(change).toList();
    for (int i = 0; i < changed.size(); i++) {
      if (changed.get(i) != parts.get(i)) {
        return new Chunk(changed, Frame.NONE);
      }
    }
    return this;
  }
}
