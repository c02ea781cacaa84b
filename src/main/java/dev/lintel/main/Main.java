package dev.lintel.main;

import java.util.List;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The command line. */
@Command(
    name = "lintel",
    description = "An AI gateway: one endpoint in front of every model.",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Versions.class)
public final class Main {
  private static final List<Class<?>> COMMANDS =
      List.of(
          Start.class,
          Check.class,
          Plan.class,
          Apply.class,
          Audit.class,
          Explain.class,
          Whatif.class,
          Report.class,
          Top.class,
          Export.class,
          Simulate.class,
          Train.class);

  private Main() {}

  /** Exits with what the command says: 0, or 1 where it failed and has said why. */
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
    CommandLine line = line(args);
    line.getCommandSpec().exitCodeOnInvalidInput(1);
    line.getSubcommands()
        .values()
        .forEach(command -> command.getCommandSpec().exitCodeOnInvalidInput(1));
    line.setExecutionExceptionHandler((failed, command, asked) -> {
      if (failed instanceof Running.Refused refused) {
        System.err.println(refused.getMessage());
        return 1;
      }
      throw failed;
    });
    int code = line.execute(args.length == 0 ? new String[] {"--help"} : args);
    if (code != 0 || !Start.running()) {
      System.exit(code);
    }
  }

  /**
   * With the command alone that is asked for, if it is one: what each of them takes is read by
   * reflection, which a start would wait for.
   */
  static CommandLine line(String[] args) {
    var line = new CommandLine(new Main());
    List<Class<?>> asked =
        COMMANDS.stream()
            .filter(command ->
                args.length > 0 && command.getAnnotation(Command.class).name().equals(args[0]))
            .toList();
    (asked.isEmpty() ? COMMANDS : asked).forEach(line::addSubcommand);
    return line;
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
