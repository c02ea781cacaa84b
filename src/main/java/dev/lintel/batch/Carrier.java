package dev.lintel.batch;

import dev.lintel.Batch;
import dev.lintel.Batch.Handed;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** A vendor's words for batches. What is asked throws {@link dev.lintel.Failure}. */
public sealed interface Carrier permits OpenAiCarrier, AnthropicCarrier {
  /** Whether requests of that path, below the provider's base URL, can be batched. */
  boolean takes(String path);

  /** The most bytes of all requests together. */
  long most();

  /** The media type of the requests as they are sent. */
  String type();

  /** Of every question. */
  Map<String, String> headers();

  /** What stands before the first request. */
  byte[] opening();

  byte[] line(String customId, String path, byte[] body, boolean first);

  /** What stands behind the last request. */
  byte[] closing();

  /** Brings the requests and returns their id there; empty where they go with {@link #create}. */
  String upload(Courier courier);

  /** Has the batch begun, and returns its id there. */
  String create(Courier courier, String file, Plan plan, Batch batch);

  /**
   * The batch that was handed on before, by a process that died before it knew whether it was.
   *
   * @throws dev.lintel.Failure where that cannot be told yet
   */
  Optional<Handed> find(Courier courier, Batch batch);

  /**
   * How a batch fares.
   *
   * @param results the paths of its results; empty before it has ended
   * @param faults why it was not begun
   * @param whole whether every request was asked
   */
  record State(
      boolean ended,
      boolean cancelled,
      boolean whole,
      long completed,
      long failed,
      List<String> results,
      List<Batch.Fault> faults) {}

  State state(Courier courier, Handed handed);

  void cancel(Courier courier, Handed handed);

  /** Removes what the provider keeps of it. */
  void forget(Courier courier, Handed handed, List<String> results);

  /** An answer as the provider would have given it to the request alone. */
  record Result(int status, byte[] body) {}

  /** What a line of the results says; {@code null} where its request was not asked. */
  @Nullable Result result(JsonNode line);
}
