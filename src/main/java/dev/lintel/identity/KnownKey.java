package dev.lintel.identity;

import dev.lintel.Admin;
import dev.lintel.Caller;
import dev.lintel.CallerKey;
import dev.lintel.Reach;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A key of the store, as it is kept in memory. */
final class KnownKey {
  /** Who calls with it, as one register has it. */
  private record Resolved(Register by, Caller caller) {}

  final String id;
  final String tenant;
  final String app;
  final CallerKey.Scopes scopes;

  /** Who administers with it; empty for a caller's. */
  final Optional<Admin> admin;

  /** From which it is good; none for all. */
  final List<Reach.Network> networks;

  /** Of its hash, or the access key of a pair. */
  final Object mark;

  final String sealed;

  final LastUse use;

  private final long expires;
  private volatile boolean gone;

  private volatile @Nullable Resolved resolved;

  KnownKey(CallerKey key, List<Reach.Network> networks, Object mark, LastUse use) {
    this.id = key.id();
    this.tenant = key.tenant();
    this.app = key.app();
    this.scopes = key.scopes();
    this.admin = key.admin();
    this.networks = networks;
    this.mark = mark;
    this.sealed = key.sealed();
    this.expires = key.expires().map(Instant::toEpochMilli).orElse(Long.MAX_VALUE);
    this.use = use;
  }

  boolean good(long now) {
    return !gone && now < expires;
  }

  /** Whoever has found it before asks again. */
  void end() {
    gone = true;
  }

  boolean ended() {
    return gone;
  }

  @Nullable Caller caller(Register by) {
    Resolved known = resolved;
    return known != null && known.by == by ? known.caller : null;
  }

  void resolved(Register by, Caller caller) {
    resolved = new Resolved(by, caller);
  }
}
