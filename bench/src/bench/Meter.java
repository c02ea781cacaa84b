package bench;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.Arrays;

/**
 * Sends chat calls over a number of connections, on the thread that calls it, and checks every byte
 * that matters of what comes back: a whole reply must be complete, a stream must hold all its
 * events in order and its end.
 */
final class Meter {
  private static final long PATIENCE = 30_000_000_000L;
  private static final int OPENING = 256;

  /** Called by the meter's thread while streams are open. */
  interface Watch {
    Watch NONE = new Watch() {};

    /** The last of the streams has had its first content. */
    default void allOpen(long events) {}

    /** The first stream has come to its end. */
    default void firstEnded(long events) {}

    /** About ten times a second. */
    default void tick() {}
  }

  private final Load load;
  private final Watch watch;
  private final ByteBuffer request;
  private final Selector selector;
  private final ByteBuffer direct = ByteBuffer.allocateDirect(1 << 18);
  private final byte[] heap = new byte[1 << 18];
  private final long[] latencies;
  private final long[] firsts;
  private int opened;
  private int begun;
  private int sent;
  private int good;
  private int failed;
  private int ended;
  private int open;
  private int mostOpen;
  private boolean over;
  private long events;
  private long lastNews;
  private String problem = "";

  private Meter(Load load, Watch watch) throws IOException {
    this.load = load;
    this.watch = watch;
    byte[] bytes = Chat.request(load);
    request = ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
    latencies = new long[load.calls()];
    firsts = new long[load.events() > 0 ? load.calls() : 0];
    selector = Selector.open();
  }

  static Outcome run(Load load) throws IOException {
    return run(load, Watch.NONE);
  }

  static Outcome run(Load load, Watch watch) throws IOException {
    var meter = new Meter(load, watch);
    try (meter.selector) {
      return meter.run();
    }
  }

  private Outcome run() throws IOException {
    long started = System.nanoTime();
    long ticked = started;
    lastNews = started;
    long now = started;
    while (good + failed < load.calls() && now - lastNews < PATIENCE) {
      openSome();
      selector.select(key -> ((Connection) key.attachment()).ready(), 50);
      now = System.nanoTime();
      if (now - ticked > 100_000_000) {
        watch.tick();
        ticked = now;
      }
    }
    double seconds = (now - started) / 1e9;
    if (good + failed < load.calls()) {
      problem += " Nothing came for 30 s; " + (load.calls() - good - failed) + " calls were open.";
      failed = load.calls() - good;
    }
    for (SelectionKey key : selector.keys()) {
      ((Connection) key.attachment()).close();
    }
    long[] sorted = Arrays.copyOf(latencies, good);
    Arrays.sort(sorted);
    long[] sortedFirsts = Arrays.copyOf(firsts, Math.min(good, firsts.length));
    Arrays.sort(sortedFirsts);
    return new Outcome(sorted, sortedFirsts, failed, seconds, events, mostOpen, problem.strip());
  }

  /** Opens as many connections as the proxy's accept queue can be trusted to hold. */
  private void openSome() throws IOException {
    for (int i = 0; i < 32 && sent < load.calls(); i++) {
      if (opened - ended == load.connections() || opened - begun >= OPENING) {
        return;
      }
      opened++;
      new Connection().send();
    }
  }

  private final class Connection extends Incoming {
    private final SocketChannel channel;
    private final SelectionKey key;
    private ByteBuffer unsent;
    private long sentAt;
    private long first;
    private int status;
    private int length;
    private byte last;
    private boolean waiting;
    private boolean served;
    private byte[] line = {};
    private int lineLength;
    private int sequence;
    private int sequenceAt;
    private boolean done;
    private String fault = "";

    Connection() throws IOException {
      channel = SocketChannel.open(new InetSocketAddress("127.0.0.1", load.port()));
      channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
      // Closing by reset leaves no socket in TIME_WAIT, of which thousands would use up the ports.
      channel.setOption(StandardSocketOptions.SO_LINGER, 0);
      channel.configureBlocking(false);
      key = channel.register(selector, SelectionKey.OP_READ, this);
    }

    void send() throws IOException {
      sent++;
      waiting = true;
      first = 0;
      length = 0;
      lineLength = 0;
      sequence = 0;
      done = false;
      fault = "";
      unsent = request.duplicate();
      sentAt = System.nanoTime();
      flush();
    }

    private void flush() throws IOException {
      channel.write(unsent);
      boolean more = unsent.hasRemaining();
      if (more || key.interestOps() != SelectionKey.OP_READ) {
        key.interestOps(more ? SelectionKey.OP_READ | SelectionKey.OP_WRITE : SelectionKey.OP_READ);
      }
    }

    void ready() {
      try {
        if (key.isWritable()) {
          flush();
        }
        if (key.isReadable()) {
          direct.clear();
          int n = channel.read(direct);
          if (n < 0) {
            lost("the connection was closed");
            return;
          }
          direct.flip().get(heap, 0, n);
          lastNews = System.nanoTime();
          feed(heap, 0, n);
        }
      } catch (IOException broken) {
        lost(String.valueOf(broken.getMessage()));
      }
    }

    private void lost(String why) {
      if (waiting) {
        fault = "After " + length + " bytes of a reply " + why + ".";
        settle();
      }
      close();
    }

    void close() {
      if (!channel.isOpen()) {
        return;
      }
      countServed();
      ended++;
      try {
        channel.close();
      } catch (IOException alreadyGone) {
        key.cancel();
      }
    }

    /** An opening connection becomes a begun one, whether it is answered or fails. */
    private void countServed() {
      if (!served) {
        served = true;
        begun++;
      }
    }

