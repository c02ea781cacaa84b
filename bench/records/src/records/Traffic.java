package records;

import dev.lintel.Counters;
import dev.lintel.Ids;
import dev.lintel.Records;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;

/**
 * Calls as an installation of some size has them: few tenants make most of them, a few models answer
 * most, some in a hundred fail, in many ways, and rules in observe mode have something to say now
 * and then. The same seed makes the same calls but for their ids' last characters.
 */
record Traffic(long seed, long records, Instant from, Duration span) {
  static final int TENANTS = 40;
  static final int APPS = 4;
  static final int USERS = 20_000;
  static final List<String> MODELS =
      List.of(
          "fast", "smart", "tiny", "big", "gpt-4o", "gpt-4o-mini", "claude-sonnet-4-5", "haiku",
          "gemini-flash", "deepseek-chat", "embed", "rerank");
  static final List<String> PROVIDERS = List.of("openai", "claude", "gemini", "azure", "deepseek");
  private static final List<String> KINDS =
      List.of(
          "rate_limited", "upstream_rate_limited", "timeout", "invalid_request", "cancelled",
          "budget_exceeded", "upstream_unavailable", "permission", "context_length_exceeded",
          "content_blocked");
  private static final List<String> RULES =
      List.of("house.models", "house.tools", "limits.requests", "budget.day", "data.pii");

  /** Its calls of these numbers, whose positions in the journal are their numbers. */
  List<Records.Entry> calls(long first, long end) {
    var entries = new ArrayList<Records.Entry>(Math.toIntExact(end - first));
    for (long number = first; number < end; number++) {
      entries.add(call(number));
    }
    return entries;
  }

  private Records.Entry call(long number) {
    var random = new SplittableRandom(seed * 1_000_003 + number);
    Instant time = from.plusNanos((long) (span.toNanos() * ((double) number / records)));
    time = time.truncatedTo(ChronoUnit.MICROS);
    String tenant = "tenant-" + skewed(random, TENANTS);
    String app = "app-" + random.nextInt(APPS);
    int model = skewed(random, MODELS.size());
    String provider = PROVIDERS.get((model + (random.nextInt(10) == 0 ? 1 : 0)) % PROVIDERS.size());
    int dice = random.nextInt(1000);
    // The last of them once in ten thousand calls.
    String kind =
        dice >= 70 ? "" : dice == 0 && random.nextInt(10) == 0 ? KINDS.getLast() : KINDS.get(dice % 9);
    boolean asked = !kind.equals("rate_limited") && !kind.equals("permission") && !kind.equals("budget_exceeded");
    String target = provider + "/" + MODELS.get(model) + "-v1";
    int input = 20 + random.nextInt(3000);
    int output = kind.isEmpty() ? 1 + random.nextInt(900) : 0;
    String cost = kind.isEmpty() ? "0." + String.format(Locale.ROOT, "%09d", input * 150L + output * 600L) : "0";
    int latency = 200 + random.nextInt(4000);
    var json = new StringBuilder(1200);
    json.append("{\"request_id\":\"").append(Ids.request(time)).append("\",\"time\":\"").append(time);
    json.append("\",\"tenant\":\"").append(tenant).append("\",\"app\":\"").append(app);
    json.append("\",\"key_id\":\"").append(tenant).append('-').append(app).append("-1\",\"use_case\":");
    int useCase = random.nextInt(12);
    json.append(useCase < 4 ? "null" : "\"use-case-" + useCase + "\"");
    json.append(",\"user\":\"user-").append(random.nextInt(USERS));
    json.append("\",\"dialect\":\"openai\",\"model\":\"").append(MODELS.get(model)).append("\",\"target\":");
    json.append(asked ? "\"" + target + "\"" : "null");
    json.append(",\"status\":").append(kind.isEmpty() ? 200 : 429).append(",\"kind\":");
    json.append(kind.isEmpty() ? "null" : "\"" + kind + "\",\"message\":\"It did not go well.\"");
    json.append(",\"stream\":").append(random.nextBoolean()).append(",\"ttft_ms\":").append(latency / 4);
    json.append(",\"latency_ms\":").append(latency).append(",\"usage\":{\"input\":").append(input);
    json.append(",\"output\":").append(output).append(",\"cache_read\":").append(input / 3);
    json.append(",\"cache_write\":0,\"cache_write_1h\":0,\"reasoning\":").append(output / 4);
    json.append(",\"source\":\"provider\"},\"cost_usd\":\"").append(cost).append("\",\"attempts\":[");
    if (asked) {
      json.append("{\"target\":\"").append(target).append("\",\"key\":\"a1b2c3\",\"status\":200,\"kind\":null,\"message\":null,\"latency_ms\":");
      json.append(latency).append('}');
    }
    json.append("],\"decision\":[");
    for (int i = 0; i < 3; i++) {
      json.append(i == 0 ? "" : ",").append("{\"target\":\"").append(PROVIDERS.get(i)).append('/');
      json.append(MODELS.get(model)).append("-v1\",\"excluded\":null,\"score\":0.").append(31 + i);
      json.append(",\"order\":").append(i + 1).append('}');
    }
    json.append(']');
    if (random.nextInt(50) == 0) {
      String rule = RULES.get(random.nextInt(RULES.size()));
      json.append(",\"policy\":[{\"rule\":\"").append(rule);
      json.append("\",\"mode\":\"observe\",\"kind\":\"permission\",\"message\":\"It would have been refused.\"}]");
    }
    json.append('}');
    Instant day = time.atZone(ZoneOffset.UTC).truncatedTo(ChronoUnit.DAYS).toInstant();
    long pico = (input * 150L + output * 600L) * 1000;
    return new Records.Entry(
        number,
        json.toString().getBytes(StandardCharsets.UTF_8),
        List.of(
            new Counters.Charge(tenant + "|usd|total", Instant.EPOCH, pico),
            new Counters.Charge(tenant + "/" + app + "|usd|day", day, pico)));
  }

  /** Low numbers often, high ones seldom. */
  private static int skewed(SplittableRandom random, int bound) {
    double one = random.nextDouble();
    return (int) (bound * one * one * one);
  }
}
