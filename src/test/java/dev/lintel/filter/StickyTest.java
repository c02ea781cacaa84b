package dev.lintel.filter;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Body;
import dev.lintel.Call;
import dev.lintel.Caller;
import dev.lintel.Chat;
import dev.lintel.Chunk;
import dev.lintel.Decision.Candidate;
import dev.lintel.Facts;
import dev.lintel.Failure;
import dev.lintel.Failure.Kind;
import dev.lintel.Fakes;
import dev.lintel.Handler;
import dev.lintel.Headers;
import dev.lintel.Inbound;
import dev.lintel.Json;
import dev.lintel.Model;
import dev.lintel.OnCallThread;
import dev.lintel.Part;
import dev.lintel.Price;
import dev.lintel.Profile;
import dev.lintel.Ranking;
import dev.lintel.Routing;
import dev.lintel.Strategy;
import dev.lintel.Target;
import dev.lintel.Timeouts;
import dev.lintel.Traits;
import dev.lintel.Usage;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.node.ObjectNode;

class StickyTest {
  private static final Duration FIVE = Duration.ofMinutes(5);

  /** USD for a million tokens. */
  private record Cached(double input, double cacheRead) implements Price {
    @Override
    public Optional<BigDecimal> cost(Usage usage) {
      return Optional.of(
          BigDecimal.valueOf((usage.input() * input + usage.cacheRead() * cacheRead) / 1e6));
    }

    @Override
    public ObjectNode json() {
      return Json.object();
    }
  }

  private long now = 1;
  private final Sticky sticky = new Sticky(() -> now);
  private final Fakes.Wellness health = new Fakes.Wellness();
  private final List<String> asked = new ArrayList<>();
  private final List<String> failing = new ArrayList<>();
  private final Target a = priced("a");
  private final Target b = priced("b");
  private final Target c = priced("c");
  private List<Target> targets = List.of(a, b, c);
  private List<String> on = List.of("prompt_cache_key", "session", "user");
  private String name = "m";
  private String tenant = "t";

  /** Whom the strategy has first. */
  private Target favourite = a;

  @Test
  void a_session_stays_where_it_was() {
    ask("{'user':'u'}");
    favourite = b;
    ask("{'user':'u'}");

    assertThat(asked).containsExactly("a", "a");
  }

  @Test
  void other_sessions_go_where_the_strategy_sends_them() {
    ask("{'user':'u'}");
    favourite = b;
    ask("{'user':'v'}");
    ask("{}");

    assertThat(asked).containsExactly("a", "b", "b");
  }

  @Test
  void the_first_mark_that_a_call_has_counts() {
    ask("{'user':'u','prompt_cache_key':'k'}");
    favourite = b;
    ask("{'user':'u'}");
    ask("{'user':'v','prompt_cache_key':'k'}");

    assertThat(asked).containsExactly("a", "b", "a");
  }

  @Test
  void the_same_word_as_another_mark_is_another_session() {
    ask("{'user':'x'}");
    favourite = b;
    ask("{'prompt_cache_key':'x'}");

    assertThat(asked).containsExactly("a", "b");
  }

  @Test
  void a_conversation_is_known_by_how_it_began() {
    on = List.of("messages");
    ask("{'messages':[{'role':'user','content':'hello'}]}");
    favourite = b;
    ask(
        "{'messages':[{'role':'user','content':'hello'},{'role':'assistant','content':'hi'},"
            + "{'role':'user','content':'and?'}]}");
    ask("{'messages':[{'role':'user','content':'hullo'}]}");

    assertThat(asked).containsExactly("a", "a", "b");
  }

  @Test
  void tenants_and_models_are_apart() {
    ask("{'user':'u'}");
    favourite = b;
    tenant = "other";
    ask("{'user':'u'}");
    tenant = "t";
    name = "other";
    ask("{'user':'u'}");

    assertThat(asked).containsExactly("a", "b", "b");
  }

  @Test
  void a_session_leaves_a_target_that_is_not_well_and_stays_with_who_took_it_over() {
    ask("{'user':'u'}");
    health.resting.add("a/m");
    favourite = c;
    Call moved = ask("{'user':'u'}");
    health.resting.clear();
    favourite = b;
    ask("{'user':'u'}");

    assertThat(asked).containsExactly("a", "c", "c");
    assertThat(session(moved, "a/m")).startsWith("moved");
  }

  @Test
  void a_session_moves_to_who_answered_where_its_target_failed() {
    ask("{'user':'u'}");
    failing.add("a");
    favourite = c;
    Call moved = ask("{'user':'u'}");
    failing.clear();
    ask("{'user':'u'}");

    assertThat(asked).containsExactly("a", "a", "c", "c");
    assertThat(session(moved, "a/m")).startsWith("moved");
    assertThat(session(moved, "c/m")).isEmpty();
  }

