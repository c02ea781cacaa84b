package dev.lintel.config;

import dev.lintel.Credential;
import dev.lintel.Dialect;
import dev.lintel.Dialects;
import dev.lintel.Json;
import dev.lintel.Platform;
import dev.lintel.Provider;
import dev.lintel.config.Catalogue.Row;
import dev.lintel.config.Document.Azure;
import dev.lintel.config.Document.Bedrock;
import dev.lintel.config.Document.Entra;
import dev.lintel.config.Document.Entry;
import dev.lintel.config.Document.Linked;
import dev.lintel.config.Document.Vertex;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/** Makes providers of what is written about the clouds, where an account stands for a key. */
record Platforms(Providers providers) {
  private static final String MICROSOFT = "https://login.microsoftonline.com";

  /** The forms of Google's credentials that need no program to be run. */
  private static final List<String> GOOGLE_TYPES =
      List.of("authorized_user", "external_account", "service_account");

  /**
   * What AWS's SDKs read, too:
   * https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html
   */
  private static final List<String> AWS_VARIABLES =
      List.of(
          "AWS_ACCESS_KEY_ID",
          "AWS_CONFIG_FILE",
          "AWS_CONTAINER_AUTHORIZATION_TOKEN",
          "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
          "AWS_CONTAINER_CREDENTIALS_FULL_URI",
          "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
          "AWS_EC2_METADATA_DISABLED",
          "AWS_EC2_METADATA_SERVICE_ENDPOINT",
          "AWS_ENDPOINT_URL_STS",
          "AWS_PROFILE",
          "AWS_ROLE_ARN",
          "AWS_ROLE_SESSION_NAME",
          "AWS_SECRET_ACCESS_KEY",
          "AWS_SESSION_TOKEN",
          "AWS_SHARED_CREDENTIALS_FILE",
          "AWS_WEB_IDENTITY_TOKEN_FILE",
          "HOME");

  /** Empty where the entry has a fault that leaves no provider. */
  Optional<Provider> azure(String name, At<? extends Entry> at, Azure entry) {
    Optional<URI> url = url(entry.linked(), at, "");
    List<String> keys = providers.written(entry);
    if (keys.isEmpty() && entry.entra().isEmpty()) {
      providers.faults().add(at, "needs the key 'key' or the key 'entra'");
    }
    if (!keys.isEmpty() && entry.entra().isPresent()) {
      providers.faults().add(at, "must have 'key' or 'entra', not both");
    }
    return url.flatMap(base ->
        made(
            name,
            at,
            entry.linked(),
            base,
            Provider.Auth.API_KEY,
            keys,
            new Platform.Azure(
                entry.apiVersion().orElse(""),
                entry.deployments(),
                entry.entra().map(this::entra))));
  }

  private Platform.Entra entra(Entra entry) {
    String authority =
        entry
            .url()
            .flatMap(at -> at.value().map(given -> providers.base(at, given)))
            .map(URI::toString)
            .or(() -> variable("AZURE_AUTHORITY_HOST").map(Platforms::host))
            .orElse(MICROSOFT);
    return new Platform.Entra(
        authority, required(entry.tenant()), required(entry.client()), required(entry.secret()));
  }

  /** Empty where the entry has a fault that leaves no provider. */
  Optional<Provider> vertex(String name, At<? extends Entry> at, Vertex entry) {
    String location =
        entry
            .location()
            .flatMap(At::value)
            .or(() -> variable("GOOGLE_CLOUD_LOCATION"))
            .orElse("global");
    if (!isHostPart(location)) {
      providers
          .faults()
          .add(
              entry.location().<At<?>>map(given -> given).orElse(at),
              "must be a location such as us-central1");
      return Optional.empty();
    }
    Optional<URI> url =
        url(
            entry.linked(),
            at,
            location.equals("global")
                ? "https://aiplatform.googleapis.com"
                : "https://" + location + "-aiplatform.googleapis.com");
    String credentials = credentials(at, entry);
    Optional<String> project =
        entry
            .project()
            .flatMap(At::value)
            .or(() -> variable("GOOGLE_CLOUD_PROJECT"))
            .or(() -> projectOf(credentials));
    if (project.isEmpty()) {
      providers.faults().add(at, "needs the key 'project'");
      return Optional.empty();
    }
    return url.flatMap(base ->
        made(
            name,
            at,
            entry.linked(),
            base,
            Provider.Auth.X_GOOG_API_KEY,
            providers.written(entry),
            new Platform.Vertex(
                project.get(),
                location,
                credentials,
                variable("GCE_METADATA_HOST").orElse("metadata.google.internal"))));
  }

