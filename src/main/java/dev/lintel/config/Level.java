package dev.lintel.config;

import dev.lintel.AlertRule;

/** A figure of 0 or more, in a unit; a plain number is in whatever unit is meant. */
record Level(double value, AlertRule.Unit unit) {}
