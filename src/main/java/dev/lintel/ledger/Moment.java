package dev.lintel.ledger;

/**
 * @param nanos by which windows roll
 * @param millis since the beginning of 1970, by which the calendar goes
 */
record Moment(long nanos, long millis) {}
