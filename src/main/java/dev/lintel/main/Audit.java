package dev.lintel.main;

import dev.lintel.Verification;
import dev.lintel.audit.Exported;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tools.jackson.databind.JsonNode;

@Command(
    name = "audit",
    description = "Looks after the chain of evidence.",
    mixinStandardHelpOptions = true,
    subcommands = Audit.Verify.class)
final class Audit {
  @Command(
      name = "verify",
      description =
          "Verifies the chains of evidence of a running gateway, or what was exported from one."
              + " Exits with 1 where one is broken.",
      mixinStandardHelpOptions = true,
      exitCodeOnInvalidInput = 1)
  static final class Verify implements Callable<Integer> {
    @Mixin private Running running = new Running();

    @Option(
        names = "--records",
        description = "also compare the records of calls with what was brought")
    private boolean records;

    @Option(
        names = "--file",
        paramLabel = "FILE",
        description = "what /admin/v1/audit/export has answered, in the place of a gateway")
    private Optional<Path> file = Optional.empty();

    @Override
    public Integer call() throws Running.Refused {
      return file.isPresent() ? exported(file.get()) : asked();
    }

    private int asked() throws Running.Refused {
      long entries = 0;
      long compared = 0;
      String next = "";
      do {
        JsonNode found = running.get("/admin/v1/audit/verify?records=" + records + next);
        entries += found.path("entries").asLong(0);
        compared += found.path("records").asLong(0);
        JsonNode broken = found.path("broken");
        if (!found.path("intact").asBoolean(false)) {
          return broken(
              new Verification.Broken(
                  broken.path("node").asString("?"),
                  broken.path("sequence").asLong(0),
                  broken.path("why").asString("")));
        }
        next =
            found.path("next").isString()
                ? "&cursor=" + Running.encoded(found.path("next").asString())
                : "";
      } while (!next.isEmpty());
      return intact(entries, compared, "records");
    }

    private static int exported(Path file) throws Running.Refused {
      try (Stream<String> lines = Files.lines(file)) {
        Verification found = Exported.verified(lines);
        return found.broken().isPresent()
            ? broken(found.broken().get())
            : intact(found.entries(), found.records(), "proofs");
      } catch (IOException | UncheckedIOException unreadable) {
        throw new Running.Refused(file + " must exist and be readable, as text.");
      }
    }

    private static int intact(long entries, long others, String what) {
      System.out.println(
          "Intact: " + entries + " entries" + (others > 0 ? ", " + others + " " + what : "") + ".");
      return 0;
    }

    private static int broken(Verification.Broken broken) {
      System.out.println(broken.sentence());
      return 1;
    }
  }
}
