package dev.lintel.main;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

@Command(
    name = "explain",
    description = "Tells what happened to a call: who asked, where it went and why, what it cost.",
    mixinStandardHelpOptions = true)
final class Explain implements Callable<Integer> {
  @Mixin private Running running = new Running();

  @Parameters(
      paramLabel = "REQUEST_ID",
      description = "of the call, as in x-lintel-request-id and in errors")
  private String id = "";

  @Option(
      names = "--tenant",
      paramLabel = "TENANT",
      description = "only if it is a call of that tenant; who administers one tenant must say so")
  private String tenant = "";

  @Option(names = "--json", description = "prints JSON, with the record itself")
  private boolean json;

  @Override
  public Integer call() throws Running.Refused {
    JsonNode told =
        running.get(
            "/admin/v1/calls/"
                + Running.encoded(id)
                + "/explain"
                + (tenant.isEmpty() ? "" : "?tenant=" + Running.encoded(tenant)));
    if (json) {
      System.out.println(told.toPrettyString());
    } else {
      told.path("story").forEach(line -> System.out.println(line.path("says").asString()));
    }
    return 0;
  }
}
