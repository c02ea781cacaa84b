package dev.lintel.price;

import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** A sort of tokens that has a price of its own. */
enum Component {
  INPUT,
  OUTPUT,
  CACHE_READ,
  CACHE_WRITE,
  CACHE_WRITE_1H,
  REASONING,
  AUDIO_INPUT,
  AUDIO_OUTPUT,
  IMAGE_INPUT,
  IMAGE_OUTPUT;

  static final Map<String, Component> BY_WORD =
      Arrays.stream(values()).collect(Collectors.toUnmodifiableMap(Component::word, c -> c));

  /** As in the configuration and the catalogue. */
  String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
