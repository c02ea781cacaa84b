package dev.lintel.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.lintel.Issuer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IdentitiesTest {
  private static final String TENANTS = "tenants: { acme: { apps: { support: {} } } }";

  private static List<String> faults(String... lines) {
    Faulty faulty = catchThrowableOfType(Faulty.class, () -> Loaders.load(lines));
    assertThat(faulty).isNotNull();
    return faulty.faults().stream().map(Fault::toString).toList();
  }

  @Test
  void an_issuer_needs_little_more_than_its_name() {
    Identities known =
        Loaders.load(
                "jwt: [ { issuer: 'https://id.example', audience: lintel, tenant: acme, claims: { app: azp } } ]",
                "trusted_proxies: 10.0.0.0/8",
                TENANTS)
            .identities();
    assertThat(known.issuers())
        .containsExactly(
            new Issuer(
                "https://id.example",
                Set.of("lintel"),
                Optional.empty(),
                Set.of("RS256"),
                new Issuer.Named("acme", ""),
                new Issuer.Named("", "azp"),
                "sub",
                false));
    assertThat(known.trustedProxies()).hasSize(1);
  }

  @Test
  void what_would_let_strangers_in_is_a_fault() {
    assertThat(
            faults(
                "jwt:",
                "- { issuer: 'http://id.example', audience: lintel, tenant: acme, app: support }",
                "- { issuer: 'https://a', tenant: acme, app: support }",
                "- { issuer: 'https://b', audience: l, tenant: acme, app: support, algorithms: [ HS256 ] }",
                "- { issuer: 'https://c', audience: l, tenant: acme, app: support, algorithms: [ none ] }",
                "- { issuer: 'https://d', audience: l, app: support }",
                "- { issuer: 'https://e', audience: l, tenant: acne, app: support }",
                "- { issuer: 'https://f', audience: l, tenant: acme, app: suport }",
                "- { issuer: 'https://f', audience: l, tenant: acme, app: support }",
                "clients: [ { subject: billing, tenant: acme, app: support } ]",
                TENANTS))
        .extracting(fault -> fault.replaceAll("^[^:]*:(\\d+): (\\S+) (.{0,24}).*", "$1 $2 $3"))
        .containsExactlyInAnyOrder(
            "2 jwt[0].issuer must be an https address",
            "3 jwt[1].issuer needs the key 'audience'",
            "4 jwt[2].algorithms[0] must be one of ES256, ES",
            "5 jwt[3].algorithms[0] must be one of ES256, ES",
            "6 jwt[4].issuer needs 'tenant' or 'claim",
            "7 jwt[5].tenant names a tenant that is n",
            "8 jwt[6].app names an app that the te",
            "9 jwt[7].issuer is given twice; keep one",
            "10 clients[0].subject must be attributes such ",
            "10 clients[0].tenant can never be: certificat");
  }

  @Test
  void clients_are_asked_for_certificates_where_there_is_an_authority(@TempDir Path folder)
      throws Exception {
    Path pem = Files.writeString(folder.resolve("x.pem"), "-");
    String own = "certificate: %1$s, key: %1$s".formatted(pem);
    Config config =
        Loaders.load(
            "tls: { " + own + ", client_ca: " + pem + ", client_auth: require }",
            "clients: [ { subject: 'CN=x', tenant: acme, app: support } ]",
            TENANTS);
    assertThat(config.tls().flatMap(Config.Tls::clients)).contains(new Config.Clients(pem, true));
    assertThat(faults("tls: { " + own + ", client_auth: require }"))
        .singleElement()
        .asString()
        .contains("tls.client_auth needs 'client_ca'");
  }
}
