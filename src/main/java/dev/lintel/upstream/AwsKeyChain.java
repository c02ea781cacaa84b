package dev.lintel.upstream;

import dev.lintel.CallThread;
import dev.lintel.Platform.AwsKeys;
import dev.lintel.Platform.Bedrock;
import dev.lintel.SigV4;
import io.vertx.core.http.HttpMethod;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;

/**
 * Finds AWS keys where AWS's own SDKs find them, in their order: the environment, a web identity,
 * the profile files, the container, the machine.
 * https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
 */
final class AwsKeyChain implements Renewed.Source<AwsKeys> {
  /** What does not expire is looked at again after so long: somebody may have changed it. */
  private static final Duration FOR_NOW = Duration.ofMinutes(15);

  private static final String SESSION = "lintel";
  private static final String FORM = "application/x-www-form-urlencoded; charset=utf-8";

  private final Bedrock platform;
  private final Errand errand;

  AwsKeyChain(Bedrock platform, Errand errand) {
    this.platform = platform;
    this.errand = errand;
  }

  @Override
  public Renewed.Lease<AwsKeys> fetch() {
    if (platform.keys().isPresent()) {
      return new Renewed.Lease<>(platform.keys().get(), Duration.ofDays(3650));
    }
    if (!platform.profile().isEmpty()) {
      return profile(platform.profile())
          .orElseThrow(
              () -> Errand.refusal(0, "AWS's files have no keys in the configured profile."));
    }
    return environment()
        .or(() -> webIdentity(variable("AWS_WEB_IDENTITY_TOKEN_FILE"), variable("AWS_ROLE_ARN")))
        .or(() -> profile(variable("AWS_PROFILE").orElse("default")))
        .or(this::container)
        .or(this::machine)
        .orElseThrow(() ->
            Errand.refusal(
                0,
                "No AWS keys were found: neither in the configuration nor in the environment, the profile files, the container or the machine."));
  }

  private Optional<String> variable(String name) {
    return Optional.ofNullable(platform.environment().get(name)).filter(value -> !value.isBlank());
  }

  private Optional<Renewed.Lease<AwsKeys>> environment() {
    return variable("AWS_ACCESS_KEY_ID")
        .flatMap(id ->
            variable("AWS_SECRET_ACCESS_KEY")
                .map(secret ->
                    new Renewed.Lease<>(
                        new AwsKeys(id, secret, variable("AWS_SESSION_TOKEN").orElse("")),
                        Duration.ofDays(3650))));
  }

  private Optional<Renewed.Lease<AwsKeys>> profile(String name) {
    AwsProfiles profiles = CallThread.current().offload(() -> AwsProfiles.read(this::variable));
    return profile(profiles, name, 0);
  }

  private Optional<Renewed.Lease<AwsKeys>> profile(AwsProfiles profiles, String name, int depth) {
    Map<String, String> words = profiles.of(name);
    String role = words.getOrDefault("role_arn", "");
    String id = words.getOrDefault("aws_access_key_id", "");
    if (!role.isEmpty() && depth < 5) {
      if (words.containsKey("web_identity_token_file")) {
        return webIdentity(Optional.of(words.get("web_identity_token_file")), Optional.of(role));
      }
      String source = words.getOrDefault("source_profile", "");
      Optional<Renewed.Lease<AwsKeys>> base =
          source.isEmpty()
              ? named(words.getOrDefault("credential_source", ""))
              : source.equals(name) ? plain(words) : profile(profiles, source, depth + 1);
      return base.map(pair -> assumed(role, words, pair.value()));
    }
    return id.isEmpty() ? Optional.empty() : plain(words);
  }

  private static Optional<Renewed.Lease<AwsKeys>> plain(Map<String, String> words) {
    String id = words.getOrDefault("aws_access_key_id", "");
    String secret = words.getOrDefault("aws_secret_access_key", "");
    return id.isEmpty() || secret.isEmpty()
        ? Optional.empty()
        : Optional.of(
            new Renewed.Lease<>(
                new AwsKeys(id, secret, words.getOrDefault("aws_session_token", "")), FOR_NOW));
  }

  private Optional<Renewed.Lease<AwsKeys>> named(String source) {
    return switch (source) {
      case "Environment" -> environment();
      case "EcsContainer" -> container();
      case "Ec2InstanceMetadata" -> machine();
      default -> Optional.empty();
    };
  }

  private Optional<Renewed.Lease<AwsKeys>> webIdentity(
      Optional<String> file, Optional<String> role) {
    if (file.isEmpty() || role.isEmpty()) {
      return Optional.empty();
    }
    var fields = new TreeMap<String, String>();
    fields.put("Action", "AssumeRoleWithWebIdentity");
    fields.put("Version", "2011-06-15");
    fields.put("RoleArn", role.get());
    fields.put("RoleSessionName", variable("AWS_ROLE_SESSION_NAME").orElse(SESSION));
    fields.put("WebIdentityToken", Errand.read("the web identity", file.get()));
    return Optional.of(issued(errand.form("AWS STS", sts(), Map.of(), fields).granted().text()));
  }