  @Test
  void what_a_move_loses_is_told() {
    ask("{'user':'u'}");
    failing.add("a");
    // 10,000 tokens at 3 USD a million, which would have been 0.3.
    Call moved = ask("{'user':'u','x':'" + "x".repeat(40_000) + "'}");

    assertThat(session(moved, "a/m")).isEqualTo("moved, with about 0.027 USD of cached prompt");
  }

  @Test
  void a_session_that_stays_says_so() {
    ask("{'user':'u'}");
    favourite = b;
    Call call = ask("{'user':'u'}");

    List<Candidate> candidates = call.trail().decision().candidates();
    assertThat(candidates).extracting(Candidate::target).containsExactly("a/m", "b/m", "c/m");
    assertThat(candidates).extracting(Candidate::session).containsExactly("stays", "", "");
  }

  @Test
  void a_session_whose_call_failed_stays_where_it_was() {
    ask("{'user':'u'}");
    failing.addAll(List.of("a", "b", "c"));
    ask("{'user':'u'}");
    failing.clear();
    favourite = b;
    asked.clear();
    ask("{'user':'u'}");

    assertThat(asked).containsExactly("a");
  }

  @Test
  void a_session_is_forgotten_some_time_after_its_last_call() {
    ask("{'user':'u'}");
    favourite = b;
    now += FIVE.toNanos() - 1;
    ask("{'user':'u'}");
    now += FIVE.toNanos() - 1;
    ask("{'user':'u'}");
    now += FIVE.toNanos() + 1;
    ask("{'user':'u'}");

    assertThat(asked).containsExactly("a", "a", "a", "b");
  }

  @Test
  void a_target_that_is_no_candidate_any_more_holds_nobody() {
    ask("{'user':'u'}");
    targets = List.of(b, c);
    favourite = c;
    ask("{'user':'u'}");

    assertThat(asked).containsExactly("a", "c");
  }

  @Test
  void a_model_that_is_not_sticky_remembers_nothing() {
    on = List.of();
    ask("{'user':'u'}");
    favourite = b;
    ask("{'user':'u'}");

    assertThat(asked).containsExactly("a", "b");
  }

  private Target priced(String provider) {
    Target watched = health.watched(Fakes.provider(provider), "m");
    return new Target(
        watched.provider(),
        "m",
        Profile.NONE,
        Facts.of(Traits.UNKNOWN, new Cached(3, 0.3)),
        watched.standing());
  }

  private String session(Call call, String target) {
    return call.trail().decision().candidates().stream()
        .filter(candidate -> candidate.target().equals(target))
        .map(Candidate::session)
        .findFirst()
        .orElseThrow();
  }

  private Call ask(String json) {
    byte[] body = json.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
    var inbound = new Inbound(Map.of(), Map.of(), Headers.NONE, Body.scan(body));
    Chat chat =
        Chat.read(
            new Fakes.NamedDialect("openai"),
            "m",
            false,
            false,
            inbound,
            read -> {
              throw Failure.invalid("nobody understands it");
            });
    Call call =
        Fakes.call(model(), chat).with(new Caller(tenant, "a", "k", Optional.empty(), false));
    Handler provider =
        (at, out) -> {
          String target = at.target().orElseThrow().target().provider().name();
          asked.add(target);
          if (failing.contains(target)) {
            throw Failure.of(Kind.UPSTREAM_ERROR, "down").upstream(500);
          }
          out.emit(Chunk.of(new Part.Text("hello")));
        };
    var failover = new Failover((trail, event) -> {});
    OnCallThread.run(() -> {
      try {
        sticky.apply(call, new Fakes.Recorder(), (at, out) -> failover.apply(at, out, provider));
      } catch (Failure expected) {
        assertThat(failing).isNotEmpty();
      }
    });
    return call;
  }

  private Model model() {
    Strategy strategy =
        (call, all) -> {
          var scores = new double[all.size()];
          Arrays.setAll(scores, place -> all.get(place) == favourite ? 0 : 1);
          return Ranking.of(scores);
        };
    var none = Routing.NONE;
    var routing =
        new Routing(
            none.rules(),
            none.split(),
            none.shadow(),
            on.isEmpty() ? Optional.empty() : Optional.of(new Routing.Sticky(on, FIVE)),
            none.hedge(),
            none.queue(),
            false,
            none.fallback(),
            true);
    return new Model(
        name, targets, strategy, Timeouts.USUAL, Fakes.retry(3), Optional.empty(), routing);
  }
}
