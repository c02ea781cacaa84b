package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Json;
import dev.lintel.sim.Fault;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

/**
 * Every fault of a provider, in every dialect, streamed and whole: with a second target the client
 * sees one clean answer, with none it sees the truth.
 */
@Tag("threads")
@Execution(ExecutionMode.CONCURRENT)
class FaultScenario {
  /** Nothing is wrong with these: they must work without a second target. */
  private static final Set<Fault> HARMLESS =
      EnumSet.of(Fault.LONG_LINE, Fault.BYTE_BY_BYTE, Fault.SPLIT_CHARACTERS);

  /** These happen after the first content of a stream, when it is too late for another target. */
  private static final Set<Fault> MID_STREAM =
      EnumSet.of(
          Fault.STALL_MID_STREAM,
          Fault.RESET_MID_STREAM,
          Fault.NO_TERMINAL,
          Fault.MALFORMED_EVENT,
          Fault.ERROR_MID_STREAM);

  /** These answer nothing, so each test of them takes the time that is allowed. */
  private static final Set<Fault> SILENT =
      EnumSet.of(Fault.STALL_BEFORE_HEADERS, Fault.STALL_AFTER_HEADERS, Fault.ROLE_ONLY);

  private static TestGateway gateway;

  private enum Client {
    OPENAI("openai", "choices") {
      @Override
      String path(String model, boolean stream) {
        return "/v1/chat/completions";
      }

      @Override
      String body(String model, boolean stream) {
        return "{\"model\":\""
            + model
            + "\",\"stream\":"
            + stream
            + ",\"messages\":[{\"role\":\"user\",\"content\":\"Tell me of gates\"}]}";
      }
    },
    ANTHROPIC("anthropic", "content") {
      @Override
      String path(String model, boolean stream) {
        return "/v1/messages";
      }

      @Override
      String body(String model, boolean stream) {
        return "{\"model\":\""
            + model
            + "\",\"max_tokens\":500,\"stream\":"
            + stream
            + ",\"messages\":[{\"role\":\"user\",\"content\":\"Tell me of gates\"}]}";
      }
    },
    GEMINI("gemini", "candidates") {
      @Override
      String path(String model, boolean stream) {
        return "/v1beta/models/"
            + model
            + (stream ? ":streamGenerateContent?alt=sse" : ":generateContent");
      }

      @Override
      String body(String model, boolean stream) {
        return "{\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"Tell me of gates\"}]}]}";
      }
    },
    BEDROCK("bedrock", "output") {
      @Override
      String path(String model, boolean stream) {
        return "/model/" + model + (stream ? "/converse-stream" : "/converse");
      }

      @Override
      String body(String model, boolean stream) {
        return "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"Tell me of gates\"}]}]}";
      }
    },
    COHERE("cohere", "message") {
      @Override
      String path(String model, boolean stream) {
        return "/v2/chat";
      }

      @Override
      String body(String model, boolean stream) {
        return OPENAI.body(model, stream);
      }
    },
    RESPONSES("responses", "output") {
      @Override
      String path(String model, boolean stream) {
        return "/v1/responses";
      }

      @Override
      String body(String model, boolean stream) {
        return "{\"model\":\""
            + model
            + "\",\"stream\":"
            + stream
            + ",\"input\":\"Tell me of gates\"}";
      }
    };

    final String dialect;
    final String answer;

    Client(String dialect, String answer) {
      this.dialect = dialect;
      this.answer = answer;
    }

    abstract String path(String model, boolean stream);

    abstract String body(String model, boolean stream);

    /** What only a complete stream has. */
    boolean terminated(String events) {
      return switch (this) {
        case OPENAI -> events.contains("data: [DONE]");
        case ANTHROPIC -> events.contains("message_stop");
        case GEMINI -> events.contains("\"finishReason\"");
        case RESPONSES -> events.contains("response.completed");
        case BEDROCK -> events.contains("messageStop");
        case COHERE -> events.contains("[DONE]") || events.contains("COMPLETE");
      };
    }

    /** What a broken stream has and no other. */
    String broken() {
      return switch (this) {
        case BEDROCK -> ":exception-type";
        // Every response has an error, which is null.
        case RESPONSES -> "\"error\":{";
        case OPENAI, ANTHROPIC, GEMINI, COHERE -> "\"error\"";
      };
    }

    /** What holds the message and the {@code lintel} object of a refusal. */
    JsonNode error(String body) {
      JsonNode envelope = Json.parse(body);
      return this == BEDROCK || this == COHERE ? envelope : envelope.path("error");
    }
  }

