package dev.lintel.audit;

import dev.lintel.AuditEntry;
import dev.lintel.AuditTrail;
import dev.lintel.Ids;
import dev.lintel.Json;
import dev.lintel.Whose;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/** Which records may be gone, as the chains say: looked up where it matters. */
final class Forgotten {
  private static final String KIND = "forgotten";
  private static final int PAGE = 1000;

  private final AuditTrail trail;
  private final Map<Whose, Instant> before = new HashMap<>();
  private final Set<String> erased = new HashSet<>();

  Forgotten(AuditTrail trail) {
    this.trail = trail;
  }

  /** Whether an entry says that such a record may not be kept any longer. */
  boolean covers(String id, Whose whose) {
    if (known(id, whose)) {
      return true;
    }
    // What is gone since it was looked up has its entry by now.
    read();
    return known(id, whose);
  }

  private boolean known(String id, Whose whose) {
    return erased.contains(id)
        || before.entrySet().stream()
            .anyMatch(one ->
                one.getKey().are(whose.tenant(), whose.app(), whose.useCase())
                    && id.compareTo(Ids.before(one.getValue())) < 0);
  }

  private void read() {
    Optional<AuditTrail.Place> behind = Optional.empty();
    List<AuditEntry> page;
    do {
      page =
          trail.list(
              new AuditTrail.Question(
                  Optional.empty(),
                  Optional.of(KIND),
                  Optional.empty(),
                  Optional.empty(),
                  behind,
                  PAGE));
      page.forEach(this::note);
      behind = page.isEmpty() ? behind : Optional.of(AuditTrail.Place.of(page.getLast()));
    } while (page.size() == PAGE);
  }

  private void note(AuditEntry entry) {
    try {
      JsonNode said = Json.parse(entry.body());
      if (said.has("ids")) {
        said.path("ids").forEach(id -> erased.add(id.asString("")));
        return;
      }
      before.merge(
          Whose.of(said.path("whose").asString("")),
          Instant.parse(said.path("before").asString("")),
          (one, other) -> one.isAfter(other) ? one : other);
    } catch (JacksonException | DateTimeException changed) {
      // It covers nothing; that it was changed is found where its chain is walked.
      return;
    }
  }
}
