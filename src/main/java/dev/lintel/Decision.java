package dev.lintel;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import tools.jackson.databind.node.ArrayNode;

/**
 * Why a call went where it went: every target that was looked at, why it was left out, or with
 * which score it stood where in the order. Noted by the stops as they go, worded when somebody
 * wants to read it.
 */
public final class Decision {
  /** What was ranked at once: a model's targets, and after it a fallback's. */
  private record Round(List<Target> targets, Ranking ranking) {}

  private record Excluded(String target, String why) {}

  private List<Round> rounds = List.of();
  private List<Excluded> excluded = List.of();
  private String session = "";

  /**
   * A target that was looked at.
   *
   * @param excluded why it was left out; empty where it was not
   * @param score lower is better
   * @param order 1 for the first to be tried; empty where it was left out
   */
  public record Candidate(
      String target, String excluded, OptionalDouble score, OptionalInt order) {}

  /** The name of the target at which the call's session is; empty where it is at none. */
  public String session() {
    return session;
  }

  /** The call's session is at the target of that name, whose provider may have cached its prompt. */
  public void session(String target) {
    session = target;
  }

  /** The target is left out, for that reason; what was said of it before counts no more. */
  public void excluded(Target target, String why) {
    if (excluded.isEmpty()) {
      excluded = new ArrayList<>(4);
    }
    asked(target);
    excluded.add(new Excluded(target.name(), why));
  }

  /** These are tried, in that order. */
  public void ranked(List<Target> targets, Ranking ranking) {
    if (rounds.isEmpty()) {
      rounds = List.of(new Round(targets, ranking));
    } else {
      rounds = new ArrayList<>(rounds);
      rounds.add(new Round(targets, ranking));
    }
  }

  /** The target is asked, whatever was said against it. */
  public void asked(Target target) {
    if (!excluded.isEmpty()) {
      String name = target.name();
      excluded.removeIf(one -> one.target.equals(name));
    }
  }

  /** Those that are tried first, in their order; then those that were left out. */
  public List<Candidate> candidates() {
    var all = new ArrayList<Candidate>();
    int order = 0;
    for (Round round : rounds) {
      var taken = new boolean[round.targets.size()];
      for (int next = round.ranking.best(taken.length, taken);
          next >= 0;
          next = round.ranking.best(taken.length, taken)) {
        taken[next] = true;
        String name = round.targets.get(next).name();
        if (excluded.stream().noneMatch(one -> one.target.equals(name))) {
          all.add(
              new Candidate(
                  name, "", OptionalDouble.of(round.ranking.score(next)), OptionalInt.of(++order)));
        }
      }
    }
    for (Excluded one : excluded) {
      all.add(new Candidate(one.target, one.why, OptionalDouble.empty(), OptionalInt.empty()));
    }
    return all;
  }

  /** {@code [{target, excluded, score, order}]}, what is not there being null. */
  public ArrayNode json() {
    ArrayNode array = Json.array();
    for (Candidate candidate : candidates()) {
      var node = array.addObject().put("target", candidate.target);
      if (candidate.excluded.isEmpty()) {
        node.putNull("excluded");
      } else {
        node.put("excluded", candidate.excluded);
      }
      if (candidate.score.isPresent()) {
        node.put("score", candidate.score.getAsDouble());
      } else {
        node.putNull("score");
      }
      if (candidate.order.isPresent()) {
        node.put("order", candidate.order.getAsInt());
      } else {
        node.putNull("order");
      }
    }
    return array;
  }
}