  @BeforeAll
  static void start() {
    var yaml = new StringBuilder("providers:\n");
    var models = new StringBuilder("models:\n");
    for (Client client : Client.values()) {
      String d = client.dialect;
      yaml.append("  good-" + d + ": { kind: sim, dialect: " + d + " }\n");
      yaml.append(
          "  refused-" + d + ": { kind: " + d + ", url: 'http://127.0.0.1:1', key: none }\n");
      models.append(
          "  refused-second-"
              + d
              + ":\n    targets: [ refused-"
              + d
              + "/x, good-"
              + d
              + "/small ]\n"
              + timeouts("20s", "20s"));
      models.append(
          "  refused-alone-"
              + d
              + ":\n    targets: [ refused-"
              + d
              + "/x ]\n    retry: { attempts: 1 }\n"
              + timeouts("20s", "20s"));
      for (Fault fault : Fault.values()) {
        String bad = "bad-" + fault.word() + "-" + d;
        yaml.append(
            "  " + bad + ": { kind: sim, dialect: " + d + ", fault: " + fault.word() + " }\n");
        models.append(
            "  second-"
                + fault.word()
                + "-"
                + d
                + ":\n    targets: [ "
                + bad
                + "/x, good-"
                + d
                + "/small ]\n"
                + timeouts(SILENT.contains(fault) ? "1500ms" : "20s", idle(fault)));
        models.append(
            "  alone-"
                + fault.word()
                + "-"
                + d
                + ":\n    targets: [ "
                + bad
                + "/x ]\n    retry: { attempts: 1 }\n"
                + timeouts(SILENT.contains(fault) ? "300ms" : "20s", idle(fault)));
      }
    }
    gateway = TestGateway.of(yaml.toString() + models);
  }

  /**
   * Long where an answer is expected: the machine may be busy, and one that is written byte by byte
   * then stops for a while, or takes many seconds.
   */
  private static String timeouts(String firstToken, String idle) {
    return "    timeouts: { connect: 5s, first_token: "
        + firstToken
        + ", idle: "
        + idle
        + ", total: 60s }\n";
  }

  private static String idle(Fault fault) {
    return fault == Fault.STALL_MID_STREAM ? "500ms" : "20s";
  }

  @AfterAll
  static void stop() {
    gateway.close();
  }

  /**
   * Client and provider of the same dialect for every fault, and of another for the bytes to be
   * translated.
   */
  static Stream<Arguments> faults() {
    List<Arguments> all = new ArrayList<>();
    for (Client client : Client.values()) {
      for (Client provider :
          List.of(client, Client.values()[(client.ordinal() + 2) % Client.values().length])) {
        for (boolean stream : new boolean[] {false, true}) {
          all.add(Arguments.of("refused", client, provider, stream));
          for (Fault fault : Fault.values()) {
            all.add(Arguments.of(fault.word(), client, provider, stream));
          }
        }
      }
    }
    return all.stream();
  }

  @ParameterizedTest(name = "{0}, {1} client, {2} provider, stream {3}")
  @MethodSource("faults")
  void with_a_second_target_the_client_sees_one_clean_answer(
      String fault, Client client, Client provider, boolean stream) {
    if (stream && !fault.equals("refused") && MID_STREAM.contains(Fault.of(fault))) {
      return; // told in the other test: after the first content only the truth is left
    }
    String model =
        (fault.equals("refused") ? "refused-second-" : "second-" + fault + "-") + provider.dialect;
    TestGateway.Raw reply = gateway.raw(client.path(model, stream), client.body(model, stream));
    assertThat(reply.status()).as(reply.body()).isEqualTo(200);
    assertThat(reply.complete()).as("the end of\n" + reply.body()).isTrue();
    if (stream) {
      assertThat(client.terminated(reply.body())).as(reply.body()).isTrue();
      assertThat(reply.body()).doesNotContain(client.broken());
    } else {
      assertThat(Json.parse(reply.body()).has(client.answer)).as(reply.body()).isTrue();
    }
    assertThat(reply.body()).contains("gates");
  }

  @ParameterizedTest(name = "{0}, {1} client, {2} provider, stream {3}")
  @MethodSource("faults")
  void without_one_it_sees_the_truth_in_its_own_dialect(
      String fault, Client client, Client provider, boolean stream) {
    boolean refused = fault.equals("refused");
    String model = (refused ? "refused-alone-" : "alone-" + fault + "-") + provider.dialect;
    TestGateway.Raw reply = gateway.raw(client.path(model, stream), client.body(model, stream));
    if (!refused && HARMLESS.contains(Fault.of(fault))) {
      assertThat(reply.status()).as(reply.body()).isEqualTo(200);
      assertThat(reply.complete()).as(reply.body()).isTrue();
      return;
    }
    if (stream && !refused && MID_STREAM.contains(Fault.of(fault))) {
      assertThat(reply.status()).as(reply.body()).isEqualTo(200);
      assertThat(reply.complete()).as("the connection was broken off").isFalse();
      assertThat(client.terminated(reply.body()))
          .as("terminal marker in\n" + reply.body())
          .isFalse();
      assertThat(reply.body()).contains(client.broken()).contains("\"lintel\"");
      return;
    }
    assertThat(reply.status()).as(reply.body()).isGreaterThanOrEqualTo(400);
    JsonNode error = client.error(reply.body());
    assertThat(error.path("lintel").path("kind").asString("")).as(reply.body()).isNotEmpty();
    // What another call was told of the account's limits holds for this one: it may not be sent.
    assertThat(error.path("lintel").path("attempts").size())
        .as(reply.body())
        .isBetween(fault.equals("429_reset") ? 0 : 1, 1);
    assertThat(error.path("message").asString("")).isNotEmpty();
  }
}
