package dev.lintel.main;

import dev.lintel.Json;
import dev.lintel.terminal.Screen;
import dev.lintel.terminal.TopPage;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import sun.misc.Signal;
import tools.jackson.databind.JsonNode;

@Command(
    name = "top",
    description =
        "Shows what goes on, live: calls, tokens and cost by the second, who is slow, what fails.",
    footer = "Keys: q ends it, any other key looks at once.",
    mixinStandardHelpOptions = true)
final class Top implements Callable<Integer> {
  /** A gateway that is well answers at once, but for the first question. */
  private static final Duration LONGEST = Duration.ofSeconds(10);

  /** Of a page that goes to a file, where the environment does not say. */
  private static final int WIDE = 160;

  @Mixin private Running running = new Running();

  @Option(
      names = "--tenant",
      paramLabel = "TENANT",
      description = "only what is that one's; who administers one tenant must say so")
  private @Nullable String tenant;

  @Option(
      names = {"-d", "--delay"},
      paramLabel = "SECONDS",
      description = "between two looks, 1 to 3600 (default: ${DEFAULT-VALUE})")
  private int delay = 2;

  @Option(names = "--once", description = "prints one page, as it does where there is no terminal")
  private boolean once;

  @Option(names = "--json", description = "prints JSON, once")
  private boolean json;

  private volatile boolean hurried;
  private volatile boolean resized;

  @Override
  public Integer call() throws Running.Refused {
    if (delay < 1 || delay > 3600) {
      throw new Running.Refused("--delay must be from 1 to 3600 seconds.");
    }
    if (json) {
      System.out.println(running.get(path(), LONGEST).toPrettyString());
      return 0;
    }
    boolean terminal = terminal();
    if (once || !terminal) {
      int width = terminal ? Screen.size().width() : columns().orElse(WIDE);
      new TopPage(width, Integer.MAX_VALUE, terminal && colors())
          .lines(running.get(path(), LONGEST), "")
          .forEach(System.out::println);
      return 0;
    }
    live(new Screen(System.out));
    return 0;
  }

  private String path() {
    return "/admin/v1/top" + (tenant == null ? "" : "?tenant=" + Running.encoded(tenant));
  }

  private static boolean terminal() {
    return System.console() != null
        && System.console().isTerminal()
        && !"dumb".equals(System.getenv("TERM"));
  }

  /** See no-color.org. */
  private static boolean colors() {
    String not = System.getenv("NO_COLOR");
    return not == null || not.isEmpty();
  }

  private static Optional<Integer> columns() {
    return Optional.ofNullable(System.getenv("COLUMNS"))
        .filter(text -> text.matches("[1-9][0-9]{0,3}"))
        .map(Integer::parseInt);
  }

  /** Until somebody ends it, or nobody is there any more to see it. */
  private void live(Screen screen) throws Running.Refused {
    // However it ends: by a key, a signal, or an error.
    Runtime.getRuntime().addShutdownHook(new Thread(screen::leave));
    Thread drawing = Thread.currentThread();
    screen.enter();
    watch(screen, drawing);
    try {
      JsonNode shown = Json.object();
      String notice = "";
      while (true) {
        long began = System.nanoTime();
        try {
          shown = running.get(path(), LONGEST);
          notice = "";
        } catch (Running.Refused refused) {
          if (!refused.passing()) {
            throw refused;
          }
          notice = notice.isEmpty() ? notice(refused, !shown.isEmpty()) : notice;
        }
        if (!draw(screen, shown, notice)) {
          return;
        }
        long until = began + Duration.ofSeconds(delay).toNanos();
        while (!hurried && System.nanoTime() - until < 0) {
          LockSupport.parkNanos(this, until - System.nanoTime());
          if (resized && !draw(screen, shown, notice)) {
            return;
          }
        }
        hurried = false;
      }
    } finally {
      screen.leave();
    }
  }

  private static String notice(Running.Refused refused, boolean seen) {
    return "Since "
        + Instant.now().toString().substring(11, 19)
        + " UTC: "
        + refused.getMessage()
        + " Trying again"
        + (seen ? "; what is below is of before." : ".");
  }

  private boolean draw(Screen screen, JsonNode shown, String notice) {
    resized = false;
    Screen.Size size = Screen.size();
    return screen.draw(new TopPage(size.width(), size.height(), colors()).lines(shown, notice));
  }

  private void watch(Screen screen, Thread drawing) {
    Screen.keys(
        System.in,
        key -> {
          if (key == 'q' || key == 'Q') {
            System.exit(0);
          }
          hurried = true;
          LockSupport.unpark(drawing);
        });
    handle(
        "WINCH",
        () -> {
          resized = true;
          LockSupport.unpark(drawing);
        });
    handle(
        "TSTP",
        () -> {
          screen.leave();
          // A process can ask for that only from outside.
          try {
            new ProcessBuilder("kill", "-STOP", Long.toString(ProcessHandle.current().pid()))
                .start()
                .waitFor();
          } catch (IOException | InterruptedException none) {
            screen.enter();
          }
        });
    handle(
        "CONT",
        () -> {
          screen.enter();
          resized = true;
          LockSupport.unpark(drawing);
        });
  }

  /** Not every system knows every signal. */
  private static void handle(String name, Runnable what) {
    try {
      Signal.handle(new Signal(name), signal -> what.run());
    } catch (IllegalArgumentException unknown) {
      return;
    }
  }
}
