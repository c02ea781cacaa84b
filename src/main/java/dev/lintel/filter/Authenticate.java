package dev.lintel.filter;

import dev.lintel.Call;
import dev.lintel.Caller;
import dev.lintel.Failure;
import dev.lintel.Filter;
import dev.lintel.Handler;
import dev.lintel.Request;
import dev.lintel.SignedCaller;
import dev.lintel.Sink;
import java.time.InstantSource;
import java.util.Optional;
import java.util.function.Function;

/** Turns a key into a caller, before anything of the request is read. */
public final class Authenticate implements Filter {
  private final Function<String, Optional<Caller>> keys;
  private final Signed signed;

  /**
   * @param keys must not wait
   * @param signers by the access key with which they sign; must not wait
   */
  public Authenticate(
      Function<String, Optional<Caller>> keys, Function<String, Optional<SignedCaller>> signers) {
    this.keys = keys;
    this.signed = new Signed(signers, InstantSource.system());
  }

  @Override
  public void apply(Call call, Sink sink, Handler next) {
    Caller caller = known(call);
    call.trail().calledBy(caller);
    next.handle(call.with(caller), sink);
  }

  /** Whom the exchange knows already, as a batch's, needs no key. */
  private Caller known(Call call) {
    if (!call.caller().app().isEmpty()) {
      return call.caller();
    }
    return call.credential().isEmpty() ? signer(call) : holder(call.credential());
  }

  private Caller holder(String key) {
    return keys.apply(key)
        .orElseThrow(
            () -> Failure.of(Failure.Kind.AUTHENTICATION, "The key is not known to this gateway."));
  }

  private Caller signer(Call call) {
    Optional<Caller> signer =
        call.request() instanceof Request.Unread unread
            ? signed.caller(unread.raw())
            : Optional.empty();
    return signer.orElseThrow(() ->
        Failure.of(
            Failure.Kind.AUTHENTICATION,
            "No key was given. Send a Lintel key as 'Authorization: Bearer ...', 'x-api-key', 'api-key', 'x-goog-api-key' or '?key='."));
  }
}