  /** The credentials' JSON; empty for the metadata server. */
  private String credentials(At<?> at, Vertex entry) {
    At<?> where = entry.credentials().<At<?>>map(given -> given).orElse(at);
    String given =
        entry.credentials().isPresent()
            ? entry.credentials().get().value().orElse("").strip()
            : variable("GOOGLE_APPLICATION_CREDENTIALS").orElse("");
    if (given.isEmpty()) {
      return "";
    }
    try {
      String json = given.startsWith("{") ? given : Files.readString(Path.of(given));
      JsonNode tree = Json.parse(json);
      String type = tree.path("type").asString("");
      if (!GOOGLE_TYPES.contains(type)) {
        providers
            .faults()
            .add(
                where,
                "must be Google credentials with a 'type' of "
                    + String.join(", ", GOOGLE_TYPES)
                    + Closest.meant(type, GOOGLE_TYPES));
        return "";
      }
      return json;
    } catch (JacksonException notJson) {
      providers.faults().add(where, "must be JSON, or a file that holds JSON");
    } catch (IOException | RuntimeException unreadable) {
      providers.faults().add(where, "must name a file that can be read");
    }
    return "";
  }

  private static Optional<String> projectOf(String credentials) {
    return credentials.isEmpty()
        ? Optional.empty()
        : Optional.of(Json.parse(credentials).path("project_id").asString(""))
            .filter(project -> !project.isEmpty());
  }

  /** Empty where the entry has a fault that leaves no provider. */
  Optional<Provider> bedrock(String name, At<? extends Entry> at, Bedrock entry) {
    Optional<String> region =
        entry
            .region()
            .flatMap(At::value)
            .or(() -> variable("AWS_REGION"))
            .or(() -> variable("AWS_DEFAULT_REGION"))
            // Who says where it lives need not say so twice.
            .or(() -> entry.linked().url().map(given -> "us-east-1"));
    if (region.isEmpty()) {
      providers.faults().add(at, "needs the key 'region'");
      return Optional.empty();
    }
    if (!isHostPart(region.get())) {
      providers
          .faults()
          .add(
              entry.region().<At<?>>map(given -> given).orElse(at),
              "must be a region such as us-east-1");
      return Optional.empty();
    }
    if (entry.accessKey().isPresent() != entry.secretKey().isPresent()) {
      providers.faults().add(at, "needs both 'access_key' and 'secret_key', or neither");
    }
    if (entry.sessionToken().isPresent() && entry.accessKey().isEmpty()) {
      providers
          .faults()
          .add(entry.sessionToken().get(), "needs 'access_key' and 'secret_key' beside it");
    }
    Optional<Platform.AwsKeys> pair =
        entry
            .accessKey()
            .map(this::required)
            .flatMap(id ->
                entry
                    .secretKey()
                    .map(this::required)
                    .map(secret ->
                        new Platform.AwsKeys(
                            id, secret, entry.sessionToken().map(this::required).orElse(""))));
    List<String> tokens = tokens(entry);
    long ways =
        List.of(pair.isPresent(), !tokens.isEmpty(), entry.profile().isPresent()).stream()
            .filter(given -> given)
            .count();
    if (ways > 1) {
      providers.faults().add(at, "must have one of 'access_key', 'token' and 'profile'");
    }
    if (ways == 0) {
      variable("AWS_BEARER_TOKEN_BEDROCK").ifPresent(tokens::add);
    }
    String tail = region.get().startsWith("cn-") ? ".amazonaws.com.cn" : ".amazonaws.com";
    return url(entry.linked(), at, "https://bedrock-runtime." + region.get() + tail)
        .flatMap(base ->
            made(
                name,
                at,
                entry.linked(),
                base,
                Provider.Auth.BEARER,
                tokens,
                new Platform.Bedrock(
                    region.get(),
                    pair,
                    entry.profile().map(this::required).orElse(""),
                    environment())));
  }

