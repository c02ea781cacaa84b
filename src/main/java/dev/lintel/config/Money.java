package dev.lintel.config;

import java.math.BigDecimal;

/** An exact amount of USD. */
public record Money(BigDecimal usd) {}