    @Override
    void start(byte[] b, int from, int to) {
      countServed();
      status = (b[from + 9] - '0') * 100 + (b[from + 10] - '0') * 10 + b[from + 11] - '0';
      if (status != 200) {
        fault = new String(b, from, to - from, US_ASCII).strip() + " ";
      }
    }

    @Override
    void body(byte[] b, int from, int to) {
      length += to - from;
      last = b[to - 1];
      if (status != 200) {
        fault += new String(b, from, Math.min(300, to - from), US_ASCII);
      } else if (load.events() > 0) {
        lines(b, from, to);
      }
    }

    private void lines(byte[] b, int from, int to) {
      int begin = from;
      for (int i = from; i < to; i++) {
        if (b[i] != '\n') {
          continue;
        }
        if (lineLength > 0) {
          hold(b, begin, i);
          line(line, 0, lineLength);
          lineLength = 0;
        } else if (i > begin) {
          line(b, begin, i);
        }
        begin = i + 1;
      }
      if (begin < to) {
        hold(b, begin, to);
      }
    }

    private void hold(byte[] b, int from, int to) {
      if (line.length < lineLength + to - from) {
        line = Arrays.copyOf(line, Math.max(512, (lineLength + to - from) * 2));
      }
      System.arraycopy(b, from, line, lineLength, to - from);
      lineLength += to - from;
    }

    private void line(byte[] b, int from, int to) {
      if (to - from < 7 || b[from] != 'd') {
        return;
      }
      events++;
      if (b[from + 5] == '[' || b[from + 6] == '[' || (load.anthropic() && stops(b, from, to))) {
        done = true;
        return;
      }
      int at = from + sequenceAt;
      if (!sequence(b, at, to)) {
        at = from;
        while (at < to && !sequence(b, at, to)) {
          at++;
        }
        if (at == to) {
          return;
        }
        sequenceAt = at - from;
      }
      int number = 0;
      for (int i = at + 4; i < at + 10; i++) {
        number = number * 10 + b[i] - '0';
      }
      if (number != sequence && fault.isEmpty()) {
        fault = "Event " + sequence + " was due and " + number + " came.";
      }
      sequence = number + 1;
      if (first == 0) {
        first = System.nanoTime();
        streaming();
      }
    }

    /** Anthropic's last event is short, and names itself. */
    private boolean stops(byte[] b, int from, int to) {
      return to - from < 60 && new String(b, from, to - from, US_ASCII).contains("message_stop");
    }

    private void streaming() {
      open++;
      mostOpen = Math.max(mostOpen, open);
      if (open == load.connections()) {
        watch.allOpen(events);
      }
    }

    private boolean sequence(byte[] b, int at, int to) {
      return at + 10 <= to
          && b[at] == Chat.SEQUENCE[0]
          && b[at + 1] == Chat.SEQUENCE[1]
          && b[at + 2] == Chat.SEQUENCE[2]
          && b[at + 3] == Chat.SEQUENCE[3];
    }

    @Override
    void end() {
      if (!waiting) {
        return;
      }
      if (fault.isEmpty() && load.events() > 0) {
        if (sequence != load.events() || !done) {
          fault =
              "A stream ended after " + sequence + " events" + (done ? "." : " without [DONE].");
        }
      } else if (fault.isEmpty() && (length < 500 || last != '}')) {
        fault = "A reply ended after " + length + " bytes.";
      }
      settle();
      if (!channel.isOpen()) {
        return;
      }
      if (sent == load.calls()) {
        close();
        return;
      }
      try {
        send();
      } catch (IOException broken) {
        lost(String.valueOf(broken.getMessage()));
      }
    }

    /** Counts the call that has come to its end, well or not. */
    private void settle() {
      waiting = false;
      if (first != 0) {
        firstEnded();
        open--;
      }
      if (!fault.isEmpty()) {
        failed++;
        if (problem.isEmpty()) {
          problem = fault;
        }
        return;
      }
      latencies[good] = System.nanoTime() - sentAt;
      if (load.events() > 0) {
        firsts[good] = first - sentAt;
      }
      good++;
    }
  }

  private void firstEnded() {
    if (!over) {
      over = true;
      watch.firstEnded(events);
    }
  }

  /** Runs one load against a port and prints what came of it as JSON. */
  public static void main(String[] args) throws IOException {
    var options = new Options(args, 1);
    int port = options.number("port", 8080);
    int connections = options.number("connections", 1);
    int calls = options.number("calls", 1000);
    int events = options.number("events", 40);
    int interval = options.number("interval", 500);
    Load load =
        switch (args.length == 0 ? "" : args[0]) {
          case "calls" -> Load.calls(port, connections, calls, options.number("body", 2048));
          case "ttft" -> Load.streams(port, 1, calls, 2, 1);
          case "streams" -> Load.streams(port, connections, connections, events, interval);
          default -> throw new IllegalArgumentException("meter calls|ttft|streams --port N …");
        };
    Outcome outcome = run(load);
    System.out.println(
        new Line()
            .put("mode", args[0])
            .put("failed", outcome.failed())
            .put("per_second", outcome.rate())
            .put("p50_us", Outcome.micros(outcome.latencies(), 0.5))
            .put("p99_us", Outcome.micros(outcome.latencies(), 0.99))
            .put("ttft_p50_us", Outcome.micros(outcome.firsts(), 0.5))
            .put("ttft_p99_us", Outcome.micros(outcome.firsts(), 0.99))
            .put("events", outcome.events())
            .put("most_open", outcome.mostOpen())
            .put("problem", outcome.problem()));
  }
}
