package dev.lintel.terminal;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.IntConsumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A terminal, of which a page takes the whole window for a while. What was there before comes back
 * with {@link #leave}, which may be said twice and from any thread.
 */
public final class Screen {
  private static final String TERMINAL = "/dev/tty";
  private static final Pattern SIZE = Pattern.compile("([1-9][0-9]{0,4}) ([1-9][0-9]{0,4})");
  private static final String ESCAPE = "\u001b[";

  /** The other buffer, no cursor, and lines that end at the edge. */
  private static final String ENTER = ESCAPE + "?1049h" + ESCAPE + "?25l" + ESCAPE + "?7l";

  private static final String LEAVE = ESCAPE + "?7h" + ESCAPE + "?25h" + ESCAPE + "?1049l";

  /** In columns and lines. */
  public record Size(int width, int height) {
    /** Of a terminal that does not say. */
    static final Size USUAL = new Size(80, 24);
  }

  private final PrintStream out;
  private @Nullable String before;
  private boolean entered;

  public Screen(PrintStream out) {
    this.out = out;
  }

  /** Takes the window. */
  public synchronized void enter() {
    if (!entered) {
      entered = true;
      // Keys come as they are pressed, and are not shown.
      before = stty("-g").orElse(null);
      if (before != null) {
        stty("-icanon", "-echo", "min", "1", "time", "0");
      }
      out.print(ENTER);
      out.flush();
    }
  }

  /** Gives it back as it was. */
  public synchronized void leave() {
    if (entered) {
      entered = false;
      out.print(LEAVE);
      out.flush();
      String settings = before;
      if (settings != null) {
        stty(settings);
      }
    }
  }

  /**
   * Shows those lines and nothing else.
   *
   * @return false where nobody is there any more to see them
   */
  public synchronized boolean draw(List<String> lines) {
    if (!entered) {
      return true;
    }
    out.print(frame(lines));
    return !out.checkError();
  }

  /** In one piece, so that nothing flickers: every line to its end, and what is below goes. */
  static String frame(List<String> lines) {
    var frame = new StringBuilder(ESCAPE).append('H');
    String between = "";
    for (String line : lines) {
      frame.append(between).append(line).append(ESCAPE).append('K');
      between = "\r\n";
    }
    return frame.append(ESCAPE).append('J').toString();
  }

  /** As the window is now. */
  public static Size size() {
    return stty("size")
        .map(SIZE::matcher)
        .filter(size -> size.matches())
        .map(size -> new Size(Integer.parseInt(size.group(2)), Integer.parseInt(size.group(1))))
        .orElse(Size.USUAL);
  }

  /** From now on somebody is told of every key. */
  public static void keys(InputStream from, IntConsumer pressed) {
    Thread.ofPlatform()
        .daemon()
        .name("lintel-keys")
        .start(() -> {
          try {
            for (int key = from.read(); key >= 0; key = from.read()) {
              pressed.accept(key);
            }
          } catch (IOException closed) {
            // Whoever watches may go on watching without keys.
            return;
          }
        });
  }

  /** Empty where there is no terminal, or no such program. */
  private static Optional<String> stty(String... arguments) {
    var command = new ArrayList<String>(List.of("stty"));
    command.addAll(List.of(arguments));
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectInput(new File(TERMINAL))
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      try (BufferedReader reader = process.inputReader(StandardCharsets.US_ASCII)) {
        String line = reader.readLine();
        return process.waitFor(1, TimeUnit.SECONDS) && process.exitValue() == 0
            ? Optional.of(line == null ? "" : line.strip())
            : Optional.empty();
      }
    } catch (IOException none) {
      return Optional.empty();
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    }
  }
}
