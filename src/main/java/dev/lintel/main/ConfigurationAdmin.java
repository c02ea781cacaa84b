package dev.lintel.main;

import dev.lintel.Approvals;
import dev.lintel.Sealer;
import dev.lintel.admin.ActList;
import dev.lintel.admin.ApprovalList;
import dev.lintel.admin.AuditList;
import dev.lintel.admin.Budgets;
import dev.lintel.admin.Configuration;
import dev.lintel.admin.Operation;
import dev.lintel.admin.Repeated;
import dev.lintel.admin.Resources;
import dev.lintel.admin.SecretStore;
import dev.lintel.audit.Proof;
import dev.lintel.audit.Vigil;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What admins may ask of the configuration and change of it, and what else is kept for them. */
record ConfigurationAdmin(
    Storage storage, Revisions revisions, Approvals approvals, Sealer sealer, Vigil vigil) {
  private static final Resources.Kind TENANTS =
      new Resources.Kind("tenant", "/tenants", "/{tenant}", Optional.empty());

  /** What is changed piece by piece. */
  private static final List<Resources.Kind> KINDS =
      List.of(
          TENANTS,
          new Resources.Kind("app", "/tenants/{tenant}/apps", "/{app}", Optional.of(TENANTS)),
          new Resources.Kind("policy", "/policies", "/{policy}", Optional.empty()),
          new Resources.Kind("provider", "/providers", "/{name}", Optional.empty()),
          new Resources.Kind("model", "/models", "/{model*}", Optional.empty()),
          new Resources.Kind("price", "/prices", "/{provider}/{model*}", Optional.empty()));

  /**
   * @param budgets of the configuration in force
   */
  List<Operation> operations(Budgets budgets) {
    var all = new ArrayList<Operation>();
    var repeated = new Repeated(() -> storage.store().replays());
    KINDS.forEach(kind ->
        all.addAll(
            new Resources(kind, revisions, repeated, Builtins.OPENAI)
                .operations(!kind.noun().equals("provider"))));
    all.addAll(new Configuration(revisions, revisions, Builtins.OPENAI).operations());
    all.addAll(
        new ApprovalList(approvals, revisions, InstantSource.system(), Builtins.OPENAI)
            .operations());
    all.add(new ActList(() -> storage.store().acts(), Builtins.OPENAI).list());
    all.addAll(
        new AuditList(
                () -> storage.store().audit(),
                vigil::verify,
                id -> Proof.of(storage.store().audit(), id),
                Builtins.OPENAI)
            .operations());
    all.addAll(
        new SecretStore(
                () -> storage.store().secrets(),
                sealer,
                () -> storage.store().renew(sealer::renewed),
                () -> storage.store().feed().look(),
                InstantSource.system(),
                Builtins.OPENAI)
            .operations());
    all.add(budgets.list());
    return all;
  }
}
