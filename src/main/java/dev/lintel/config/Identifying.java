package dev.lintel.config;

import dev.lintel.Admin;
import dev.lintel.ClientName;
import dev.lintel.Issuer;
import java.net.URI;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;

/** What a file says of callers without keys, on its way to what it means. */
record Identifying(Faults faults, Map<String, Document.Tenant> tenants) {
  private static final String USUAL_ALGORITHM = "RS256";
  private static final String USUAL_USER = "sub";
  private static final String USUAL_ROLES = "roles";

  /** Signed with private keys alone: what is checked with a secret, its checker could sign. */
  private static final Set<String> ALGORITHMS =
      Set.of("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512");

  Identities of(Document written) {
    var issuers = new ArrayList<Issuer>();
    var names = new LinkedHashSet<String>();
    for (Document.Jwt jwt : written.jwt()) {
      issuer(jwt)
          .ifPresent(issuer -> {
            if (names.add(issuer.name())) {
              issuers.add(issuer);
            } else {
              faults.add(jwt.issuer(), "is given twice; keep one of them");
            }
          });
    }
    List<ClientName> clients =
        written.clients().stream().flatMap(client -> client(client).stream()).toList();
    if (!clients.isEmpty() && written.tls().flatMap(Document.Pem::clientCa).isEmpty()) {
      faults.add(
          written.clients().getFirst().tenant(),
          "can never be: certificates are asked for with 'tls.client_ca' alone");
    }
    return new Identities(issuers, clients, written.trustedProxies());
  }

  private Optional<Issuer> issuer(Document.Jwt jwt) {
    URI name = jwt.issuer().value().orElse(null);
    if (name == null) {
      return Optional.empty();
    }
    safe(jwt.issuer(), jwt.insecure() || jwt.jwks().isPresent());
    jwt.jwks().ifPresent(at -> safe(at, jwt.insecure()));
    Set<String> audiences = texts(jwt.audience());
    if (audiences.isEmpty()) {
      faults.add(
          jwt.issuer(),
          "needs the key 'audience' beside it: without one, tokens for others would be good here");
    }
    for (At<String> at : jwt.algorithms()) {
      at.value()
          .filter(algorithm -> !ALGORITHMS.contains(algorithm))
          .ifPresent(wrong ->
              faults.add(
                  at,
                  "must be one of " + String.join(", ", ALGORITHMS.stream().sorted().toList())));
    }
    Map<String, Admin.Grant> roles = new TreeMap<>();
    jwt.roles()
        .forEach((word, grant) -> roles.put(word, new Admin.Grant(grant.role(), grant.tenants())));
    Optional<At<String>> rolesClaim = jwt.claims().flatMap(Document.Claims::roles);
    if (rolesClaim.isPresent() && roles.isEmpty()) {
      faults.add(rolesClaim.get(), "needs 'roles' beside 'claims': what people with a role may be");
    }
    Set<String> algorithms = texts(jwt.algorithms());
    Optional<Document.Claims> claims = jwt.claims();
    Issuer.Named tenant =
        named(jwt, "tenant", jwt.tenant(), claims.flatMap(Document.Claims::tenant));
    Issuer.Named app = named(jwt, "app", jwt.app(), claims.flatMap(Document.Claims::app));
    if (jwt.tenant().isPresent()) {
      exists(jwt.tenant().get(), jwt.app());
    }
    return Optional.of(
        new Issuer(
            name.toString(),
            audiences,
            jwt.jwks().flatMap(At::value),
            algorithms.isEmpty() ? Set.of(USUAL_ALGORITHM) : algorithms,
            tenant,
            app,
            claims.flatMap(Document.Claims::user).flatMap(At::value).orElse(USUAL_USER),
            roles.isEmpty() ? "" : rolesClaim.flatMap(At::value).orElse(USUAL_ROLES),
            roles,
            jwt.insecure()));
  }

  private void safe(At<URI> at, boolean anyway) {
    at.value()
        .filter(uri -> !"https".equals(uri.getScheme()) && !anyway)
        .ifPresent(
            uri -> faults.add(at, "must be an https address, or stand beside 'insecure: true'"));
  }

  private static Set<String> texts(List<At<String>> all) {
    return all.stream()
        .flatMap(at -> at.value().stream())
        .filter(text -> !text.isBlank())
        .collect(Collectors.toCollection(LinkedHashSet::new));
  }

  private Issuer.Named named(
      Document.Jwt jwt, String what, Optional<At<String>> fixed, Optional<At<String>> claim) {
    String always = fixed.flatMap(At::value).orElse("");
    String from = claim.flatMap(At::value).orElse("");
    if (fixed.isEmpty() && claim.isEmpty()) {
      if (needsApp(jwt)) {
        faults.add(
            jwt.issuer(),
            "needs '" + what + "' or 'claims." + what + "' beside it: whose calls are they?");
      } else if (what.equals("tenant") && ownTenants(jwt)) {
        faults.add(
            jwt.issuer(),
            "needs 'tenant' or 'claims.tenant' beside it: whose admins are those without 'tenants'?");
      }
    } else if (fixed.isPresent() && claim.isPresent()) {
      faults.add(claim.get(), "cannot stand beside a fixed '" + what + "'");
    }
    return new Issuer.Named(always, from);
  }

  /** One who says roles and nothing of apps is for people who administer alone. */
  private static boolean needsApp(Document.Jwt jwt) {
    return jwt.roles().isEmpty()
        || jwt.app().isPresent()
        || jwt.claims().flatMap(Document.Claims::app).isPresent();
  }

  private static boolean ownTenants(Document.Jwt jwt) {
    return jwt.roles().values().stream()
        .anyMatch(grant -> grant.role() == Admin.Role.TENANT_ADMIN && grant.tenants().isEmpty());
  }

  private Optional<ClientName> client(Document.Client client) {
    String subject = client.subject().flatMap(At::value).orElse("");
    String san = client.san().flatMap(At::value).orElse("");
    if (subject.isEmpty() && san.isEmpty()) {
      faults.add(client.tenant(), "needs 'subject' or 'san' beside it");
      return Optional.empty();
    }
    try {
      if (!subject.isEmpty() && new LdapName(subject).isEmpty()) {
        faults.add(client.subject().get(), "must be attributes such as CN=billing,O=Acme");
      }
    } catch (InvalidNameException otherForm) {
      client
          .subject()
          .ifPresent(at -> faults.add(at, "must be attributes such as CN=billing,O=Acme"));
    }
    exists(client.tenant(), Optional.of(client.app()));
    return client
        .tenant()
        .value()
        .flatMap(
            tenant -> client.app().value().map(app -> new ClientName(subject, san, tenant, app)));
  }

  private void exists(At<String> tenant, Optional<At<String>> app) {
    String name = tenant.value().orElse("");
    Document.Tenant known = tenants.get(name);
    if (tenant.value().isPresent() && known == null) {
      faults.add(
          tenant, "names a tenant that is not configured" + Closest.hint(name, tenants.keySet()));
    } else if (known != null) {
      app.ifPresent(at ->
          at.value()
              .filter(text -> !known.apps().containsKey(text))
              .ifPresent(text ->
                  faults.add(
                      at,
                      "names an app that the tenant does not have"
                          + Closest.hint(text, known.apps().keySet()))));
    }
  }
}
