package dev.lintel.main;

import dev.lintel.config.Config;
import dev.lintel.config.Fault;
import dev.lintel.config.Faulty;
import dev.lintel.config.Prologue;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "check",
    description = "Validates a configuration file and reports every fault.",
    mixinStandardHelpOptions = true)
final class Check implements Callable<Integer> {
  @Option(
      names = "--config",
      required = true,
      paramLabel = "FILE",
      description = "the file to check")
  private Path file = Path.of("lintel.yaml");

  @Override
  public Integer call() {
    try {
      Config config =
          Builtins.loader(
                  name -> Optional.ofNullable(System.getenv(name)),
                  Map.of("secret", Check::untried, "vault", Check::untried))
              .load(file);
      System.out.printf(
          "%s is valid: %d models, %d apps.%n", file, config.models().size(), config.apps().size());
      for (String key : config.notYet()) {
        System.out.println("note: " + key + " is read but has no effect in this version.");
      }
      return 0;
    } catch (Faulty faulty) {
      for (Fault fault : faulty.faults()) {
        System.out.println(fault);
      }
      return 1;
    }
  }

  /** A check asks nobody: what lies in the store or in Vault is there when it is needed, or not. */
  private static String untried(String reference, Prologue around) {
    return "untried";
  }
}
