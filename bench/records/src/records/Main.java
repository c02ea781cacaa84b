package records;

import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;

/** {@code fill} or {@code ask}; the options are those of {@code bench/records/run}. */
final class Main {
  private Main() {}

  public static void main(String[] args) throws Exception {
    if (args.length < 2 || !(args[0].equals("fill") || args[0].equals("ask"))) {
      System.err.println("bench/records/run fill FOLDER|postgresql://… or ask http://…");
      System.exit(2);
    }
    Map<String, String> options = new HashMap<>();
    for (int i = 2; i + 1 < args.length; i += 2) {
      options.put(args[i], args[i + 1]);
    }
    Instant until = Instant.parse(options.getOrDefault("--until", "2026-11-22T00:00:00Z"));
    Duration span = Duration.ofDays(Long.parseLong(options.getOrDefault("--days", "60")));
    if (args[0].equals("fill")) {
      long records = Long.parseLong(options.getOrDefault("--records", "10000000"));
      long seed = Long.parseLong(options.getOrDefault("--seed", "1"));
      Fill.fill(args[1], new Traffic(seed, records, until.minus(span), span));
    } else {
      int rounds = Integer.parseInt(options.getOrDefault("--rounds", "3"));
      boolean fine = new Ask(args[1], System.getenv("LINTEL_ADMIN_KEY"), rounds).all(until, span);
      System.exit(fine ? 0 : 1);
    }
  }
}
