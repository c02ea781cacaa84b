package dev.lintel;

import java.util.Locale;

/**
 * A plain parameter of a call that more than one dialect knows. Each dialect has a table from these
 * to its own names; what its table lacks it cannot take.
 */
public enum Setting {
  /** Integer: the most tokens the answer may have. */
  MAX_TOKENS,
  TEMPERATURE,
  TOP_P,
  TOP_K,
  /** Array of strings. */
  STOP,
  SEED,
  PRESENCE_PENALTY,
  FREQUENCY_PENALTY,
  /** Object from token id to bias. */
  LOGIT_BIAS,
  /** Boolean. */
  LOGPROBS,
  TOP_LOGPROBS,
  /** Integer: how many answers. */
  N,
  /** String: the end user, for the provider's abuse checks. */
  USER,
  /** Boolean: whether the model may call several tools at once. */
  PARALLEL_TOOLS,
  SERVICE_TIER,
  /** Object of strings. */
  METADATA,
  /** Array of strings such as {@code text}, {@code image}, {@code audio}. */
  MODALITIES,
  PROMPT_CACHE_KEY,
  /** String: {@code low}, {@code medium}, {@code high}. */
  VERBOSITY;

  /** The name in reports, such as {@code max_tokens}. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
