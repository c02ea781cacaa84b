package dev.lintel.matrix;

import java.util.List;
import tools.jackson.databind.JsonNode;

/**
 * What a client of the matrix was answered.
 *
 * @param stop the reason as the dialect words it
 * @param input tokens as the dialect counts them
 * @param echo the model's turn in the dialect's own form, as an SDK would send it back
 */
public record Said(
    String text,
    String thought,
    String refusal,
    List<Call> calls,
    String stop,
    long input,
    long cached,
    long output,
    JsonNode echo) {
  public record Call(String id, String name, String arguments) {}
}
