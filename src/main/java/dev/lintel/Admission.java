package dev.lintel;

import java.time.Duration;
import java.util.List;

/** What a call was let in with. Asked on the call's own thread. */
public interface Admission {
  /** Nobody counts it. */
  Admission NONE =
      new Admission() {
        @Override
        public List<Figure> figures() {
          return List.of();
        }

        @Override
        public List<String> downgrade() {
          return List.of();
        }
      };

  /**
   * How a limit stands.
   *
   * @param left of it, 0 or more
   * @param reset until all of it is there again
   */
  record Figure(Measure measure, long limit, long left, Duration reset) {}

  /** Of requests and of tokens the limit of which least is left, where there is one. */
  List<Figure> figures();

  /** The models that are asked instead, for a budget is spent; empty for nearly every call. */
  List<String> downgrade();
}
