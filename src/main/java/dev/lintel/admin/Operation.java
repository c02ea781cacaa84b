package dev.lintel.admin;

import dev.lintel.Endpoint;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Something that the admin API can be asked, with what its description says of it. It is described
 * by the very row by which it is served.
 *
 * @param method such as {@code GET}
 * @param path below {@code /admin/v1}, as routes are written
 * @param summary what it does, as a sentence
 * @param body what it takes; empty where it takes none
 * @param status of its answer where all goes well
 * @param answer empty where its answer has no body
 * @param writes whether it changes anything, so that it is recorded who asked
 * @param waiting its answer of status 202, where it may have to wait for a second admin
 */
public record Operation(
    String method,
    String path,
    String summary,
    List<Parameter> parameters,
    Optional<Schema> body,
    int status,
    Optional<Schema> answer,
    boolean writes,
    Optional<Schema> waiting,
    Endpoint endpoint) {
  /**
   * A parameter beside those of the path.
   *
   * @param place {@code query} or {@code header}
   */
  public record Parameter(String place, String name, Schema schema, String description) {
    /** One of the query that may be left out. */
    public static Parameter query(String name, Schema schema, String description) {
      return new Parameter("query", name, schema, description);
    }
  }

  /** Of a list that comes in pages. */
  public static final List<Parameter> PAGES =
      List.of(
          Parameter.query("limit", Schema.WHOLE, "The most entries of one answer, up to 1000."),
          Parameter.query("cursor", Schema.TEXT, "`next` of the answer before."));

  private static final Parameter IF_MATCH =
      new Parameter(
          "header",
          "If-Match",
          Schema.TEXT,
          "The `ETag` that was seen: 412 where it has changed since.");

  private static final Parameter ONCE =
      new Parameter(
          "header",
          "Idempotency-Key",
          Schema.TEXT,
          "The same key and body again give the first answer, and nothing is done twice.");

  public Operation {
    parameters = List.copyOf(parameters);
  }

  public static Operation get(String path, String summary, Schema answer, Endpoint endpoint) {
    return new Operation(
        "GET",
        path,
        summary,
        List.of(),
        Optional.empty(),
        200,
        Optional.of(answer),
        false,
        Optional.empty(),
        endpoint);
  }

  /** One that is answered with lines of JSON. */
  public static Operation lines(String path, String summary, Endpoint endpoint) {
    return new Operation(
        "GET",
        path,
        summary,
        List.of(),
        Optional.empty(),
        200,
        Optional.empty(),
        false,
        Optional.empty(),
        endpoint);
  }

  /** A POST that changes something. */
  public static Operation post(String path, String summary, Schema answer, Endpoint endpoint) {
    return writing("POST", path, summary, 200, Optional.of(answer), endpoint);
  }

  /** A POST that makes something: 201. */
  public static Operation create(String path, String summary, Schema answer, Endpoint endpoint) {
    return writing("POST", path, summary, 201, Optional.of(answer), endpoint);
  }

  public static Operation put(String path, String summary, Schema answer, Endpoint endpoint) {
    return writing("PUT", path, summary, 200, Optional.of(answer), endpoint);
  }

  public static Operation patch(String path, String summary, Schema answer, Endpoint endpoint) {
    return writing("PATCH", path, summary, 200, Optional.of(answer), endpoint);
  }

  /** A DELETE that answers 204, without a body. */
  public static Operation delete(String path, String summary, Endpoint endpoint) {
    return writing("DELETE", path, summary, 204, Optional.empty(), endpoint);
  }

  private static Operation writing(
      String method,
      String path,
      String summary,
      int status,
      Optional<Schema> answer,
      Endpoint endpoint) {
    return new Operation(
        method,
        path,
        summary,
        List.of(),
        Optional.empty(),
        status,
        answer,
        true,
        Optional.empty(),
        endpoint);
  }

  /** The same with a body of that form. */
  public Operation of(Schema taken) {
    return new Operation(
        method,
        path,
        summary,
        parameters,
        Optional.of(taken),
        status,
        answer,
        writes,
        waiting,
        endpoint);
  }

  /** The same with parameters. */
  public Operation with(List<Parameter> more) {
    var all = new ArrayList<>(parameters);
    all.addAll(more);
    return new Operation(
        method, path, summary, all, body, status, answer, writes, waiting, endpoint);
  }

  /** The same with a parameter. */
  public Operation with(Parameter more) {
    return with(List.of(more));
  }

  /** The same for what may be changed only as long as it is as it was seen: {@code If-Match}. */
  public Operation ifMatch() {
    return with(IF_MATCH);
  }

  /** The same where an {@code Idempotency-Key} is honoured. */
  public Operation once() {
    return with(ONCE);
  }

  /** The same for what changes nothing, but shows what may not be looked at unseen. */
  public Operation recorded() {
    return new Operation(
        method, path, summary, parameters, body, status, answer, true, waiting, endpoint);
  }

  /** The same for what only asks, whatever its method. */
  public Operation asking() {
    return new Operation(
        method, path, summary, parameters, body, status, answer, false, waiting, endpoint);
  }

  /** The same with another status where all goes well. */
  public Operation answering(int other) {
    return new Operation(
        method, path, summary, parameters, body, other, answer, writes, waiting, endpoint);
  }

  /** The same for what may have to wait for a second admin: 202. */
  public Operation waiting(Schema request) {
    return new Operation(
        method,
        path,
        summary,
        parameters,
        body,
        status,
        answer,
        writes,
        Optional.of(request),
        endpoint);
  }
}
