package dev.lintel;

import java.util.function.Consumer;

/**
 * What the nodes of one gateway tell each other. Nothing is promised: what must not be lost is in
 * the store, and news only make others look there sooner.
 */
public interface News extends AutoCloseable {
  /** For a node that is alone. */
  News NONE =
      new News() {
        @Override
        public void tell(String topic, String text) {}

        @Override
        public void hear(String topic, Consumer<String> hearer) {}

        @Override
        public void close() {}
      };

  /** Tells the other nodes; does not wait. */
  void tell(String topic, String text);

  /**
   * What other nodes tell of it.
   *
   * @param hearer on any thread, must not wait
   */
  void hear(String topic, Consumer<String> hearer);

  @Override
  void close();
}
