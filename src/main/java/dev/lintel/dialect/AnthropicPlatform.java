package dev.lintel.dialect;

import dev.lintel.Adaptation;
import dev.lintel.AwsEvent;
import dev.lintel.Json;
import dev.lintel.Platform;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import tools.jackson.databind.node.ArrayNode;

/**
 * What the clouds want in the body of one of Anthropic's requests where Anthropic has it elsewhere,
 * and which of its beta features they have: rows of {@code betas.csv}.
 */
enum AnthropicPlatform {
  /** https://docs.claude.com/en/api/claude-on-vertex-ai */
  VERTEX("vertex-2023-10-16", true),
  /**
   * https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages.html
   */
  BEDROCK("bedrock-2023-05-31", false);

  private static final String FILE = "betas.csv";

  private final Optional<byte[]> version;
  private final boolean streamInBody;
  private final Map<String, String> betas = new HashMap<>();

  AnthropicPlatform(String version, boolean streamInBody) {
    this.version = Optional.of(Json.string(version));
    this.streamInBody = streamInBody;
  }

  static {
    for (String line : lines()) {
      String[] cells = line.split(",", 3);
      for (AnthropicPlatform platform : values()) {
        String name = cells[1 + platform.ordinal()];
        if (!name.isEmpty()) {
          platform.betas.put(cells[0], name.equals("yes") ? cells[0] : name);
        }
      }
    }
  }

  /** Empty where Anthropic's own words are spoken. */
  static Optional<AnthropicPlatform> of(Platform platform) {
    return switch (platform) {
      case Platform.Plain plain -> Optional.empty();
      case Platform.Azure azure -> Optional.empty();
      case Platform.Vertex vertex -> Optional.of(VERTEX);
      case Platform.Bedrock bedrock -> Optional.of(BEDROCK);
    };
  }

  /** The path says which model, and whether it streams. */
  void change(Map<String, Optional<byte[]>> body) {
    body.put("model", Fit.GONE);
    body.put("anthropic_version", version);
    if (!streamInBody) {
      body.put("stream", Fit.GONE);
    }
  }

  /**
   * The features that are to be had here, by their names here; the others are reported.
   *
   * @param header as the caller sent it
   */
  List<String> betas(String header, Adaptation adaptation) {
    var kept = new ArrayList<String>();
    for (String part : header.split(",", -1)) {
      String asked = part.strip();
      String name = betas.get(asked);
      if (name != null && !kept.contains(name)) {
        kept.add(name);
      } else if (name == null && !asked.isEmpty()) {
        adaptation.drop("anthropic-beta." + asked);
      }
    }
    return kept;
  }

  /** What else a request says in its headers. */
  Map<String, String> headers(boolean stream) {
    return this == BEDROCK && stream ? Map.of("accept", AwsEvent.STREAM) : Map.of();
  }

  /** Puts them where the platform looks for them: Bedrock into the body, Vertex into a header. */
  Map<String, String> place(List<String> features, Map<String, Optional<byte[]>> body) {
    if (features.isEmpty()) {
      return Map.of();
    }
    if (this == VERTEX) {
      return Map.of("anthropic-beta", String.join(",", features));
    }
    ArrayNode list = Json.array();
    features.forEach(list::add);
    body.put("anthropic_beta", Optional.of(Json.bytes(list)));
    return Map.of();
  }

  private static List<String> lines() {
    var stream = Objects.requireNonNull(AnthropicPlatform.class.getResourceAsStream(FILE), FILE);
    try (var reader = new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
      return reader.lines().filter(line -> !line.startsWith("#")).skip(1).toList();
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
  }
}
