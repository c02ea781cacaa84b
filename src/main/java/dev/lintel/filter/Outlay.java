package dev.lintel.filter;

/**
 * What a call may use of something, in its units.
 *
 * @param bound the most
 * @param usual what such calls have really used at the most lately
 */
record Outlay(long bound, long usual) {
  static final Outlay ONE = new Outlay(1, 1);
}
