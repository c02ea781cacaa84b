package dev.lintel.main;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "export",
    description = "Writes out what a gateway has kept, as lines of JSON.",
    mixinStandardHelpOptions = true,
    exitCodeOnInvalidInput = 1,
    subcommands = Export.Tenant.class)
final class Export {
  private Export() {}

  @Command(
      name = "tenant",
      description =
          "Writes all that is kept of a tenant. Exits with 1 where that was not the whole of it.",
      mixinStandardHelpOptions = true,
      exitCodeOnInvalidInput = 1)
  static final class Tenant implements Callable<Integer> {
    @Mixin private Running running = new Running();

    @Parameters(paramLabel = "TENANT", description = "its name")
    private String tenant = "";

    @Option(names = "--since", paramLabel = "TIME", description = "such as 30d, 2026-11-01")
    private @Nullable String since;

    @Option(names = "--until", paramLabel = "TIME", description = "such as 2026-12-01")
    private @Nullable String until;

    @Option(names = "--out", paramLabel = "FILE", description = "in the place of standard output")
    private Optional<Path> file = Optional.empty();

    @Override
    public Integer call() {
      return Report.done(() -> {
        var parameters = new LinkedHashMap<String, @Nullable String>();
        parameters.put("from", Report.timeOr(since));
        parameters.put("to", Report.timeOr(until));
        String path =
            "/admin/v1/tenants/" + Report.encoded(tenant) + "/export" + Report.query(parameters);
        written(file, out -> running.copy(path, out));
      });
    }
  }

  /** What fills a file, or the standard output. */
  @FunctionalInterface
  private interface Writing {
    void write(OutputStream out) throws Running.Refused;
  }

  private static void written(Optional<Path> file, Writing writing) throws Running.Refused {
    if (file.isEmpty()) {
      writing.write(System.out);
      return;
    }
    try (OutputStream out = Files.newOutputStream(file.get())) {
      writing.write(out);
    } catch (IOException unwritable) {
      throw new Running.Refused(file.get() + " cannot be written.");
    }
  }
}
