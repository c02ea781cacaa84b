package dev.lintel.main;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import tools.jackson.databind.JsonNode;

@Command(
    name = "plan",
    description =
        "Shows what a file would change of what runs. Exits with 0 where that is nothing, with 2"
            + " where it is something.",
    mixinStandardHelpOptions = true)
final class Plan implements Callable<Integer> {
  private static final int DIFFERENT = 2;

  @Mixin private Running running = new Running();
  @Mixin private TheFile file = new TheFile();

  @Override
  public Integer call() throws Running.Refused {
    JsonNode plan = running.post("/admin/v1/config/plan", file.told());
    if (!plan.path("faults").isEmpty()) {
      for (JsonNode fault : plan.path("faults")) {
        String line = fault.path("line").isNull() ? "" : "line " + fault.path("line") + ": ";
        System.err.println(line + fault.path("message").asString());
      }
      return 1;
    }
    Running.noteOwnFile(plan);
    if (plan.path("differences").isEmpty()) {
      System.out.println("No differences.");
      return 0;
    }
    Running.print(plan.path("differences"), plan.path("ends"));
    return DIFFERENT;
  }
}
