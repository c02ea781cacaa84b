package dev.lintel.main;

import dev.lintel.CallRecord;
import dev.lintel.CallRecords;
import dev.lintel.Event;
import dev.lintel.Failure;
import dev.lintel.Listener;
import dev.lintel.Records;
import dev.lintel.Trail;
import dev.lintel.journal.Courier;
import dev.lintel.journal.MappedJournal;
import dev.lintel.observe.AllCalls;
import dev.lintel.observe.CallLog;
import dev.lintel.observe.RecentCalls;
import java.io.OutputStream;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The record of every call: put down in the journal, told in the log, and brought to the store. */
final class Evidence implements Listener, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Evidence.class);

  private final MappedJournal journal;
  private final RecentCalls recent = new RecentCalls(10_000, 16 << 20);
  private final CallRecords all;
  private final Courier courier;

  /**
   * @param out where the line of each call goes
   * @param stored asked for each batch; may throw {@link Failure} {@code UNAVAILABLE}
   * @param brought told whenever the store has everything that was in the journal a moment ago
   */
  Evidence(MappedJournal journal, OutputStream out, Supplier<Records> stored, Runnable brought) {
    this.journal = journal;
    this.all = new AllCalls(recent, stored);
    var log = new CallLog(out);
    courier =
        new Courier(
            journal,
            stored,
            new Courier.Hearer() {
              @Override
              public void hear(byte[] json, boolean again) {
                recent.add(json);
                if (!again) {
                  log.add(json);
                }
              }

              @Override
              public void pause() {
                log.flush();
              }
            },
            brought);
  }

  @Override
  public void on(Trail trail, Event event) {
    if (event instanceof Event.Ended over) {
      try {
        journal.append(CallRecord.of(trail, over), trail.charges());
      } catch (Failure noRoom) {
        // The journal counts and tells of it; the call has been answered.
        LOG.debug("{}: {}", trail.id(), noRoom.getMessage());
      } catch (RuntimeException bug) {
        LOG.error("the record of {} cannot be written", trail.id(), bug);
      }
    }
  }

  /** Those of the store and those that are on their way to it. */
  CallRecords all() {
    return all;
  }

  MappedJournal journal() {
    return journal;
  }

  /** Tells and brings what is left, as far as the store is there. */
  @Override
  public void close() {
    courier.close();
    journal.close();
  }
}
