package dev.lintel.main;

import dev.lintel.Failure;
import dev.lintel.Verification;
import dev.lintel.audit.Exported;
import dev.lintel.audit.Verifier;
import dev.lintel.config.Config;
import dev.lintel.config.Faulty;
import dev.lintel.config.Loader;
import dev.lintel.config.Prologue;
import dev.lintel.store.StandingEvidence;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Function;
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
          "Verifies the chains of evidence of a running gateway, of a store, or what was exported."
              + " Exits with 1 where one is broken.",
      mixinStandardHelpOptions = true,
      exitCodeOnInvalidInput = 1)
  static final class Verify implements Callable<Integer> {
    private static final Duration FOR_EVER = Duration.ofDays(36_500);

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

    @Option(
        names = "--config",
        paramLabel = "FILE",
        description =
            "look into the store that this configuration means, in the place of asking a gateway")
    private Optional<Path> config = Optional.empty();

    @Option(
        names = "--data",
        paramLabel = "DIR",
        description = "the same with the store of this data folder, or with this node's own folder")
    private Optional<Path> data = Optional.empty();

    @Override
    public Integer call() throws Running.Refused {
      if (file.isPresent()) {
        return exported(file.get());
      }
      return config.isPresent() || data.isPresent() ? standing() : asked();
    }

    private int asked() throws Running.Refused {
      long entries = 0;
      long compared = 0;
      long unproved = 0;
      String next = "";
      do {
        JsonNode found = running.get("/admin/v1/audit/verify?records=" + records + next);
        entries += found.path("entries").asLong(0);
        compared += found.path("records").asLong(0);
        unproved += found.path("unproved").asLong(0);
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
      return intact(entries, compared, "records", unproved);
    }

    private int standing() throws Running.Refused {
      Function<String, Optional<String>> variables =
          name -> Optional.ofNullable(System.getenv(name));
      try {
        Loader loader = Builtins.loader(variables);
        Optional<Prologue> said = config.map(loader::read).map(loader::prologue);
        Path folder = data.or(() -> said.flatMap(Prologue::data)).orElse(Config.DATA);
        try (var evidence =
            StandingEvidence.of(said.flatMap(Prologue::database), variables, folder)) {
          if (evidence.trail().known().sequence() == 0) {
            System.err.println(
                "Note: "
                    + folder
                    + " does not know where a chain ends; entries that were taken away at the end"
                    + " are found only by what other nodes have kept.");
          }
          Verification found =
              new Verifier(evidence.trail(), System::nanoTime)
                  .verify(records, Optional.empty(), FOR_EVER);
          return found.broken().isPresent()
              ? broken(found.broken().get())
              : intact(found.entries(), found.records(), "records", found.unproved());
        }
      } catch (Faulty faulty) {
        throw new Running.Refused(faulty.faults().getFirst().toString());
      } catch (Failure | IllegalStateException | UncheckedIOException away) {
        throw new Running.Refused(String.valueOf(away.getMessage()));
      }
    }

    private static int exported(Path file) throws Running.Refused {
      try (Stream<String> lines = Files.lines(file)) {
        Verification found = Exported.verified(lines);
        return found.broken().isPresent()
            ? broken(found.broken().get())
            : intact(found.entries(), found.records(), "proofs", 0);
      } catch (IOException | UncheckedIOException unreadable) {
        throw new Running.Refused(file + " must exist and be readable, as text.");
      }
    }

    private static int intact(long entries, long others, String what, long unproved) {
      System.out.println(
          "Intact: " + entries + " entries" + (others > 0 ? ", " + others + " " + what : "") + ".");
      if (unproved > 0) {
        System.out.println(
            unproved + " records or acts are older than the chains: no entry tells of them.");
      }
      return 0;
    }

    private static int broken(Verification.Broken broken) {
      System.out.println(broken.sentence());
      return 1;
    }
  }
}
