package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Soon;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What happens to calls can be read off the figures, under Lintel's names and OpenTelemetry's. */
class MetricsScenario {
  private static final String CHAT =
      "{\"model\":\"%s\",\"stream\":%s,\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]}";

  private static TestGateway gateway;

  @BeforeAll
  static void start() {
    gateway =
        TestGateway.of(
            """
            providers:
              demo: { kind: sim, ttft: 5ms, tokens_per_second: 2000 }
              broken: { kind: sim, fault: "503" }
            models:
              good: demo/small
              spare: demo/other
              ill:
                targets: [ broken/one, demo/small ]
                breaker: { failures: 1000 }
              lost:
                targets: [ broken/one ]
                retry: { attempts: 2, backoff: 1ms..2ms }
                breaker: { failures: 1000 }
                fallback: { any: [ spare ] }
            policies:
              few: { limits: { requests: 1/day } }
            tenants:
              t:
                apps:
                  a: { keys: [ sk-test ] }
                  few: { keys: [ sk-few ], policy: few }
            """);
  }

  @AfterAll
  static void stop() {
    gateway.close();
  }

  private static HttpResponse<String> chat(String model, boolean stream) {
    return gateway.send(asking(CHAT.formatted(model, stream)));
  }

  private static HttpRequest asking(String body) {
    return gateway
        .request("/v1/chat/completions")
        .setHeader("authorization", "Bearer sk-test")
        .POST(HttpRequest.BodyPublishers.ofString(body))
        .build();
  }

  private static String metrics() {
    return gateway.get("/metrics").body();
  }

  @Test
  void the_pace_of_a_stream_is_told() {
    assertThat(chat("good", true).statusCode()).isEqualTo(200);

    String labels = "{model=\"good\",provider=\"demo\"}";
    assertThat(Soon.found(MetricsScenario::metrics, all -> all.contains("longest_gap")))
        .contains("lintel_call_duration_seconds_count" + labels)
        .contains("lintel_time_to_first_token_seconds_count" + labels)
        .contains("lintel_time_per_output_token_seconds_count" + labels)
        .contains("lintel_longest_gap_seconds_count" + labels)
        .contains("lintel_journal_append_seconds_count")
        .contains("lintel_calls_under_way 0")
        .containsPattern("lintel_connections [1-9]");
  }

  @Test
  void calls_stand_under_the_names_of_opentelemetry_too() {
    assertThat(chat("spare", true).statusCode()).isEqualTo(200);

    String labels =
        "gen_ai_operation_name=\"chat\",gen_ai_provider_name=\"demo\",gen_ai_request_model=\"other\"";
    assertThat(metrics())
        .contains("gen_ai_client_operation_duration_seconds_count{error_type=\"\"," + labels + "}")
        .contains("gen_ai_server_request_duration_seconds_count{error_type=\"\"," + labels + "}")
        .contains("gen_ai_server_time_to_first_token_seconds_count{" + labels + "}")
        .contains("gen_ai_server_time_per_output_token_seconds_count{" + labels + "}")
        .contains("gen_ai_client_token_usage_count{" + labels + ",gen_ai_token_type=\"input\"}")
        .contains("gen_ai_client_token_usage_count{" + labels + ",gen_ai_token_type=\"output\"}");
  }

  @Test
  void tries_after_the_first_are_told_with_what_led_to_them() {
    assertThat(chat("ill", false).statusCode()).isEqualTo(200);
    assertThat(chat("lost", false).statusCode()).isEqualTo(200);

    assertThat(metrics())
        .containsPattern(
            "lintel_retries_total\\{how=\"elsewhere\",provider=\"demo\",why=\"upstream_[a-z]+\"\\}")
        .containsPattern(
            "lintel_retries_total\\{how=\"again\",provider=\"broken\",why=\"upstream_[a-z]+\"\\}")
        .contains("lintel_fallbacks_total{cause=\"any\",model=\"lost\",to=\"spare\"} 1");
  }

  @Test
  void limits_that_calls_run_into_are_told() {
    for (int i = 0; i < 3; i++) {
      gateway.send(
          gateway
              .request("/v1/chat/completions")
              .setHeader("authorization", "Bearer sk-few")
              .POST(HttpRequest.BodyPublishers.ofString(CHAT.formatted("good", false)))
              .build());
    }

    assertThat(metrics())
        .containsPattern(
            "lintel_limits_hit_total\\{kind=\"rate_limited\",mode=\"enforce\",rule=\"[^\"]*few[^\"]*\"\\} 2");
  }

  @Test
  void nothing_that_a_caller_makes_up_is_a_label() {
    String secret = "made-up-by-a-caller";
    chat("demo/" + secret, false);
    chat(secret, false);
    gateway.send(
        gateway
            .request("/v1/chat/completions")
            .setHeader("authorization", "Bearer sk-test")
            .header("x-lintel-user", secret)
            .header("x-lintel-tags", secret)
            .header("x-lintel-use-case", secret)
            .header("x-request-id", secret)
            .POST(HttpRequest.BodyPublishers.ofString(CHAT.formatted("good", false)))
            .build());

    assertThat(metrics()).doesNotContain(secret).contains("model=\"other\"");
  }

  @Test
  void the_jvm_and_its_process_stand_under_their_usual_names() {
    assertThat(metrics())
        .contains("jvm_memory_used_bytes{area=\"heap\"}")
        .contains("jvm_gc_collections_total{")
        .contains("jvm_threads_current ")
        .contains("process_cpu_seconds_total ")
        .contains("process_start_time_seconds ");
  }

  @Test
  void whoever_takes_openmetrics_gets_it() {
    chat("good", true);
    var reply =
        gateway.send(
            gateway
                .request("/metrics")
                .header(
                    "accept",
                    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1")
                .GET()
                .build());

    assertThat(reply.headers().firstValue("content-type").orElse(""))
        .startsWith("application/openmetrics-text");
    assertThat(reply.body()).endsWith("# EOF\n").contains("# TYPE lintel_calls counter");
    assertThat(gateway.get("/metrics").headers().firstValue("content-type").orElse(""))
        .startsWith("text/plain");
  }

  @Test
  void every_figure_is_written_once() {
    chat("good", true);
    var lines =
        metrics()
            .lines()
            .filter(line -> !line.startsWith("#"))
            .map(line -> line.substring(0, line.lastIndexOf(' ')))
            .toList();

    assertThat(lines).doesNotHaveDuplicates();
    assertThat(lines).allMatch(Pattern.compile("[a-z_]+(\\{.*\\})?").asMatchPredicate());
  }
}
