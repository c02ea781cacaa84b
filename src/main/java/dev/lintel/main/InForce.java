package dev.lintel.main;

import dev.lintel.Changes.Change;
import dev.lintel.Changes.Revision;
import dev.lintel.Json;
import dev.lintel.config.Config;
import dev.lintel.config.Edit;
import dev.lintel.config.Written;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/**
 * The configuration that is in force, or would be.
 *
 * @param own this node's file
 * @param base what is under the changes
 * @param whole the base with those changes whose time is not over
 */
record InForce(Written own, Revision revision, Written base, Written whole, Config config) {
  /** Stands for what is at a place; another one where that is something else. */
  String tag(List<String> path) {
    var text = new StringBuilder(whole.opened(path).map(Json::text).orElse(""));
    // What is shown of a secret does not tell when another has taken its place.
    for (Change change : whole.changes()) {
      if (Edit.touches(path, change.path())) {
        text.append('\n').append(change.at().toEpochMilli()).append(change.by());
      }
    }
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256")
              .digest(text.toString().getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(hash, 0, 10);
    } catch (NoSuchAlgorithmException everyJdkHasIt) {
      throw new IllegalStateException(everyJdkHasIt);
    }
  }

  /** Begins a change of it. */
  Edit edit(String by, Instant at, Optional<Instant> until) {
    return new Edit(base, whole, by, at, until);
  }
}
