package dev.lintel;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** What calls said and were answered, as far as policies have it kept. All of it is sealed. */
public interface Payloads {
  /**
   * @param id the call's
   * @param until when it must be gone
   * @param sealed a JSON document
   */
  record Payload(
      String id,
      Instant time,
      String tenant,
      String app,
      String user,
      Capture.Level level,
      Instant until,
      String sealed) {
    /** For what a payload is sealed. */
    public static String seal(String id) {
      return "payload/" + id;
    }
  }

  /** Durable when it returns. One that is there already stays as it is. */
  void add(List<Payload> payloads);

  /** Empty where none was kept, or it must be gone by now. */
  Optional<Payload> find(String id, Instant now);

  /**
   * Ids of calls of which anything is kept.
   *
   * @param next before which to go on; empty at the end
   */
  record Some(List<String> ids, Optional<String> next) {
    public Some {
      ids = List.copyOf(ids);
    }
  }

  /**
   * Some of them, the newest first.
   *
   * @param tenant of this one only; empty for all
   * @param from no call that came before it
   * @param before only ids before that one
   * @param look so many are looked at at the most, of whichever tenant
   */
  Some some(Optional<String> tenant, Instant from, String before, int look, Instant now);

  /**
   * Removes for good those that must be gone by now, an hour's at a time.
   *
   * @return how many hours' were removed
   */
  int forget(Instant now);

  /**
   * Removes for good those of a tenant's calls.
   *
   * @param before of calls that came before; empty for all
   * @param user of this one only; empty for all
   * @return how many there were
   */
  long erase(String tenant, Optional<Instant> before, Optional<String> user);
}
