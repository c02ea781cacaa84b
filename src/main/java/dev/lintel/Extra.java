package dev.lintel;

import tools.jackson.databind.node.ObjectNode;

/**
 * Fields of one dialect that the common model has no word for. A writer of the same dialect puts
 * them back; another one reports them through {@link Adaptation}.
 */
public record Extra(String dialect, ObjectNode fields) {
  public static final Extra NONE = new Extra("", Json.object());

  public boolean isEmpty() {
    return fields.isEmpty();
  }

  /** Whether a writer of that dialect may put the fields back. */
  public boolean of(String name) {
    return dialect.equals(name) && !fields.isEmpty();
  }
}
