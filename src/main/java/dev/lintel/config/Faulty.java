package dev.lintel.config;

import java.util.List;
import java.util.stream.Collectors;

/** A configuration that cannot be used, with everything that is wrong in it. */
public final class Faulty extends RuntimeException {
  private final transient List<Fault> faults;

  Faulty(List<Fault> faults) {
    super(faults.stream().map(Fault::toString).collect(Collectors.joining("\n")));
    this.faults = List.copyOf(faults);
  }

  /** In the order of their lines; at least one. */
  public List<Fault> faults() {
    return faults;
  }
}