  private List<String> tokens(Bedrock entry) {
    List<String> tokens = providers.written(entry);
    entry.token().map(this::required).ifPresent(tokens::add);
    return tokens;
  }

  private Map<String, String> environment() {
    var known = new TreeMap<String, String>();
    for (String name : AWS_VARIABLES) {
      variable(name).ifPresent(value -> known.put(name, value));
    }
    return Map.copyOf(known);
  }

  private Optional<Provider> made(
      String name,
      At<? extends Entry> at,
      Linked entry,
      URI url,
      Provider.Auth auth,
      List<String> keys,
      Platform platform) {
    String family = family(platform);
    providers.checkName(name, at);
    List<Dialect> speaks = providers.dialects().get(family);
    if (speaks == null) {
      providers.faults().add(at, "is of a kind whose dialects this gateway does not speak");
      return Optional.empty();
    }
    // The models are those of the dialect's own vendor, and refuse what they refuse there.
    Providers.Link link =
        providers.link(
            entry,
            providers
                .catalogue()
                .find(speaks.getFirst().name())
                .map(Row::quirks)
                .orElse(Provider.Quirks.NONE));
    List<Credential> credentials = Providers.credentials(name, keys);
    boolean open = !keys.isEmpty() && credentials.equals(List.of(Credential.NONE));
    return Optional.of(
        new Provider(
            name,
            family,
            new Dialects(speaks, providers.served().of(family)),
            url,
            open ? Provider.Auth.NONE : auth,
            credentials,
            link.headers(),
            link.transport(),
            link.quirks(),
            platform));
  }

  /** The platform's name in the catalogue of models, which is its kind. */
  private static String family(Platform platform) {
    return switch (platform) {
      case Platform.Plain plain -> "";
      case Platform.Azure azure -> "azure";
      case Platform.Vertex vertex -> "vertex";
      case Platform.Bedrock bedrock -> "bedrock";
    };
  }

  /**
   * @param usual empty where there is none
   */
  private Optional<URI> url(Linked entry, At<?> at, String usual) {
    if (entry.url().isPresent()) {
      At<URI> given = entry.url().get();
      return given.value().map(uri -> providers.base(given, uri));
    }
    if (usual.isEmpty()) {
      providers.faults().add(at, "needs the key 'url', such as https://NAME.openai.azure.com");
      return Optional.empty();
    }
    return Optional.of(URI.create(usual));
  }

  private Optional<String> variable(String name) {
    return providers.environment().get(name).map(String::strip);
  }

  private String required(At<String> at) {
    String text = at.value().orElse("").strip();
    if (at.value().isPresent() && (text.isEmpty() || !Providers.isVisible(text))) {
      providers
          .faults()
          .add(at, text.isEmpty() ? "must not be empty" : "holds a character that it cannot have");
    }
    return text;
  }

  private static boolean isHostPart(String text) {
    return !text.isEmpty()
        && text.chars().allMatch(c -> (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-');
  }

  /** As Microsoft's SDKs take it: with or without its scheme and last slash. */
  private static String host(String given) {
    String whole = given.contains("://") ? given : "https://" + given;
    return whole.endsWith("/") ? whole.substring(0, whole.length() - 1) : whole;
  }
}
