package dev.lintel.main;

import dev.lintel.Json;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import tools.jackson.databind.JsonNode;

@Command(
    name = "apply",
    description =
        "Puts a file to use on every node, and ends the overrides of what it says. Exits with 2 where"
            + " a second admin has to agree.",
    mixinStandardHelpOptions = true)
final class Apply implements Callable<Integer> {
  private static final int WAITS = 2;

  @Mixin private Running running = new Running();
  @Mixin private TheFile file = new TheFile();

  @Override
  public Integer call() throws Running.Refused {
    JsonNode done = running.post("/admin/v1/config/apply", file.told());
    Running.print(done.path("differences"), Json.array());
    if (done.has("until")) {
      System.out.println(
          "Nothing has changed yet: a second admin has to agree, to "
              + done.path("id").asString()
              + ".");
      return WAITS;
    }
    System.out.println("Revision " + done.path("revision") + " is in force.");
    return 0;
  }
}
