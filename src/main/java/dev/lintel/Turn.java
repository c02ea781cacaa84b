package dev.lintel;

import java.util.List;

/** One turn of a conversation. Tool results stand in turns of the user. */
public record Turn(Role role, List<Block> blocks, Extra extra) {
  /** Who speaks. Instructions of the developer are {@code SYSTEM}, wherever they stand. */
  public enum Role {
    SYSTEM,
    USER,
    ASSISTANT
  }

  public Turn {
    blocks = List.copyOf(blocks);
  }

  public Turn(Role role, List<Block> blocks) {
    this(role, blocks, Extra.NONE);
  }
}
