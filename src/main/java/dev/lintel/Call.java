package dev.lintel;

import java.util.Optional;

/**
 * One client request on its way.
 *
 * @param credential what the client gave as its key, empty where nothing
 * @param ownKey a provider's key that the caller brought for this call
 * @param model the configured model, once it is known
 * @param target the target and its key that are asked now, once they are chosen
 * @param deadline {@link System#nanoTime} after which the call has failed
 */
public record Call(
    Trail trail,
    String credential,
    Caller caller,
    Terms terms,
    Request request,
    Optional<Credential> ownKey,
    Optional<Model> model,
    Optional<Choice> target,
    long deadline) {

  /** A target, the key with which it is asked, and the language. */
  public record Choice(Target target, Credential credential, Dialect dialect) {}

  /** As it comes in: nothing of it is known but who sends it, as far as it says so. */
  public static Call begin(Trail trail, String credential, Caller caller, Request request) {
    trail.spoken(request.dialect());
    return new Call(
        trail,
        credential,
        caller,
        Terms.NONE,
        request,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Long.MAX_VALUE);
  }

  public String id() {
    return trail.id();
  }

  /** The same with its evidence elsewhere. */
  public Call with(Trail other) {
    return new Call(other, credential, caller, terms, request, ownKey, model, target, deadline);
  }

  public Call with(Caller known) {
    return new Call(trail, credential, known, terms, request, ownKey, model, target, deadline);
  }

  public Call with(
      Request read, Terms given, Optional<Credential> own, Model resolved, long until) {
    return new Call(
        trail, credential, caller, given, read, own, Optional.of(resolved), target, until);
  }

  public Call with(Request changed) {
    return new Call(trail, credential, caller, terms, changed, ownKey, model, target, deadline);
  }

  /** The same with some of the model's targets. */
  public Call with(Model narrowed) {
    return new Call(
        trail, credential, caller, terms, request, ownKey, Optional.of(narrowed), target, deadline);
  }

  /** Throws {@link Failure} where the target's provider has no word for such a request. */
  public Call to(Target next, Credential key) {
    return new Call(
        trail,
        credential,
        caller,
        terms,
        request,
        ownKey,
        model,
        Optional.of(new Choice(next, key, next.provider().dialects().of(request, next))),
        deadline);
  }

  /** The configured model. Throws {@link IllegalStateException} before the request was read. */
  public Model resolved() {
    return model.orElseThrow(() -> new IllegalStateException("the request has not been read"));
  }
}
