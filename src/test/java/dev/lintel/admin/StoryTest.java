package dev.lintel.admin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Json;
import dev.lintel.Price;
import dev.lintel.Usage;
import java.math.BigDecimal;
import java.util.List;
import java.util.Optional;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

class StoryTest {
  /** As the first version wrote it. */
  private static final String OLD =
      """
      {"request_id": "req_1", "time": "2026-11-01T10:00:00.000Z", "tenant": "acme", "app": "support", "key_id": "k",
       "use_case": null, "dialect": "openai", "model": "smart", "target": "p/m", "status": 200, "kind": null,
       "stream": true, "ttft_ms": 480, "latency_ms": 910,
       "usage": {"input": 100, "output": 20, "cache_read": 50, "cache_write": 0, "cache_write_1h": 0, "reasoning": 5, "source": "provider"},
       "cost_usd": "0.000145",
       "attempts": [{"target": "p/m", "status": 200, "kind": null, "message": null, "latency_ms": 908, "cost_usd": "0.000145"}],
       "decision": [{"target": "p/m", "excluded": null, "score": 0.25, "order": 1},
                    {"target": "q/m", "excluded": "the provider rests, 41 s", "score": null, "order": null}]}
      """;

  /** USD a million: 1, 2, and of what is read from the cache a tenth. */
  private static final Price KNOWN = price("{\"input\": 1, \"output\": 2, \"cache_read\": 0.1}");

  private static Price price(String words) {
    return new Price() {
      @Override
      public Optional<BigDecimal> cost(Usage usage) {
        throw new AssertionError("nobody asks what it would cost");
      }

      @Override
      public ObjectNode json() {
        return (ObjectNode) Json.parse(words);
      }
    };
  }

  private static List<String> told(JsonNode call, Price price) {
    return StreamSupport.stream(
            Story.of(call, target -> Optional.of(price)).path("story").spliterator(), false)
        .map(line -> line.path("says").asString())
        .toList();
  }

  private static ObjectNode old() {
    return (ObjectNode) Json.parse(OLD);
  }

  @Test
  void a_record_of_an_older_version_is_told_as_far_as_it_goes() {
    assertThat(told(old(), KNOWN))
        .containsExactly(
            "App 'support' of tenant 'acme' called at 2026-11-01T10:00:00.000Z, with the key 'k'.",
            "It asked for the model 'smart' in the dialect openai, as a stream.",
            "q/m was left out: the provider rests, 41 s.",
            "p/m stood in place 1, with a score of 0.25 (lower is better).",
            "Try 1: p/m answered with status 200 after 908 ms. It cost 0.000145 USD.",
            "The first content came after 480 ms.",
            "The provider counted 100 input tokens, 50 tokens read from the provider's cache and 20"
                + " output tokens; 5 tokens of the output were reasoning.",
            "It cost 0.000145 USD.",
            "100 input tokens at 1 USD a million are 0.0001 USD.",
            "50 tokens read from the provider's cache at 0.1 USD a million are 0.000005 USD.",
            "20 output tokens at 2 USD a million are 0.00004 USD.",
            "It ended after 910 ms: the caller got the whole answer, with status 200.");
  }

  @Test
  void an_empty_record_makes_no_claim() {
    assertThat(told(Json.object(), KNOWN))
        .containsExactly(
            "Somebody called whom no key made known.",
            "It was over before a model was asked for.",
            "Nobody was asked.");
  }

  @Test
  void parts_that_do_not_come_to_the_cost_are_not_told() {
    assertThat(told(old(), price("{\"input\": 7, \"output\": 2}")))
        .contains(
            "It cost 0.000145 USD.",
            "How that comes about the record does not tell: the tokens at the prices of p/m that are"
                + " known now come to something else.")
        .noneMatch(line -> line.contains("a million"));
  }

  @Test
  void what_only_newer_records_say_is_told() {
    ObjectNode call = old();
    call.put("node", "n1").put("revision", 7).put("endpoint", "chat").put("tags", "a,b");
    call.putObject("request").put("input_tokens", 140).put("max_tokens", 64).put("tools", 1);
    call.putObject("terms").put("tier", "high").put("region", "eu");
    call.putArray("adapted").add("drop:seed");
    call.putObject("timings_us").put("receive", 10).put("choose", 35).put("wait", 20);
    call.put("training", "opted_out").put("variant", "canary");
    assertThat(told(call, KNOWN))
        .contains(
            "It was tagged a,b.",
            "It was served by the node 'n1', under revision 7 of the configuration.",
            "The request (chat) had about 140 tokens of prompt, at most 64 tokens of answer and 1"
                + " tool.",
            "Its terms were region eu and tier high.",
            "For the target was adapted: drop:seed.",
            "Stop by stop it took, in microseconds: receive 10, choose 35.",
            "Of that it waited for room 20 microseconds.",
            "Nobody may train a model with what it said.",
            "It was drawn for the variant 'canary'.");
  }

  @Test
  void who_left_and_who_was_paid_for_by_another_are_told() {
    ObjectNode left = old();
    left.put("kind", "cancelled").put("status", 499).put("message", "The caller closed it.");
    assertThat(told(left, KNOWN))
        .contains("The caller left after 910 ms, before the answer was complete.");
    ObjectNode joined = old();
    joined.put("cost_usd", "0");
    assertThat(told(joined, KNOWN))
        .contains("It cost 0 USD.")
        .anyMatch(line -> line.startsWith("Its tries were paid for by another call"));
  }

  @Test
  void what_a_hedge_lost_stands_beside_the_parts_of_the_answer() {
    ObjectNode call = old();
    call.put("cost_usd", "0.000245");
    call.withArray("attempts")
        .insertObject(0)
        .put("target", "q/m")
        .put("kind", "cancelled")
        .put("message", "Another target answered first.")
        .put("latency_ms", 400)
        .put("cost_usd", "0.0001");
    assertThat(told(call, KNOWN))
        .contains(
            "Tries that did not answer the caller cost 0.0001 USD.",
            "Try 1: q/m was broken off after 400 ms (no status): \"Another target answered first.\" It"
                + " cost 0.0001 USD.");
  }
}
