package dev.lintel.main;

import dev.lintel.config.Address;
import java.net.URI;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "sim",
    description = "Starts the simulated provider alone.",
    mixinStandardHelpOptions = true)
final class Simulate implements Callable<Integer> {
  @Option(
      names = "--listen",
      defaultValue = "127.0.0.1:7071",
      paramLabel = "HOST:PORT",
      description = "where to listen (${DEFAULT-VALUE})")
  private String listen = "";

  @Override
  public Integer call() {
    try {
      URI url = Simulators.alone(address(listen));
      Start.stayUp(() -> {});
      System.out.println("listening on " + url);
      return 0;
    } catch (IllegalArgumentException | IllegalStateException wrong) {
      System.err.println(wrong.getMessage());
      return 1;
    }
  }

  /** Throws {@link IllegalArgumentException} with a sentence for the user. */
  static Address address(String text) {
    try {
      return Address.of(text);
    } catch (IllegalArgumentException wrong) {
      throw new IllegalArgumentException(
          "--listen must be HOST:PORT, such as 127.0.0.1:7070.", wrong);
    }
  }
}
