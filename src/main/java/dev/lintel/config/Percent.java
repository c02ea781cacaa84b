package dev.lintel.config;

import java.math.BigDecimal;

/** A share of a hundred. */
record Percent(BigDecimal value) {}
