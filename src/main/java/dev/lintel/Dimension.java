package dev.lintel;

/** By what calls are told apart where each shall have an allowance of its own. */
public enum Dimension {
  TENANT,
  APP,
  KEY,
  USE_CASE,
  USER,
  MODEL,
  /** What is asked for, such as chat or embeddings. */
  ENDPOINT,
  /** One of the call's tags: it counts for each of them. */
  TAG
}
