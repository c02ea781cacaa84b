package dev.lintel;

/**
 * Something about a reply that its provider keeps: to have it again, to have it deleted.
 *
 * @param id the provider's own
 * @param rest of the path behind the id, with the query
 */
public record Stored(Dialect dialect, String model, String method, String id, String rest)
    implements Request {
  @Override
  public boolean stream() {
    return false;
  }
}