  private Renewed.Lease<AwsKeys> assumed(String role, Map<String, String> words, AwsKeys pair) {
    var fields = new TreeMap<String, String>();
    fields.put("Action", "AssumeRole");
    fields.put("Version", "2011-06-15");
    fields.put("RoleArn", role);
    fields.put("RoleSessionName", words.getOrDefault("role_session_name", SESSION));
    if (words.containsKey("external_id")) {
      fields.put("ExternalId", words.get("external_id"));
    }
    if (words.containsKey("duration_seconds")) {
      fields.put("DurationSeconds", words.get("duration_seconds"));
    }
    byte[] body = Errand.encoded(fields).getBytes(StandardCharsets.US_ASCII);
    String time = SigV4.time(Instant.now());
    var headers = new TreeMap<String, String>();
    headers.put("x-amz-date", time);
    headers.put("x-amz-content-sha256", SigV4.hash(body));
    if (!pair.token().isEmpty()) {
      headers.put("x-amz-security-token", pair.token());
    }
    URI at = sts();
    headers.put(
        "authorization",
        AwsAccount.authorization(
            pair,
            new SigV4.Scope(time.substring(0, 8), platform.region(), "sts"),
            time,
            at,
            FORM,
            body));
    return issued(
        errand.send("AWS STS", HttpMethod.POST, at, headers, FORM, body).granted().text());
  }

  private URI sts() {
    String tail = platform.region().startsWith("cn-") ? ".amazonaws.com.cn/" : ".amazonaws.com/";
    return variable("AWS_ENDPOINT_URL_STS")
        .map(given -> URI.create(given.indexOf('/', 8) < 0 ? given + "/" : given))
        .orElseGet(() -> URI.create("https://sts." + platform.region() + tail));
  }

  private static Renewed.Lease<AwsKeys> issued(String xml) {
    return lease(
        Errand.tag(xml, "AccessKeyId"),
        Errand.tag(xml, "SecretAccessKey"),
        Errand.tag(xml, "SessionToken"),
        Errand.tag(xml, "Expiration"));
  }

  private static Renewed.Lease<AwsKeys> lease(
      String id, String secret, String token, String expiration) {
    if (id.isEmpty() || secret.isEmpty()) {
      throw Errand.refusal(0, "AWS answered without keys.");
    }
    Duration good =
        expiration.isEmpty() ? FOR_NOW : Duration.between(Instant.now(), Instant.parse(expiration));
    return new Renewed.Lease<>(new AwsKeys(id, secret, token), good);
  }

  private Optional<Renewed.Lease<AwsKeys>> container() {
    Optional<URI> at =
        variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")
            .map(path -> URI.create("http://169.254.170.2" + path))
            .or(() -> variable("AWS_CONTAINER_CREDENTIALS_FULL_URI").map(URI::create));
    return at.map(uri -> {
      Optional<String> token =
          variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")
              .map(file -> Errand.read("the container's token", file))
              .or(() -> variable("AWS_CONTAINER_AUTHORIZATION_TOKEN"));
      return lease(
          errand
              .get(
                  "The container's credentials",
                  uri,
                  token.map(text -> Map.of("authorization", text)).orElse(Map.of()))
              .granted()
              .json());
    });
  }

  private static Renewed.Lease<AwsKeys> lease(JsonNode keys) {
    return lease(
        keys.path("AccessKeyId").asString(""),
        keys.path("SecretAccessKey").asString(""),
        keys.path("Token").asString(""),
        keys.path("Expiration").asString(""));
  }

  /** The instance's role, by the second version of its metadata service. */
  private Optional<Renewed.Lease<AwsKeys>> machine() {
    if (variable("AWS_EC2_METADATA_DISABLED").filter("true"::equalsIgnoreCase).isPresent()) {
      return Optional.empty();
    }
    String who = "The machine's metadata service";
    String base =
        variable("AWS_EC2_METADATA_SERVICE_ENDPOINT")
            .map(given -> given.endsWith("/") ? given.substring(0, given.length() - 1) : given)
            .orElse("http://169.254.169.254");
    String token =
        errand
            .send(
                who,
                HttpMethod.PUT,
                URI.create(base + "/latest/api/token"),
                Map.of("x-aws-ec2-metadata-token-ttl-seconds", "21600"),
                "",
                new byte[0])
            .granted()
            .text()
            .strip();
    Map<String, String> proof = Map.of("x-aws-ec2-metadata-token", token);
    String roles = base + "/latest/meta-data/iam/security-credentials/";
    String role = errand.get(who, URI.create(roles), proof).granted().text().strip();
    return Optional.of(
        lease(
            errand
                .get(who, URI.create(roles + role.lines().findFirst().orElse("")), proof)
                .granted()
                .json()));
  }
}
