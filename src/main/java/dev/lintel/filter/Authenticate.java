package dev.lintel.filter;

import dev.lintel.Call;
import dev.lintel.Caller;
import dev.lintel.Filter;
import dev.lintel.Handler;
import dev.lintel.Identity;
import dev.lintel.Request;
import dev.lintel.Sink;
import java.time.InstantSource;
import java.util.Optional;

/** Turns a key into a caller, before anything of the request is read. */
public final class Authenticate implements Filter {
  private final Identity identity;
  private final Signed signed;

  public Authenticate(Identity identity) {
    this.identity = identity;
    this.signed = new Signed(identity, InstantSource.system());
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
    Optional<Caller> signer =
        call.credential().isEmpty() && call.request() instanceof Request.Unread unread
            ? signed.caller(unread.raw())
            : Optional.empty();
    return signer.orElseGet(() -> identity.holder(call.credential(), call.trail().peer()));
  }
}
