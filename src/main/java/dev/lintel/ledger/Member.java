package dev.lintel.ledger;

import dev.lintel.Ids;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/**
 * This node among those that count in a Redis. It is there under a name as long as it is heard of,
 * and never again under one that may have been given up: what its calls have reserved goes with it
 * to the next.
 */
final class Member {
  private final Ground ground;
  private final Outbox outbox;
  private final Holdings holdings;

  /** Of all processes at all times, this one. */
  private final String sender;

  /** How often it has joined, or tried to; of the outbox, as the next. */
  private long joins;

  /** As often Redis has said that it has. */
  private volatile long confirmed;

  /** Names under which it was there, and may still be as far as it knows. */
  private final Set<String> before = new HashSet<>();

  private volatile String name = "";
  private volatile int nodes = 1;

  Member(Ground ground, Outbox outbox, Holdings holdings, String sender) {
    this.ground = ground;
    this.outbox = outbox;
    this.holdings = holdings;
    this.sender = sender;
  }

  String name() {
    return name;
  }

  /** How many there were when this one last heard of it, with itself. */
  int nodes() {
    return nodes;
  }

  void heardOf(int all) {
    nodes = all;
  }

  /**
   * Takes a new name; waits until Redis knows it.
   *
   * @param under is run when it has that name, before anything is sent under it
   */
  void join(Link link, Runnable under) {
    String next = Ids.of("node_");
    ground.wait(
        outbox.alone(() -> {
          CompletableFuture<List<String>> joined = link.run(joining(next));
          long times = joins;
          name = next;
          under.run();
          return joined.thenAccept(reply -> {
            nodes = Integer.parseInt(reply.get(1));
            confirmed = times;
          });
        }));
    outbox.alone(() -> before.removeIf(old -> !old.equals(name)));
  }

  /** Where Redis remembers how often it has joined. */
  String joined() {
    return ground.redis().named("joined:" + sender);
  }

  /** How often it has joined, as far as Redis has said so. */
  long confirmed() {
    return confirmed;
  }

  private Words joining(String next) {
    Map<Place, Long> held = holdings.move(next);
    before.add(name);
    var words = ground.words("join", next).key(joined()).add(++joins).add(String.join(" ", before));
    held.forEach((place, reserved) -> {
      words.key(place.key());
      words.add(place.kind().word()).add(place.extent()).add(reserved);
    });
    return words;
  }

  /** Is heard of; false where it was taken for dead. Waits. */
  boolean beat(Link link) {
    List<String> reply = ground.wait(link.run(ground.words("beat", name)));
    if (reply.getFirst().equals("unknown")) {
      return false;
    }
    nodes = Integer.parseInt(reply.get(1));
    return true;
  }

  /** How many nodes were heard of within so many milliseconds, with this one. Waits. */
  int heardOf(Link link, long millis) {
    return Integer.parseInt(ground.wait(link.run(ground.words("heard", name).add(millis))).get(1));
  }

  /** Waits; what was sent before it has arrived then. */
  void leave(Link link) {
    ground.wait(link.run(ground.words("leave", name)));
  }
}
