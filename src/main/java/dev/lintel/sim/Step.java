package dev.lintel.sim;

import dev.lintel.Answer;
import java.time.Duration;
import java.util.Map;

/** One thing that happens on the wire while the provider answers. */
sealed interface Step {
  record Wait(Duration time) implements Step {}

  /** A whole answer at once. */
  record Whole(Answer answer, Map<String, String> headers) implements Step {}

  record Begin(String type) implements Step {}

  record Send(byte[] bytes) implements Step {}

  record End() implements Step {}

  /** Nothing more, until the other side leaves. */
  record Stall() implements Step {}

  /** The connection breaks. */
  record Reset() implements Step {}
}
