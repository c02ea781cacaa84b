package dev.lintel;

import java.time.Instant;
import tools.jackson.core.JsonGenerator;

/**
 * How well a call was answered, as somebody says.
 *
 * @param callId of the call
 * @param source who says it, {@link #CALLER} or {@link #JUDGE}; each says one thing of a call, the
 *     last one
 * @param useCase of the call, as are tenant, app, model and target; empty where it named none
 * @param score from 0 to 1, the higher the better
 * @param label a word for it; may be empty
 * @param comment may be empty
 */
public record Opinion(
    String callId,
    String source,
    String tenant,
    String app,
    String useCase,
    String model,
    String target,
    double score,
    String label,
    String comment,
    Instant said) {
  public static final String CALLER = "caller";

  /** A model that was asked for it. */
  public static final String JUDGE = "judge";

  /** {@code {source, score, label, comment, time}}; a label and a comment only where there are. */
  public void write(JsonGenerator json) {
    json.writeStartObject();
    json.writeStringProperty("source", source);
    json.writeNumberProperty("score", score);
    if (!label.isEmpty()) {
      json.writeStringProperty("label", label);
    }
    if (!comment.isEmpty()) {
      json.writeStringProperty("comment", comment);
    }
    json.writeStringProperty("time", said.toString());
    json.writeEndObject();
  }
}
