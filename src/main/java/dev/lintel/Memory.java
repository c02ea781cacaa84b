package dev.lintel;

import java.util.List;
import java.util.UUID;
import tools.jackson.databind.JsonNode;

/**
 * What is remembered of one reply, so that later requests may name it by its id. A dialect whose
 * requests do that tells it, through the call's {@link Trail}, what the client was shown.
 */
public interface Memory {
  /** Remembers nothing. */
  Memory NONE =
      new Memory() {
        @Override
        public String shown(String id) {
          return id;
        }

        @Override
        public String known(String shown) {
          return shown;
        }

        @Override
        public String made() {
          return "resp_" + UUID.randomUUID().toString().replace("-", "");
        }

        @Override
        public void item(String id) {}

        @Override
        public void reply(byte[] response, List<JsonNode> output) {}
      };

  /** Under which id the client is shown a reply that its provider calls so, and keeps itself. */
  String shown(String id);

  /** What its provider calls the reply that the client was shown under that id. */
  String known(String shown);

  /** The id of a reply that the gateway words itself; always the same for one reply. */
  String made();

  /** A piece of the reply has that id, and its provider knows it by that. */
  void item(String id);

  /**
   * The reply is complete, worded by the gateway.
   *
   * @param response its JSON, as the client saw it
   * @param output the items in it
   */
  void reply(byte[] response, List<JsonNode> output);
}
