package records;

import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Asks a gateway for every page that reads records, and says how long each takes. */
final class Ask {
  private static final long MOST = 1000;
  private static final Pattern NEXT = Pattern.compile("\"next\":\"([^\"]+)\"");
  private static final Pattern ID = Pattern.compile("\"request_id\":\"(req_[^\"]+)\"");

  private final HttpClient http = HttpClient.newHttpClient();
  private final String gateway;
  private final String key;
  private final int rounds;
  private boolean fine = true;

  Ask(String gateway, String key, int rounds) {
    this.gateway = gateway;
    this.key = key;
    this.rounds = rounds;
  }

  /** False where one was too slow or failed. */
  boolean all(Instant until, Duration span) throws Exception {
    Instant from = until.minus(span);
    Instant middle = from.plus(span.dividedBy(2));
    System.out.println("| ms, first | ms, best | rows | page |");
    System.out.println("| ---: | ---: | ---: | --- |");
    calls(from, middle, until);
    usage(from, middle, until);
    page("/policies/report?from=" + from + "&to=" + until);
    page("/policies/report?from=" + middle.plusMillis(12_345) + "&to=" + until.minusMillis(4_321_987));
    page("/policies/report");
    page("/budgets");
    page("/providers");
    page("/tenants");
    page("/audit");
    return fine;
  }

  private void calls(Instant from, Instant middle, Instant until) throws Exception {
    String first = page("/calls");
    page("/calls?limit=1000");
    Matcher id = ID.matcher(first);
    if (id.find()) {
      page("/calls/" + id.group(1));
    }
    page("/calls/req_00000000000000000000000000");
    List<String> filters =
        List.of(
            "tenant=tenant-0", "tenant=tenant-39", "tenant=nobody", "app=app-1", "app=nothing",
            "model=fast", "model=rerank", "model=nothing", "kind=ok", "kind=timeout",
            "kind=content_blocked", "kind=internal");
    for (String filter : filters) {
      page("/calls?" + filter);
      page("/calls?limit=1000&" + filter);
    }
    for (String tenant : List.of("tenant-0", "tenant-39")) {
      for (String app : List.of("", "&app=app-3")) {
        for (String model : List.of("", "&model=fast", "&model=rerank")) {
          for (String kind : List.of("", "&kind=ok", "&kind=timeout", "&kind=content_blocked")) {
            page("/calls?tenant=" + tenant + app + model + kind);
          }
        }
      }
    }
    page("/calls?app=app-3&model=rerank&kind=content_blocked");
    page("/calls?model=rerank&kind=content_blocked&limit=1000");
    page("/calls?from=" + from + "&to=" + middle);
    page("/calls?from=" + from + "&to=" + middle + "&kind=content_blocked");
    page("/calls?from=" + middle + "&to=" + middle.plusSeconds(60) + "&tenant=tenant-39");
    page("/calls?from=" + until.minusSeconds(86_400) + "&kind=content_blocked&limit=1000");
    for (String filter : List.of("", "&kind=content_blocked", "&tenant=tenant-39", "&model=fast&kind=ok")) {
      deep(filter);
    }
  }

  /** Many pages on, by the cursor; the slowest is told. */
  private void deep(String filter) throws Exception {
    String path = "/calls?limit=1000" + filter;
    String cursor = "";
    long slowest = 0;
    long first = 0;
    int pages = 0;
    do {
      long before = System.nanoTime();
      String body = get(path + cursor);
      long took = millis(before);
      first = pages == 0 ? took : first;
      slowest = Math.max(slowest, took);
      Matcher next = NEXT.matcher(body.substring(Math.max(0, body.length() - 200)));
      cursor = next.find() ? "&cursor=" + next.group(1) : "";
      pages++;
    } while (!cursor.isEmpty() && pages < 60);
    row(first, slowest, pages, path + ", page after page; the slowest");
  }

  private void usage(Instant from, Instant middle, Instant until) throws Exception {
    List<String> columns = List.of("tenant", "app", "use_case", "user", "model", "provider", "kind");
    List<String> by = new ArrayList<>(List.of(""));
    columns.forEach(column -> by.add("group_by=" + column));
    by.add("group_by=tenant,app");
    by.add("group_by=model,provider");
    by.add("group_by=tenant,app,model,kind");
    by.add("group_by=user,use_case");
    by.add("group_by=" + String.join(",", columns));
    String ragged =
        "&from=" + middle.plusMillis(1_234_567) + "&to=" + until.minusMillis(7_654_321);
    String hour = "&from=" + middle.plusMillis(1_234_567) + "&to=" + middle.plusMillis(3_333_333);
    for (String one : by) {
      for (String interval : List.of("", "&interval=hour", "&interval=day")) {
        for (String tenant : List.of("", "&tenant=tenant-0", "&tenant=tenant-39")) {
          for (String time : List.of("", ragged, hour)) {
            String asked = one + interval + tenant + time;
            page("/usage?" + (asked.startsWith("&") ? asked.substring(1) : asked));
          }
        }
      }
    }
  }

  private String page(String path) throws Exception {
    var took = new long[rounds];
    String body = "";
    for (int i = 0; i < rounds; i++) {
      long before = System.nanoTime();
      body = get(path);
      took[i] = millis(before);
    }
    long first = took[0];
    Arrays.sort(took);
    row(first, took[0], body.split("\"calls\":|\"request_id\":\"req_", -1).length - 1, path);
    return body;
  }

  private static long millis(long since) {
    return (System.nanoTime() - since) / 1_000_000;
  }

  private void row(long first, long best, int rows, String path) {
    System.out.printf("| %d | %d | %,d | `%s` |%s%n", first, best, rows, path, Math.max(first, best) >= MOST ? " SLOW" : "");
    fine &= Math.max(first, best) < MOST;
  }

  private String get(String path) throws Exception {
    String encoded = path.replace("+", URLEncoder.encode("+", StandardCharsets.UTF_8));
    HttpResponse<String> answer =
        http.send(
            HttpRequest.newBuilder(URI.create(gateway + "/admin/v1" + encoded.replaceAll("\\?$", "")))
                .header("authorization", "Bearer " + key)
                .build(),
            HttpResponse.BodyHandlers.ofString());
    if (answer.statusCode() != 200 && answer.statusCode() != 404) {
      fine = false;
      System.out.println(path + ": " + answer.statusCode() + " " + answer.body());
    }
    return answer.body();
  }
}
