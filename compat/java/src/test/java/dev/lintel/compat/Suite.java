package dev.lintel.compat;

import static java.nio.file.StandardOpenOption.APPEND;
import static java.nio.file.StandardOpenOption.CREATE;

import dev.lintel.compat.Sdk.Settings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DynamicTest;

/** The cases of some SDKs, each with every provider's dialect, whole and streamed. */
final class Suite {
  private static final List<String> PROVIDERS =
      List.of("openai", "responses", "anthropic", "gemini", "cohere", "bedrock");

  /** A part of an SDK's name, to ask by that alone. */
  static final String ONLY = System.getenv().getOrDefault("COMPAT_ONLY", "");

  private Suite() {}

  static List<DynamicTest> of(List<Sdk> sdks) {
    var tests = new ArrayList<DynamicTest>();
    for (Sdk sdk : sdks) {
      if (!sdk.name().contains(ONLY)) {
        continue;
      }
      for (boolean stream : new boolean[] {false, true}) {
        for (String provider : PROVIDERS) {
          add(tests, sdk, provider, Settings.of(provider, Lintel.KEY, stream), Cases.withProvider());
        }
        add(tests, sdk, "gateway", Settings.of("openai", Lintel.KEY, stream), Cases.withGateway());
      }
    }
    return tests;
  }

  private static void add(
      List<DynamicTest> tests,
      Sdk sdk,
      String provider,
      Settings settings,
      Map<String, Cases.Case> cases) {
    String mode = settings.stream() ? "streamed" : "whole";
    cases.forEach(
        (name, body) ->
            tests.add(
                test(
                    String.join("\t", sdk.name(), provider, mode, name),
                    () -> body.run(sdk, settings))));
  }

  /** @param row what is asked, as it stands before the outcome in the results */
  static DynamicTest test(String row, Runnable body) {
    return DynamicTest.dynamicTest(
        row.replace("\t", ", "),
        () -> {
          try {
            body.run();
          } catch (RuntimeException | Error failure) {
            String detail = String.valueOf(failure.getMessage()).replaceAll("\\s+", " ");
            record(row, "failed", detail.substring(0, Math.min(400, detail.length())));
            throw failure;
          }
          record(row, "passed", "");
        });
  }

  private static void record(String row, String outcome, String detail) {
    try {
      Files.writeString(
          Path.of(Lintel.RESULTS), row + "\t" + outcome + "\t" + detail + "\n", CREATE, APPEND);
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }
}
