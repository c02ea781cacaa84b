package dev.lintel.main;

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
    int code =
        new CommandLine(new Main()).execute(args.length == 0 ? new String[] {"--help"} : args);
    if (code != 0 || !Start.running()) {
      System.exit(code == 2 ? 1 : code);
    }
  }

  static final class Versions implements CommandLine.IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {"lintel " + Version.TEXT};
    }
  }
}
