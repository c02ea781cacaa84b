package dev.lintel;

/**
 * By whom a call is served, and under which configuration.
 *
 * @param node the name of this node; empty where nobody said
 * @param revision the number of the configuration's revision; 0 before the first change, when the
 *     file alone is in force
 */
public record Served(String node, long revision) {
  public static final Served NOWHERE = new Served("", 0);
}
