package dev.lintel.secret;

import dev.lintel.Approvals;
import dev.lintel.Sealer;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** Approvals whose orders lie sealed in the store: what is to be written may be secret. */
public final class SealedApprovals implements Approvals {
  private static final String WHAT = "approval";

  private final Supplier<Approvals> store;
  private final Sealer sealer;

  /**
   * @param store keeps them as they are given; throws {@link dev.lintel.Failure} where it cannot be
   *     had
   */
  public SealedApprovals(Supplier<Approvals> store, Sealer sealer) {
    this.store = store;
    this.sealer = sealer;
  }

  @Override
  public void add(Request request) {
    store.get().add(with(request, sealer.seal(WHAT, request.order())));
  }

  @Override
  public Optional<Known> find(String id, Instant now) {
    return store
        .get()
        .find(id, now)
        .map(known ->
            new Known(
                known.request().order().isEmpty()
                    ? known.request()
                    : with(known.request(), sealer.open(WHAT, known.request().order())),
                known.decision()));
  }

  /** Without their orders. */
  @Override
  public List<Known> list(String before, int limit, Optional<State> state, Instant now) {
    return store.get().list(before, limit, state, now).stream()
        .map(known -> new Known(with(known.request(), ""), known.decision()))
        .toList();
  }

  @Override
  public boolean decide(String id, State to, String by, Instant at) {
    return store.get().decide(id, to, by, at);
  }

  @Override
  public void undecide(String id) {
    store.get().undecide(id);
  }

  @Override
  public void done(String id, long revision) {
    store.get().done(id, revision);
  }

  private static Request with(Request other, String order) {
    return new Request(
        other.id(), other.at(), other.by(), other.why(), other.until(), order, other.shown());
  }
}
