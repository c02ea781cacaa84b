package dev.lintel;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** What admins have done. */
public interface Acts {
  /**
   * One act.
   *
   * @param by who: a person's name, or {@code admin key}
   * @param what such as {@code PATCH /admin/v1/tenants/acme}
   * @param detail JSON without secrets; empty where there is nothing to say
   */
  record Act(long number, Instant at, String by, String what, int status, String detail) {}

  /** Durable when it returns; the number is given by the store. */
  void add(Act act);

  /** The newest first, before that number. */
  List<Act> list(long before, int limit, Optional<String> by);
}
