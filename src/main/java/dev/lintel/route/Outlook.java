package dev.lintel.route;

import dev.lintel.Call;
import dev.lintel.CallThread;
import dev.lintel.Chat;
import dev.lintel.Embed;
import dev.lintel.Extent;
import dev.lintel.Live;
import dev.lintel.Relay;
import dev.lintel.Request;
import dev.lintel.Rerank;
import dev.lintel.Standing;
import dev.lintel.Stored;
import dev.lintel.Target;
import dev.lintel.Usage;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a call will probably cost and how long it will take at each of the targets that are
 * compared. Everything is estimated, and good for comparing only.
 *
 * <p>An answer is expected to be as long as the target's answers usually are, where nobody knows
 * that as those of the others, and never longer than the call allows.
 */
final class Outlook {
  /** Tokens of an answer, while none of the targets has answered anything. */
  private static final double USUAL_OUTPUT = 500;

  /** Tokens of a prompt of which nothing can be told. */
  private static final long USUAL_PROMPT = 1000;

  private final long prompt;
  private final double most;
  private final Map<Usage.Unit, BigDecimal> pieces;
  private final @Nullable Target own;
  private final long now = CallThread.nanoTime();
  private final double usualOutput;
  private final double usualSpeed;

  Outlook(Call call, List<Target> targets) {
    Request request = call.request();
    this.prompt = prompt(request);
    this.most = most(request);
    this.pieces = Extent.pieces(request);
    String session = call.trail().decision().session();
    Target staying = null;
    double outputs = 0;
    double speeds = 0;
    int lengths = 0;
    int paces = 0;
    for (Target target : targets) {
      if (!session.isEmpty() && target.named(session)) {
        staying = target;
      }
      double output = target.standing().outputTokens();
      double speed = target.standing().tokensPerSecond();
      if (!Double.isNaN(output)) {
        outputs += output;
        lengths++;
      }
      if (!Double.isNaN(speed)) {
        speeds += speed;
        paces++;
      }
    }
    this.own = staying;
    this.usualOutput = lengths == 0 ? USUAL_OUTPUT : outputs / lengths;
    this.usualSpeed = paces == 0 ? Double.POSITIVE_INFINITY : speeds / paces;
  }

  /** USD; NaN where nobody knows. The target at which a session is has read its prompt before. */
  double cost(Target target) {
    double output = output(target.standing());
    if (pieces.isEmpty()) {
      boolean cached = target == own && prompt >= target.traits().cacheMinimum();
      return target.price().about(cached ? 0 : prompt, cached ? prompt : 0, output);
    }
    return target
        .price()
        .cost(Usage.of(prompt, (long) output, Usage.Source.ESTIMATE).units(pieces))
        .map(BigDecimal::doubleValue)
        .orElse(Double.NaN);
  }

  /**
   * Seconds to the end of the answer: {@code first content * (calls under way + 1) + output /
   * tokens a second}. NaN where nobody has asked the target yet.
   */
  double seconds(Target target) {
    Standing standing = target.standing();
    double speed = standing.tokensPerSecond();
    return standing.firstContentNanos(now) / 1e9 * (standing.underWay() + 1)
        + output(standing) / (Double.isNaN(speed) ? usualSpeed : speed);
  }

  private double output(Standing standing) {
    double usual = standing.outputTokens();
    return Math.min(most, Double.isNaN(usual) ? usualOutput : usual);
  }

  private static long prompt(Request request) {
    long known =
        // Its length tells enough: a conversation is not read only to be guessed at.
        request instanceof Chat chat && chat.original().isPresent()
            ? chat.estimatedTokens()
            : Extent.inputTokens(request);
    return known == 0 ? USUAL_PROMPT : known;
  }

  /** Tokens that the answer has at most. */
  private static double most(Request request) {
    return switch (request) {
      case Chat chat -> {
        long said = Extent.maxTokens(chat);
        yield said == 0 ? Double.POSITIVE_INFINITY : said;
      }
      case Live live -> Double.POSITIVE_INFINITY;
      case Request.Unread unread -> Double.POSITIVE_INFINITY;
      case Embed embed -> 0;
      case Rerank rerank -> 0;
      case Relay relay -> 0;
      case Stored stored -> 0;
      case Request.Count count -> 0;
    };
  }
}
