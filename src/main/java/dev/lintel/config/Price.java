package dev.lintel.config;

import dev.lintel.config.Shape.Key;
import java.math.BigDecimal;
import java.util.Optional;

/** What a model costs, in USD per million tokens; exact. */
public record Price(
    Optional<BigDecimal> input,
    Optional<BigDecimal> output,
    Optional<BigDecimal> cacheRead,
    Optional<BigDecimal> cacheWrite,
    @Key("cache_write_1h") Optional<BigDecimal> cacheWriteHour) {}
