package dev.lintel.main;

import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The command line. */
@Command(
    name = "lintel",
    description = "An AI gateway: one endpoint in front of every model.",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Versions.class,
    subcommands = {Start.class, Check.class, Simulate.class, Train.class})
public final class Main {
  private Main() {}

  /** Exits with 0, or with 1 where the command failed and has said why. */
  public static void main(String[] args) {
    // Vert.x would time every task of its loops to warn of slow ones, which costs more than it
    // tells here.
    System.setProperty("vertx.disableContextTimings", "true");
    Optional<String> wrong =
        wrongThreads(Optional.ofNullable(System.getenv("LINTEL_THREADS")).orElse(""));
    if (wrong.isPresent()) {
      System.err.println(wrong.get());
      System.exit(1);
    }
    int code =
        new CommandLine(new Main()).execute(args.length == 0 ? new String[] {"--help"} : args);
    if (code != 0 || !Start.running()) {
      System.exit(code == 2 ? 1 : code);
    }
  }

  /** What is wrong with the value of {@code LINTEL_THREADS}; blank is as good as unset. */
  static Optional<String> wrongThreads(String value) {
    return value.isBlank() || value.equals("loop") || value.equals("stock")
        ? Optional.empty()
        : Optional.of("LINTEL_THREADS must be loop or stock, or not be set.");
  }

  static final class Versions implements CommandLine.IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {"lintel " + Version.TEXT};
    }
  }
}
