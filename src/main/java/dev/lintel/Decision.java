package dev.lintel;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;
import tools.jackson.databind.JsonNode;

/**
 * Why a call went where it went: every target that was looked at, why it was left out, or with
 * which score it stood where in the order. Noted by the stops as they go, worded when somebody
 * wants to read it.
 */
public final class Decision {
  /** What was ranked at once: a model's targets, and after it a fallback's. */
  private record Round(List<Target> targets, Ranking ranking) {}

  private record Excluded(Target target, String why) {}

  private List<Round> rounds = List.of();
  private List<Excluded> excluded = List.of();
  private String session = "";
  private String sessionWords = "";
  private List<Target> asked = List.of();

  /**
   * A target that was looked at.
   *
   * @param excluded why it was left out; empty where it was not
   * @param score lower is better; empty where it was left out, or asked though nobody ranked it
   * @param order 1 for the first to be tried; empty where it was left out
   * @param basis what the score is made of; empty where the strategy does not say
   * @param policy which rules of a policy wanted it where it stands; empty where none did
   * @param session {@code stays} where the call's session was there, and so it goes first, or
   *     {@code moved} with what that costs; empty where it was not
   */
  public record Candidate(
      String target,
      String excluded,
      OptionalDouble score,
      OptionalInt order,
      String basis,
      String policy,
      String session) {}

  /** The name of the target at which the call's session is; empty where it is at none. */
  public String session() {
    return session;
  }

  /**
   * The call's session is at the target of that name, whose provider may have cached its prompt.
   */
  public void session(String target) {
    session = target;
    sessionWords = "stays";
  }

  /**
   * Another target answered the call, so that its session is there now.
   *
   * @param lost what a cached prompt would have saved, in USD; empty where nobody knows
   */
  public void sessionMoved(Optional<BigDecimal> lost) {
    sessionWords =
        "moved"
            + lost.map(usd -> ", with about " + usd.toPlainString() + " USD of cached prompt")
                .orElse("");
  }

  /** The target is left out, for that reason; what was said of it before counts no more. */
  public void excluded(Target target, String why) {
    if (excluded.isEmpty()) {
      excluded = new ArrayList<>(4);
    }
    excluded.add(new Excluded(target, why));
  }

  /** These are tried, in that order. */
  public void ranked(List<Target> targets, Ranking ranking) {
    rounds = with(rounds, new Round(targets, ranking));
  }

  /** The target is asked, whatever was or will be said against it. */
  public void asked(Target target) {
    asked = with(asked, target);
  }

  private static <T> List<T> with(List<T> some, T other) {
    if (some.isEmpty()) {
      return List.of(other);
    }
    var all = new ArrayList<>(some);
    all.add(other);
    return all;
  }

  /** As it is now, whatever is noted afterwards. */
  Decision copy() {
    var copy = new Decision();
    copy.rounds = rounds;
    copy.excluded = excluded.isEmpty() ? excluded : new ArrayList<>(excluded);
    copy.asked = asked;
    copy.session = session;
    copy.sessionWords = sessionWords;
    return copy;
  }

  /** At least as many as there are {@link #candidates}. */
  public int looked() {
    int looked = excluded.size() + asked.size();
    for (Round round : rounds) {
      looked += round.targets.size();
    }
    return looked;
  }

  /**
   * Those that are tried, in their order; then those that were left out. Each target stands there
   * once.
   */
  public List<Candidate> candidates() {
    Map<String, String> reasons = reasons();
    Set<String> seen = new HashSet<>(reasons.keySet());
    var all = new ArrayList<Candidate>();
    for (Round round : rounds) {
      var taken = new boolean[round.targets.size()];
      for (int next = round.ranking.best(taken.length, taken);
          next >= 0;
          next = round.ranking.best(taken.length, taken)) {
        taken[next] = true;
        String name = round.targets.get(next).name();
        if (seen.add(name)) {
          add(
              all,
              name,
              OptionalDouble.of(round.ranking.score(next)),
              round.ranking.basis(next),
              round.ranking.words(next));
        }
      }
    }
    // Those that were insisted on: in trouble, and so not ranked with the others.
    for (Target target : asked) {
      String name = target.name();
      if (seen.add(name)) {
        add(all, name, OptionalDouble.empty(), "", "");
      }
    }
    reasons.forEach((name, why) ->
        all.add(
            new Candidate(
                name, why, OptionalDouble.empty(), OptionalInt.empty(), "", "", sessionAt(name))));
    return all;
  }

  /** Why those were left out that were not asked all the same, by their names. */
  private Map<String, String> reasons() {
    if (excluded.isEmpty()) {
      return Map.of();
    }
    var reasons = new LinkedHashMap<String, String>();
    excluded.forEach(one -> reasons.put(one.target.name(), one.why));
    asked.forEach(target -> reasons.remove(target.name()));
    return reasons;
  }

  private void add(
      List<Candidate> all, String name, OptionalDouble score, String basis, String policy) {
    all.add(
        new Candidate(
            name, "", score, OptionalInt.of(all.size() + 1), basis, policy, sessionAt(name)));
  }

  private String sessionAt(String name) {
    return name.equals(session) ? sessionWords : "";
  }

  /**
   * {@code [{target, excluded, score, order}]}, what is not there being null, and beside it {@code
   * basis} where the strategy says what the score is made of, {@code policy} where a policy wanted
   * it there, and {@code session} at the target where the call's session was.
   *
   * @param most how many of the candidates, the first of them
   * @return how many there are beyond those
   */
  public int write(JsonGenerator json, int most) {
    List<Candidate> all = candidates();
    json.writeStartArray();
    for (Candidate candidate : all.subList(0, Math.min(most, all.size()))) {
      json.writeStartObject();
      json.writeStringProperty("target", candidate.target);
      json.writeStringProperty("excluded", orNull(candidate.excluded));
      json.writeName("score");
      double score = candidate.score.orElse(Double.NaN);
      if (Double.isFinite(score)) {
        json.writeNumber(score);
      } else {
        json.writeNull();
      }
      json.writeName("order");
      if (candidate.order.isPresent()) {
        json.writeNumber(candidate.order.getAsInt());
      } else {
        json.writeNull();
      }
      if (!candidate.basis.isEmpty()) {
        json.writeStringProperty("basis", candidate.basis);
      }
      if (!candidate.policy.isEmpty()) {
        json.writeStringProperty("policy", candidate.policy);
      }
      if (!candidate.session.isEmpty()) {
        json.writeStringProperty("session", candidate.session);
      }
      json.writeEndObject();
    }
    json.writeEndArray();
    return Math.max(0, all.size() - most);
  }

  private static @Nullable String orNull(String text) {
    return text.isEmpty() ? null : text;
  }

  /** The whole of it, as {@link #write} words it. */
  public byte[] bytes() {
    return Json.bytes(json -> write(json, Integer.MAX_VALUE));
  }

  /** The same as a tree. */
  public JsonNode json() {
    return Json.parse(bytes());
  }
}
