package dev.lintel.main;

import dev.lintel.main.RawProvider.Visit;
import java.io.IOException;
import java.util.List;

/**
 * What an {@link UnwellProvider} says, in one dialect: answers that give a call its own word back.
 */
enum Speech {
  OPENAI {
    @Override
    String opening() {
      return event("{\"role\":\"assistant\",\"content\":\"\"}", "null");
    }

    @Override
    String piece(String text) {
      return event("{\"content\":\"" + text + "\"}", "null");
    }

    @Override
    String ending() {
      return event("{}", "\"stop\"") + "data: [DONE]\n\n";
    }

    private static String event(String delta, String finish) {
      return """
      data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":%s,"finish_reason":%s}]}

      """
          .formatted(delta, finish);
    }

    @Override
    String whole(String text) {
      return """
      {"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"%s"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}}
      """
          .formatted(text);
    }

    @Override
    String error(String message, String code) {
      return "{\"error\":{\"message\":\"%s\",\"type\":\"%s\",\"code\":\"%s\"}}"
          .formatted(message, code, code);
    }

    @Override
    String failing(String message, String code) {
      return "data: " + error(message, code) + "\n\n";
    }
  },

  ANTHROPIC {
    @Override
    String opening() {
      return event(
              "message_start",
              ",\"message\":{\"id\":\"m\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"m\",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":{\"input_tokens\":3,\"output_tokens\":1}}")
          + event(
              "content_block_start",
              ",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}");
    }

    @Override
    String piece(String text) {
      return event(
          "content_block_delta",
          ",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"" + text + "\"}");
    }

    @Override
    String ending() {
      return event("content_block_stop", ",\"index\":0")
          + event(
              "message_delta",
              ",\"delta\":{\"stop_reason\":\"end_turn\",\"stop_sequence\":null},\"usage\":{\"output_tokens\":4}")
          + event("message_stop", "");
    }

    private static String event(String type, String more) {
      return "event: " + type + "\ndata: {\"type\":\"" + type + "\"" + more + "}\n\n";
    }

    @Override
    String whole(String text) {
      return """
      {"id":"m","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":"%s"}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":3,"output_tokens":4}}
      """
          .formatted(text);
    }

    @Override
    String error(String message, String code) {
      return "{\"type\":\"error\",\"error\":{\"type\":\"%s\",\"message\":\"%s\"}}"
          .formatted(code, message);
    }

    @Override
    String failing(String message, String code) {
      return "event: error\ndata: " + error(message, code) + "\n\n";
    }
  };

  /** The last chunk of a body. */
  static final String END = "0\r\n\r\n";

  /** An event that says nothing yet. */
  abstract String opening();

  abstract String piece(String text);

  abstract String ending();

  abstract String whole(String text);

  /** A body that tells of an error. */
  abstract String error(String message, String code);

  /** An event that does. */
  abstract String failing(String message, String code);

  /** In pieces that are the answer to the call with that word. */
  static List<String> words(String nonce) {
    return List.of("It was ", nonce, " that was asked, and ", nonce + " it is.");
  }

  static void begin(Visit visit) throws IOException {
    visit.write(
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
  }

  static String chunk(String text) {
    return Integer.toHexString(text.length()) + "\r\n" + text + "\r\n";
  }

  /** Answers in full. */
  void answer(Visit visit, String nonce, boolean stream) throws IOException {
    if (!stream) {
      visit.answer("200 OK", "", whole(String.join("", words(nonce))));
      return;
    }
    begin(visit);
    visit.write(chunk(opening()));
    for (String word : words(nonce)) {
      visit.write(chunk(piece(word)));
    }
    visit.write(chunk(ending()) + END);
  }
}
