package dev.lintel.ledger;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** What a run of the script is told, in its order. */
final class Words {
  private final List<String> keys = new ArrayList<>();
  private final List<String> arguments = new ArrayList<>();

  private Words() {}

  /**
   * @param dead after which silence a node is dead
   * @param who asks
   */
  static Words of(Redis redis, String what, Duration dead, String who) {
    return new Words()
        .key(redis.named("nodes"))
        .add(what)
        .add(dead.toMillis())
        .add(who)
        .add(redis.ahead());
  }

  Words key(String key) {
    keys.add(key);
    return this;
  }

  Words add(String word) {
    arguments.add(word);
    return this;
  }

  Words add(long number) {
    return add(Long.toString(number));
  }

  String[] keys() {
    return keys.toArray(String[]::new);
  }

  String[] arguments() {
    return arguments.toArray(String[]::new);
  }
}
