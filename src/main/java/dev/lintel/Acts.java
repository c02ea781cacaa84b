package dev.lintel;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * What admins have done. Only ever added to: each act and the end of each has a number of its own,
 * without gaps.
 */
public interface Acts {
  /**
   * One act.
   *
   * @param by who: a person's name, or {@code admin key}
   * @param what such as {@code PATCH /admin/v1/tenants/acme}
   * @param status of its answer; 0 while it goes on, or where its end was never seen
   * @param detail JSON without secrets; empty where there is nothing to say
   */
  record Act(long number, Instant at, String by, String what, int status, String detail) {}

  /**
   * Durable when it returns.
   *
   * @param act its own number counts for nothing
   * @return the number that it was given
   */
  long add(Act act);

  /** How the act ended that was added with status 0. Durable when it returns. */
  void end(long number, Instant at, int status, String detail);

  /** The newest first, before that number. */
  List<Act> list(long before, int limit, Optional<String> by);
}
