package dev.lintel.audit;

import dev.lintel.AuditEntry;
import dev.lintel.AuditTrail;
import dev.lintel.Ids;
import dev.lintel.Json;
import dev.lintel.Whose;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/** Which records may be gone, as the chains say: looked up once it matters. */
final class Forgotten {
  private static final String KIND = "forgotten";
  private static final int PAGE = 1000;

  private final AuditTrail trail;
  private @Nullable Map<Whose, Instant> before;

  Forgotten(AuditTrail trail) {
    this.trail = trail;
  }

  /** Whether an entry says that such a record may not be kept any longer. */
  boolean covers(String id, Whose whose) {
    Map<Whose, Instant> known = before;
    if (known == null) {
      known = read();
      before = known;
    }
    return known.entrySet().stream()
        .anyMatch(one ->
            one.getKey().are(whose.tenant(), whose.app(), whose.useCase())
                && id.compareTo(Ids.before(one.getValue())) < 0);
  }

  private Map<Whose, Instant> read() {
    var known = new HashMap<Whose, Instant>();
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
      page.forEach(entry -> note(entry, known));
      behind = page.isEmpty() ? behind : Optional.of(AuditTrail.Place.of(page.getLast()));
    } while (page.size() == PAGE);
    return known;
  }

  private static void note(AuditEntry entry, Map<Whose, Instant> known) {
    try {
      JsonNode said = Json.parse(entry.body());
      known.merge(
          Whose.of(said.path("whose").asString("")),
          Instant.parse(said.path("before").asString("")),
          (one, other) -> one.isAfter(other) ? one : other);
    } catch (JacksonException | DateTimeException changed) {
      // It covers nothing; that it was changed is found where its chain is walked.
      return;
    }
  }
}
