package dev.lintel.admin;

import static dev.lintel.admin.Operation.Parameter.query;

import dev.lintel.Answer;
import dev.lintel.AuditEntry;
import dev.lintel.AuditTrail;
import dev.lintel.AuditTrail.Place;
import dev.lintel.Dialect;
import dev.lintel.Endpoint;
import dev.lintel.Exchange;
import dev.lintel.Failure;
import dev.lintel.Json;
import dev.lintel.RawRequest;
import dev.lintel.Trail;
import dev.lintel.Verification;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.node.ObjectNode;

/** The chains of evidence, as the admin API shows, verifies and exports them. */
public final class AuditList {
  private static final Schema ENTRY =
      Schema.object(
          "node", Schema.TEXT,
          "sequence", Schema.WHOLE,
          "time", Schema.TIME,
          "kind", Schema.TEXT,
          "body", Schema.ANY,
          "hash", Schema.TEXT,
          "seal", Schema.TEXT.orNull());

  private static final Schema BROKEN =
      Schema.object("node", Schema.TEXT, "sequence", Schema.WHOLE, "why", Schema.TEXT);

  private static final Schema HEAD =
      Schema.object(
          "node", Schema.TEXT,
          "sequence", Schema.WHOLE,
          "hash", Schema.TEXT,
          "seal", Schema.TEXT);

  private static final Schema FOUND =
      Schema.object(
          "intact", Schema.FLAG,
          "entries", Schema.WHOLE.saying("how many were looked at"),
          "records", Schema.WHOLE.saying("how many were compared"),
          "unproved",
              Schema.WHOLE.saying(
                  "records and acts of before the first chain began, of which no entry tells"),
          "complete", Schema.FLAG.saying("false where there was no time for all: go on at `next`"),
          "broken", BROKEN.orNull(),
          "sequence?", Schema.WHOLE.saying("of the broken entry"),
          "heads", Schema.list(HEAD).saying("where the chains end that hold"),
          "next", Schema.TEXT.orNull());

  private static final String NDJSON = "application/x-ndjson";
  private static final Pattern CURSOR =
      Pattern.compile("([0-9]{1,18})\\.([0-9a-f]{1,64})\\.([0-9]{1,18})");
  private static final int PAGE = 500;
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  /** Verifies; see {@link Verification}. */
  @FunctionalInterface
  public interface Verifying {
    /**
     * @param records whether records are compared, too
     * @param from {@code next} of the answer before
     */
    Verification verify(boolean records, Optional<String> from);
  }

  private final Supplier<AuditTrail> trail;
  private final Verifying verifying;
  private final Function<String, Optional<ObjectNode>> proofs;
  private final Dialect envelope;

  /**
   * @param proofs of one call's record, by its id
   * @param envelope in which failures are told
   */
  public AuditList(
      Supplier<AuditTrail> trail,
      Verifying verifying,
      Function<String, Optional<ObjectNode>> proofs,
      Dialect envelope) {
    this.trail = trail;
    this.verifying = verifying;
    this.proofs = proofs;
    this.envelope = envelope;
  }

  public List<Operation> operations() {
    return List.of(
        Operation.get(
                "/audit",
                "Lists the entries of the chains of evidence, the newest first.",
                Schema.page(ENTRY),
                new Question(envelope, (exchange, one) -> page(exchange.request())))
            .with(query("node", Schema.TEXT, "Only those of that node's chain."))
            .with(query("kind", Schema.TEXT, "Only those of that kind."))
            .with(query("from", Schema.TIME, "Only those that were written then or later."))
            .with(query("to", Schema.TIME, "Only those that were written before."))
            .with(Operation.PAGES),
        Operation.get(
                "/audit/verify",
                "Verifies the chains of evidence of all nodes, and names the first broken entry.",
                FOUND,
                new Question(envelope, (exchange, one) -> verify(exchange.request())))
            .with(
                query(
                    "records",
                    Schema.FLAG,
                    "Also compares the records of calls with what was brought."))
            .with(query("cursor", Schema.TEXT, "`next` of the answer before.")),
        export());
  }

  private Operation export() {
    return new Operation(
        "GET",
        "/audit/export",
        "Exports the chains as lines of JSON, to be verified elsewhere; or the proof of one record.",
        List.of(
            query("node", Schema.TEXT, "Only that node's chain."),
            query("request_id", Schema.TEXT, "Only the proof of that call's record.")),
        Optional.empty(),
        200,
        Optional.empty(),
        false,
        Optional.empty(),
        new Endpoint() {
          @Override
          public void serve(Exchange exchange) {
            export(exchange);
          }

          @Override
          public Answer refuse(Failure failure, Trail one) {
            return envelope.error(failure, one);
          }
        });
  }

