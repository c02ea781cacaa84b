package dev.lintel.filter;

import dev.lintel.Body;
import dev.lintel.Failure;
import dev.lintel.Relay;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Which of its models a provider is asked by what is passed through to it. */
final class RawModel {
  /** Gemini's, Bedrock's and Azure's stand in the path. */
  private static final Pattern IN_PATH = Pattern.compile("/(?:models?|deployments)/([^/:?]+)");

  private RawModel() {}

  /** Empty where it does not say, or says it in a body that does not lie in memory. */
  static Optional<String> of(Relay relay) {
    Matcher path = IN_PATH.matcher(relay.path());
    Optional<String> named = path.find() ? Optional.of(decoded(path.group(1))) : Optional.empty();
    if (relay.content() instanceof Relay.Content.Opaque opaque && opaque.body().small()) {
      byte[] bytes = opaque.body().bytes();
      if (bytes.length > 0) {
        return model(bytes).or(() -> named);
      }
    }
    return named;
  }

  private static String decoded(String name) {
    try {
      return URLDecoder.decode(name.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException notEncoded) {
      return name;
    }
  }

  private static Optional<String> model(byte[] bytes) {
    try {
      Body body = Body.scan(bytes);
      return body.isText("model") ? body.text("model") : Optional.empty();
    } catch (Failure noJson) {
      // It is the provider's to refuse it.
      return Optional.empty();
    }
  }
}
