package dev.lintel;

import java.util.List;

/**
 * Where what must not be lost is put down before it is claimed: it outlasts the process at once,
 * and is brought to the store by and by.
 */
public interface Journal extends AutoCloseable {
  /**
   * A call has ended. Safe from the death of the process, though not of the machine, when it
   * returns; waits for nothing but memory. Any thread. Where there is no room it throws {@link
   * Failure} {@code UNAVAILABLE}; nothing is written then.
   */
  void append(CallRecord record, List<Counters.Charge> charges);

  /**
   * Something has been used by what goes on. As safe as a record; what finds no room is put down
   * with something that does. Any thread.
   */
  void charge(List<Counters.Charge> charges);

  @Override
  void close();
}
