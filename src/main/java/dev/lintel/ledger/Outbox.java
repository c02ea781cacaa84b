package dev.lintel.ledger;

import dev.lintel.Account;
import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisNoScriptException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.ObjLongConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What calls have used, on its way to Redis. Each message has a number, and Redis remembers the
 * last one that has arrived: what was under way when a connection was lost is sent again on the
 * next one, and counts once. While there is no connection what is used is added up.
 *
 * <p>The lock is held for as long as it takes to hand a message on, never while anything is waited
 * for: what is sent within it arrives in that order.
 */
final class Outbox {
  private static final Logger LOG = LoggerFactory.getLogger(Outbox.class);

  /** So that no message grows too long for a script. */
  private static final int MOST = 100;

  /** After which a message that Redis refuses to understand is given up. */
  private static final int TRIES = 5;

  /**
   * What is said of one account.
   *
   * @param holder who has reserved; empty where nobody has
   * @param taken when, by Redis's clock; empty for now
   */
  record Line(
      Account account, Place place, String holder, long reserved, long used, String taken) {}

  /**
   * @param late whether Redis may have learned of it from elsewhere meanwhile
   */
  private record Message(List<Line> lines, boolean late, int tries) {}

  private final Redis redis;
  private final String sender;
  private final ObjLongConsumer<Line> arrived;
  private final Runnable refused;
  private final ReentrantLock lock = new ReentrantLock();
  private final TreeMap<Long, Message> sent = new TreeMap<>();
  private final Map<String, Line> sums = new LinkedHashMap<>();
  private @Nullable Link link;
  private long number;
  private int round;

  /** The last of the messages of which it is known that Redis has had them. */
  private long arrivedLast;

  /**
   * @param sender of all nodes at all times, this one alone
   * @param arrived is told what was spent of an account in the end
   * @param refused is told that Redis does not do what it is asked
   */
  Outbox(Redis redis, String sender, ObjLongConsumer<Line> arrived, Runnable refused) {
    this.redis = redis;
    this.sender = sender;
    this.arrived = arrived;
    this.refused = refused;
  }

  /** Nothing is sent while it runs, and what it sends itself comes before all that follows. */
  <T extends @Nullable Object> T alone(Supplier<T> piece) {
    lock.lock();
    try {
      return piece.get();
    } finally {
      lock.unlock();
    }
  }

  /**
   * @param late whether it may be known from elsewhere already
   */
  void send(List<Line> lines, boolean late) {
    alone(() -> {
      if (link == null) {
        lines.forEach(this::keep);
      } else {
        post(++number, new Message(lines, late, 0));
      }
      return true;
    });
  }

  private void keep(Line line) {
    // Who has reserved is gone with the connection, and windows are known by those who count now.
    if (line.place().kind() == Place.Kind.SPENT && line.used() > 0) {
      sums.merge(
          line.place().key(),
          new Line(line.account(), line.place(), "", 0, line.used(), ""),
          (one, more) ->
              new Line(more.account(), one.place(), "", 0, one.used() + more.used(), ""));
    }
  }

  /** What was spent of which it is not known whether Redis has heard. */
  Map<Place, Long> untold() {
    return alone(() -> {
      var all = new LinkedHashMap<Place, Long>();
      sums.values().forEach(line -> all.merge(line.place, line.used, Long::sum));
      for (Message message : sent.values()) {
        for (Line line : message.lines) {
          if (line.place.kind() == Place.Kind.SPENT) {
            all.merge(line.place, line.used, Long::sum);
          }
        }
      }
      return all;
    });
  }

  /**
   * Asks for the last message that has arrived.
   *
   * @param joined where Redis remembers how often this node has joined, which it tells, too
   */
  Words last(String joined) {
    return words("last").key(joined);
  }

  private Words words(String what) {
    return Words.of(redis, what, Duration.ZERO, "").key(redis.named("sent:" + sender));
  }

  /**
   * Redis has forgotten what it had: what of the messages under way was spent is added up, to come
   * on top of what all nodes have seen there before.
   *
   * @param last the last message that has arrived, as far as Redis remembers
   */
  void forgotten(long last) {
    alone(() -> {
      var under = List.copyOf(sent.tailMap(last, false).values());
      sent.clear();
      under.forEach(message -> message.lines.forEach(this::keep));
      arrivedLast = last;
      number = last;
      return true;
    });
  }

  /** The last of the messages of which it is known that Redis has had them. */
  long arrivedLast() {
    return alone(() -> arrivedLast);
  }

  /**
   * From now on what is sent goes there; first all that has not arrived.
   *
   * @param more what is to be told, too; asked for while nothing is sent
   */
  void connect(Link to, Supplier<List<Line>> more) {
    alone(() -> {
      link = to;
      round++;
      new TreeMap<>(sent)
          .forEach(
              (known, message) -> post(known, new Message(message.lines, true, message.tries)));
      var kept = new ArrayList<>(sums.values());
      sums.clear();
      kept.addAll(more.get());
      for (int from = 0; from < kept.size(); from += MOST) {
        var some = List.copyOf(kept.subList(from, Math.min(kept.size(), from + MOST)));
        post(++number, new Message(some, true, 0));
      }
      return true;
    });
  }

  /** From now on it is added up. */
  void disconnect() {
    alone(() -> {
      link = null;
      return true;
    });
  }

  /** How many messages have not arrived, with sums that were not sent. */
  int waiting() {
    return alone(() -> sent.size() + sums.size());
  }

  private void post(long known, Message message) {
    Link to = link;
    if (to == null) {
      return;
    }
    sent.put(known, message);
    var words = words("settle").add(known).add(message.late ? "1" : "0");
    for (Line line : message.lines) {
      words.key(line.place.key());
      words
          .add(line.place.kind().word())
          .add(line.place.extent())
          .add(line.holder)
          .add(line.reserved)
          .add(line.used)
          .add(line.taken);
    }
    int now = round;
    var _ = to.once(words).whenComplete((reply, failed) -> answered(now, known, reply, failed));
  }

  private void answered(
      int from, long known, @Nullable List<String> reply, @Nullable Throwable failed) {
    if (failed instanceof RedisNoScriptException
        || (reply != null && reply.getFirst().equals("gap"))) {
      again(from);
    } else if (reply != null) {
      Message message = alone(() -> sent.get(known));
      if (message != null && reply.size() > message.lines.size()) {
        for (int i = 0; i < message.lines.size(); i++) {
          arrived.accept(message.lines.get(i), Long.parseLong(reply.get(i + 1)));
        }
      }
      alone(() -> {
        arrivedLast = Math.max(arrivedLast, known);
        return sent.remove(known);
      });
    } else if (failed instanceof RedisCommandExecutionException) {
      LOG.warn("Redis refuses what calls have used: {}", failed.getMessage());
      alone(() -> sent.computeIfPresent(known, (number, message) -> afterRefusal(message)));
      refused.run();
    }
  }

  private static Message afterRefusal(Message message) {
    if (message.tries < TRIES) {
      return new Message(message.lines, true, message.tries + 1);
    }
    LOG.error("Redis never learns of what {} accounts have used", message.lines.size());
    // It goes all the same, with nothing in it: those that follow would wait for it.
    return new Message(List.of(), true, 0);
  }

  /** All that has not arrived in that round or before is sent again, in its order. */
  private void again(int from) {
    alone(() -> {
      Link to = link;
      if (to != null && from == round) {
        round++;
        var _ = to.load();
        new TreeMap<>(sent).forEach(this::post);
      }
      return true;
    });
  }
}
