package bench;

import static java.nio.charset.StandardCharsets.US_ASCII;

/** What the meter asks, in OpenAI's chat or Anthropic's messages, and the mock answers in the former. */
final class Chat {
  /** Every content event has this, and its place in the stream in six digits after it. */
  static final byte[] SEQUENCE = "seq-".getBytes(US_ASCII);

  static final String CHUNK =
      "{\"id\":\"chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG\",\"object\":\"chat.completion.chunk\","
          + "\"created\":1763700000,\"model\":\"mock\",\"system_fingerprint\":\"fp_50cad350e4\",";

  static final byte[] STREAM_HEAD =
      ("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"
              + "Cache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n")
          .getBytes(US_ASCII);

  static final byte[] HEALTH = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".getBytes(US_ASCII);

  static final byte[] BAD =
      reply("400 Bad Request", "{\"error\":{\"message\":\"The model's name must end in -NxM.\"}}");

  static final byte[] WHOLE = whole();

  private Chat() {}

  static String sequence(int n) {
    return "seq-%06d".formatted(n);
  }

  static String usage(int output) {
    return "{\"prompt_tokens\":420,\"completion_tokens\":%d,\"total_tokens\":%d,"
            .formatted(output, 420 + output)
        + "\"prompt_tokens_details\":{\"cached_tokens\":0,\"audio_tokens\":0},"
        + "\"completion_tokens_details\":{\"reasoning_tokens\":0,\"audio_tokens\":0,"
        + "\"accepted_prediction_tokens\":0,\"rejected_prediction_tokens\":0}}";
  }

  private static byte[] whole() {
    String body =
        "{\"id\":\"chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG\",\"object\":\"chat.completion\","
            + "\"created\":1763700000,\"model\":\"mock\",\"choices\":[{\"index\":0,\"message\":"
            + "{\"role\":\"assistant\",\"content\":\""
            + prose(440)
            + "\",\"refusal\":null,\"annotations\":[]},\"logprobs\":null,\"finish_reason\":\"stop\"}],"
            + "\"usage\":"
            + usage(96)
            + ",\"service_tier\":\"default\",\"system_fingerprint\":\"fp_50cad350e4\"}";
    return reply("200 OK", body);
  }

  private static byte[] reply(String status, String body) {
    return ("HTTP/1.1 "
            + status
            + "\r\nContent-Type: application/json\r\nContent-Length: "
            + body.length()
            + "\r\n\r\n"
            + body)
        .getBytes(US_ASCII);
  }

  private static String prose(int length) {
    String line =
        "A lintel is the beam above a gateway that carries the load; what passes below it need not"
            + " know how much rests on top.\\n";
    String text = line.repeat(length / line.length() + 1).substring(0, length);
    return text.endsWith("\\") ? text.substring(0, length - 1) + "." : text;
  }

  /** A whole HTTP request. Its members stand in the order in which the official SDKs write them. */
  static byte[] request(Load load) {
    boolean stream = load.events() > 0;
    String open =
        load.anthropic()
            ? "{\"system\":\"You are a helpful assistant.\",\"messages\":["
                + "{\"role\":\"user\",\"content\":\""
            : "{\"messages\":[{\"role\":\"system\",\"content\":\"You are a helpful assistant.\"},"
                + "{\"role\":\"user\",\"content\":\"";
    String streaming = load.anthropic() ? "" : "\"stream_options\":{\"include_usage\":true},";
    String close =
        "\"}],\"model\":\""
            + load.model()
            + "\",\"max_tokens\":512,"
            + (stream ? "\"stream\":true," + streaming : "")
            + "\"temperature\":0.7}";
    String body = open + prose(load.bodySize() - open.length() - close.length()) + close;
    return ("POST "
            + (load.anthropic() ? "/v1/messages" : "/v1/chat/completions")
            + " HTTP/1.1\r\nHost: 127.0.0.1:"
            + load.port()
            + "\r\nAuthorization: Bearer sk-bench-0001\r\nContent-Type: application/json\r\n"
            + "Accept: application/json\r\nUser-Agent: lintel-bench\r\nContent-Length: "
            + body.length()
            + "\r\n\r\n"
            + body)
        .getBytes(US_ASCII);
  }

  /** Where the value of the first member of that name begins; -1 where there is none. */
  static int value(byte[] json, int size, String member) {
    int length = member.length();
    int second = member.charAt(1);
    for (int i = 0; i < size - length; i++) {
      if (json[i] == '"' && json[i + 1] == second && matches(json, i, member)) {
        int k = i + length;
        while (json[k] == ':' || json[k] == ' ') {
          k++;
        }
        return k;
      }
    }
    return -1;
  }

  private static boolean matches(byte[] json, int at, String member) {
    for (int i = 2; i < member.length(); i++) {
      if (json[at + i] != member.charAt(i)) {
        return false;
      }
    }
    return true;
  }
}