  private Answer verify(RawRequest request) {
    Map<String, String> asked = Listed.only(request, "records", "cursor");
    String records = asked.getOrDefault("records", "false");
    if (!records.equals("true") && !records.equals("false")) {
      throw Failure.invalid("'records' must be true or false.").at("records");
    }
    Verification found =
        verifying.verify(records.equals("true"), Optional.ofNullable(asked.get("cursor")));
    ObjectNode body = Json.object().put("intact", found.intact());
    body.put("entries", found.entries()).put("records", found.records());
    body.put("unproved", found.unproved());
    body.put("complete", found.next().isEmpty() && found.intact());
    body.putNull("broken");
    found
        .broken()
        .ifPresent(broken -> {
          body.putObject("broken")
              .put("node", broken.node())
              .put("sequence", broken.sequence())
              .put("why", broken.why());
          body.put("sequence", broken.sequence());
        });
    var heads = body.putArray("heads");
    found.heads().forEach(head -> heads.add(head(head)));
    return Answer.json(200, body.put("next", found.next().orElse(null)));
  }

  private static ObjectNode head(AuditTrail.Head head) {
    ObjectNode json = Json.object().put("node", head.node()).put("sequence", head.sequence());
    return json.put("hash", head.hash()).put("seal", head.seal());
  }

  private Answer page(RawRequest request) {
    Map<String, String> asked =
        Listed.only(request, "node", "kind", "from", "to", "limit", "cursor");
    int limit = Listed.limit(request);
    List<AuditEntry> found =
        trail
            .get()
            .list(
                new AuditTrail.Question(
                    Optional.ofNullable(asked.get("node")),
                    Optional.ofNullable(asked.get("kind")),
                    Listed.time(request, "from"),
                    Listed.time(request, "to"),
                    Optional.ofNullable(asked.get("cursor")).map(AuditList::place),
                    limit));
    ObjectNode body = Json.object();
    var data = body.putArray("data");
    for (AuditEntry entry : found) {
      ObjectNode one = data.addObject().put("node", entry.node());
      one.put("sequence", entry.sequence()).put("time", entry.at().toString());
      one.put("kind", entry.kind());
      try {
        one.set("body", Json.parse(entry.body()));
      } catch (JacksonException changed) {
        one.put("body", entry.body());
      }
      one.put("hash", entry.hash()).put("seal", entry.seal().isEmpty() ? null : entry.seal());
    }
    return Answer.json(
        200, body.put("next", found.size() < limit ? null : cursor(found.getLast())));
  }

  private static String cursor(AuditEntry entry) {
    return entry.at().toEpochMilli() + "." + entry.node() + "." + entry.sequence();
  }

  private static Place place(String cursor) {
    Matcher words = CURSOR.matcher(cursor);
    if (!words.matches()) {
      throw Failure.invalid("'cursor' must be 'next' of an answer before.").at("cursor");
    }
    return new Place(
        Long.parseLong(words.group(1)), words.group(2), Long.parseLong(words.group(3)));
  }

  private void export(Exchange exchange) {
    var answer = Trail.begin(exchange.arrived());
    Map<String, String> headers = Map.of("x-lintel-request-id", answer.id());
    try {
      Map<String, String> asked = Listed.only(exchange.request(), "node", "request_id");
      if (asked.containsKey("request_id")) {
        byte[] proof =
            Json.bytes(
                proofs
                    .apply(asked.get("request_id"))
                    .orElseThrow(() ->
                        Failure.of(
                            Failure.Kind.NOT_FOUND,
                            "No entry that is kept tells of a record of that call.")));
        exchange.answer(new Answer(200, Answer.JSON, proof), headers);
        return;
      }
      AuditTrail known = trail.get();
      List<AuditEntry> heads = new ArrayList<>();
      for (String node : known.nodes()) {
        if (asked.getOrDefault("node", node).equals(node)) {
          known.last(node, Optional.empty()).ifPresent(heads::add);
        }
      }
      exchange.begin(200, NDJSON, headers);
      heads.forEach(head -> write(exchange, known, head));
      exchange.write(ended(known, heads), deadline());
      exchange.end();
    } catch (Failure failure) {
      exchange.answer(envelope.error(failure, answer), headers);
    }
  }

  private static byte[] ended(AuditTrail known, List<AuditEntry> heads) {
    ObjectNode last = Json.object();
    var all = last.putArray("heads");
    for (AuditEntry entry : heads) {
      ObjectNode head = all.addObject().put("node", entry.node());
      head.put("sequence", entry.sequence()).put("hash", entry.hash()).put("seal", entry.seal());
      known
          .read(entry.node(), 0, 1)
          .forEach(genesis -> head.put("public_key", genesis.publicKey()));
    }
    return (Json.text(last) + "\n").getBytes(StandardCharsets.UTF_8);
  }

  private static void write(Exchange exchange, AuditTrail known, AuditEntry head) {
    long after = Long.MIN_VALUE;
    List<AuditEntry> page;
    do {
      page =
          known.read(head.node(), after, PAGE).stream()
              .filter(entry -> entry.sequence() <= head.sequence())
              .toList();
      var lines = new ByteArrayOutputStream();
      for (AuditEntry entry : page) {
        lines.writeBytes(Json.bytes(entry.json()));
        lines.write('\n');
        after = entry.sequence();
      }
      if (!page.isEmpty()) {
        exchange.write(lines.toByteArray(), deadline());
      }
    } while (page.size() == PAGE);
  }

  private static long deadline() {
    return System.nanoTime() + PATIENCE.toNanos();
  }
}
