package dev.lintel;

/** Where bytes wait that are too many for the memory. */
public interface Spool {
  /** Throws {@link Failure} {@code INTERNAL} where there is no room. */
  Slot open();

  /** One run of bytes. Its methods hold their thread for as long as the disk takes. */
  interface Slot extends AutoCloseable {
    void write(byte[] bytes);

    /** As many bytes as are asked for, or those up to the end. */
    byte[] read(long from, int most);

    /** Nothing of it is left then. */
    @Override
    void close();
  }

  /** Keeps nothing: for who only wants to know what else a body says. */
  Spool NOWHERE =
      () ->
          new Slot() {
            @Override
            public void write(byte[] bytes) {}

            @Override
            public byte[] read(long from, int most) {
              return new byte[0];
            }

            @Override
            public void close() {}
          };
}
