package dev.lintel;

import java.util.Map;
import java.util.Optional;

/** Knows which calls can be found in a trace. */
public interface Tracing {
  /** Nothing is traced here: what callers say of their traces goes on as it is. */
  Tracing NONE =
      new Tracing() {
        @Override
        public Map<String, String> along(Call call) {
          return call.terms().along();
        }

        @Override
        public Optional<TraceContext> kept(Trail trail) {
          return Optional.empty();
        }
      };

  /** The headers by which whoever is asked will know the call again. */
  Map<String, String> along(Call call);

  /** Where the call can be found; empty where its trace is not kept. */
  Optional<TraceContext> kept(Trail trail);
}
