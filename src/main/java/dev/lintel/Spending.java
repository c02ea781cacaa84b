package dev.lintel;

import java.time.Instant;
import java.util.List;

/** What has been used of lasting allowances, as far as the journal has been brought in. */
public interface Spending {
  /** Everything that is of a period that has not ended, or of all time. */
  List<Counters.Charge> since(Instant now);

  /** Of these accounts alone. */
  List<Counters.Charge> of(List<String> accounts, Instant now);
}
