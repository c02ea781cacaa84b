package dev.lintel;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/**
 * The configuration in force, as admins see and change it place by place. What is shown has {@code
 * unchanged} in the place of each secret, and the same word written keeps what is there.
 */
public interface Settings {
  /**
   * The words by which an object with one of them alone names where a value lies, in the value's
   * stead.
   */
  Set<String> ELSEWHERE = Set.of("env", "file", "secret", "vault");

  /** With what a text begins to name a variable of the gateway's environment. */
  String VARIABLE = "${";

  /**
   * Where something of its own stands, such as a tenant or one of its apps.
   *
   * @param noun what it is, such as {@code tenant}
   * @param path the keys that lead to it; its name is the last
   * @param home in which it stands; empty where it stands in nothing else
   */
  record Place(String noun, List<String> path, Optional<Place> home) {
    public Place {
      path = List.copyOf(path);
    }

    /** That one there is none: {@code NOT_FOUND}. */
    public Failure missing() {
      return Failure.of(
              Failure.Kind.NOT_FOUND, "There is no " + noun + " '" + path.getLast() + "'.")
          .at(noun)
          .code(noun + "_not_found");
    }
  }

  /**
   * That somebody wants something changed.
   *
   * @param by who
   * @param person as whom they count where two have to agree
   * @param why in a few words, such as {@code PATCH /admin/v1/tenants/acme}
   * @param until when it shall end by itself; empty for never
   * @param match the tags of which it must have one; empty where any will do
   */
  record Wish(
      String by,
      String person,
      String why,
      Optional<Instant> until,
      Optional<List<String>> match) {}

  /** What shall become of a place. */
  enum Verb {
    /** Nothing stands there yet; then this. */
    CREATE,
    /** A JSON merge patch of what stands there (RFC 7396). */
    MERGE,
    /** This, whatever stands there. */
    REPLACE,
    /** Nothing. */
    REMOVE
  }

  /**
   * One place of two configurations at which they say something else.
   *
   * @param before as it may be shown; empty where nothing stood there
   * @param after as it may be shown: where a secret has changed, the same as before
   */
  record Difference(List<String> path, Optional<JsonNode> before, Optional<JsonNode> after) {
    public Difference {
      path = List.copyOf(path);
    }

    /** A path as it is shown: a JSON pointer (RFC 6901). */
    public static String pointer(List<String> path) {
      return String.join(
          "",
          path.stream()
              .flatMap(key -> Stream.of("/", key.replace("~", "~0").replace("/", "~1")))
              .toList());
    }

    /** {@code {path, from, to}}. */
    public JsonNode json() {
      var node = Json.object().put("path", pointer(path));
      before.ifPresentOrElse(value -> node.set("from", value), () -> node.putNull("from"));
      after.ifPresentOrElse(value -> node.set("to", value), () -> node.putNull("to"));
      return node;
    }
  }

  /**
   * What a change came to.
   *
   * @param revision that is in force now
   * @param made whether something stands where nothing stood
   * @param differences to the configuration before it; empty where nothing had to be changed
   * @param waits where nothing was changed yet, because a second admin has to agree
   */
  record Done(
      long revision,
      boolean made,
      List<Difference> differences,
      Optional<Approvals.Request> waits) {
    public Done {
      differences = List.copyOf(differences);
    }
  }

  /** What stands there, as it may be shown, short forms written out; empty where nothing does. */
  Optional<JsonNode> find(List<String> path);

  /** The names of what stands below that path, in their order. */
  List<String> names(List<String> path);

  /** Another one once something else stands there: an {@code ETag} without its quotes. */
  String tag(List<String> path);

  /**
   * In force here when it returns, and on every other node within a second. Throws {@link Failure}
   * and changes nothing: {@code INVALID_REQUEST} that names the field where the configuration would
   * be at fault, with status 409 where something stands there already and 412 where it is not as
   * expected; {@code NOT_FOUND}; {@code UNAVAILABLE} where the store cannot be had.
   *
   * @param value of no meaning to {@link Verb#REMOVE}
   */
  Done change(Wish wish, Verb verb, Place place, JsonNode value);

  /** Changes of what the file says, which end with its next apply; values as they may be shown. */
  List<Changes.Change> overrides();

  /** Lets the file speak again at that place. Throws as {@link #change} does. */
  Done end(Wish wish, List<String> path);
}
