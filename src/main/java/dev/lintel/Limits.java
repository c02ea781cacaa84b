package dev.lintel;

import java.util.List;

/**
 * What a provider allows an account of its: kept below, not run into.
 *
 * @param requests each holds for itself, such as a number a minute and another a day
 * @param tokens of prompts and answers together
 * @param concurrent the most calls at once; 0 where any number may be
 * @param concurrentPerKey the same for each of the provider's keys
 */
public record Limits(List<Rate> requests, List<Rate> tokens, int concurrent, int concurrentPerKey) {
  public static final Limits NONE = new Limits(List.of(), List.of(), 0, 0);

  public Limits {
    requests = List.copyOf(requests);
    tokens = List.copyOf(tokens);
  }
}
