package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Json;
import dev.lintel.Soon;
import dev.lintel.store.RealPostgres;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** A node's name is a word for people: two that have the same are two. */
class NamesakeScenario {
  private static String call(TestGateway node, String user) {
    HttpResponse<String> reply =
        node.send(
            node.request("/v1/chat/completions")
                .header("x-lintel-user", user)
                .POST(
                    BodyPublishers.ofString(
                        "{\"model\":\"demo/small\",\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]}"))
                .build());
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
    return reply.headers().firstValue("x-lintel-request-id").orElseThrow();
  }

  private static JsonNode asked(TestGateway node, String path) {
    return Json.parse(node.admin("GET", "/admin/v1" + path, "").body());
  }

  @Test
  void two_nodes_of_one_name_lose_no_record_and_no_entry_and_erase_both() {
    String yaml =
        "node: twin\ndatabase: " + RealPostgres.fresh() + "\nproviders: { demo: { kind: sim } }\n";
    try (var one = TestGateway.of(yaml);
        var other = TestGateway.of(yaml)) {
      var all = new HashSet<String>();
      var leavers = new ArrayList<String>();
      for (int i = 0; i < 20; i++) {
        TestGateway node = i % 2 == 0 ? one : other;
        all.add(call(node, "stayer"));
        if (i < 4) {
          leavers.add(call(node, "leaver"));
        }
      }
      all.addAll(leavers);
      for (TestGateway node : List.of(one, other)) {
        JsonNode data =
            Soon.found(
                () -> asked(node, "/calls?limit=100").path("data"),
                found -> found.size() == all.size());
        assertThat(data.valueStream().map(call -> call.path("request_id").asString()))
            .containsExactlyInAnyOrderElementsOf(all);
        assertThat(data.valueStream().map(call -> call.path("node").asString()))
            .containsOnly("twin");
      }
      JsonNode chain = asked(one, "/audit/verify?records=true");
      assertThat(chain.path("intact").asBoolean()).as(chain.toString()).isTrue();
      assertThat(chain.path("records").asInt()).isEqualTo(all.size());
      assertThat(
              asked(one, "/audit?limit=1000&kind=genesis")
                  .path("data")
                  .valueStream()
                  .map(entry -> entry.path("node").asString())
                  .distinct())
          .hasSize(2);

      String id =
          Json.parse(
                  other.admin("POST", "/admin/v1/tenants/t/erase", "{\"user\":\"leaver\"}").body())
              .path("id")
              .asString();
      JsonNode done =
          Soon.found(
              () -> asked(one, "/tenants/t/erasures/" + id),
              now -> now.path("state").asString().equals("done"));
      assertThat(done.path("nodes")).as(done.toString()).hasSize(2);
      assertThat(done.at("/erased/records").asInt()).isEqualTo(leavers.size());
      for (TestGateway node : List.of(one, other)) {
        for (String gone : leavers) {
          assertThat(node.admin("GET", "/admin/v1/calls/" + gone, "").statusCode()).isEqualTo(404);
        }
      }
    }
  }
}
