package bench;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * A provider of OpenAI chat on one thread that costs little. The end of the model's name says what
 * it does: {@code m-50x20} streams 50 content events, each in a write of its own and 20 ms apart; a
 * whole reply comes after the interval.
 */
final class Mock {
  private final Selector selector = Selector.open();
  private final ServerSocketChannel server = ServerSocketChannel.open();
  private final Map<String, Script> scripts = new HashMap<>();

  /** Waiting connections by interval: one interval's queue is in the order of its due times. */
  private final Map<Integer, ArrayDeque<Connection>> waiting = new HashMap<>();

  private final ByteBuffer direct = ByteBuffer.allocateDirect(1 << 18);
  private final byte[] heap = new byte[1 << 18];

  private Mock(int port) throws IOException {
    server.setOption(StandardSocketOptions.SO_REUSEADDR, true);
    server.bind(new InetSocketAddress("127.0.0.1", port), 8192);
    server.configureBlocking(false).register(selector, SelectionKey.OP_ACCEPT);
  }

  public static void main(String[] args) throws IOException {
    new Mock(Integer.parseInt(args[0])).run();
  }

  private void run() throws IOException {
    while (true) {
      long next = serveDue();
      long wait = next == Long.MAX_VALUE ? 0 : Math.max(1, (next + 999_999) / 1_000_000);
      selector.select(this::ready, wait);
    }
  }

  /** Returns in how many nanoseconds the next one is due. */
  private long serveDue() {
    long now = System.nanoTime();
    long next = Long.MAX_VALUE;
    for (var queue : waiting.values()) {
      Connection first = queue.peek();
      while (first != null && first.due - now <= 0) {
        queue.poll();
        first.step();
        first = queue.peek();
      }
      if (first != null) {
        next = Math.min(next, first.due - now);
      }
    }
    return next;
  }

  private void ready(SelectionKey key) {
    try {
      if (key.isAcceptable()) {
        SocketChannel channel = server.accept();
        while (channel != null) {
          channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
          channel.configureBlocking(false);
          var connection = new Connection(channel);
          connection.key = channel.register(selector, SelectionKey.OP_READ, connection);
          channel = server.accept();
        }
        return;
      }
    } catch (IOException broken) {
      throw new java.io.UncheckedIOException(broken);
    }
    ((Connection) key.attachment()).ready();
  }

  /** What one model says, ready for the wire. */
  private record Script(int interval, byte[][] events, byte[] usage, byte[] done) {
    static final Script UNKNOWN = new Script(0, new byte[0][], new byte[0], new byte[0]);
    private static final Pattern NAME = Pattern.compile(".*-(\\d{1,6})x(\\d{1,6})");

    static Script of(String model) {
      var name = NAME.matcher(model);
      if (!name.matches()) {
        return UNKNOWN;
      }
      int count = Integer.parseInt(name.group(1));
      var events = new byte[count + 2][];
      events[0] =
          event(choice("{\"role\":\"assistant\",\"content\":\"\",\"refusal\":null}", "null"));
      for (int i = 0; i < count; i++) {
        String text = Chat.sequence(i) + " a beam over the gate";
        events[i + 1] = event(choice("{\"content\":\"" + text + "\"}", "null"));
      }
      events[count + 1] = event(choice("{}", "\"stop\""));
      String usage = Chat.CHUNK + "\"choices\":[],\"usage\":" + Chat.usage(count) + "}";
      byte[] done = "e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n".getBytes(US_ASCII);
      return new Script(Integer.parseInt(name.group(2)), events, event(usage), done);
    }

    private static String choice(String delta, String finish) {
      return Chat.CHUNK
          + "\"choices\":[{\"index\":0,\"delta\":"
          + delta
          + ",\"logprobs\":null,\"finish_reason\":"
          + finish
          + "}]}";
    }

    private static byte[] event(String json) {
      String data = "data: " + json + "\n\n";
      return (Integer.toHexString(data.length()) + "\r\n" + data + "\r\n").getBytes(US_ASCII);
    }
  }

  private final class Connection extends Incoming {
    private final SocketChannel channel;
    private SelectionKey key;
    private byte[] request = new byte[4096];
    private int size;
    private Script script;
    private boolean stream;
    private boolean usage;
    private int next;
    private long due;
    private ByteBuffer unsent;

    Connection(SocketChannel channel) {
      this.channel = channel;
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
            channel.close();
            return;
          }
          direct.flip().get(heap, 0, n);
          feed(heap, 0, n);
        }
      } catch (IOException gone) {
        close();
      }
    }

    @Override
    void start(byte[] bytes, int from, int to) {
      size = 0;
    }

    @Override
    void body(byte[] bytes, int from, int to) {
      if (size + to - from > request.length) {
        request = Arrays.copyOf(request, (size + to - from) * 2);
      }
      System.arraycopy(bytes, from, request, size, to - from);
      size += to - from;
    }

    @Override
    void end() {
      if (size == 0) {
        send(Chat.HEALTH);
        return;
      }
      script = scripts.computeIfAbsent(model(), Script::of);
      if (script == Script.UNKNOWN) {
        send(Chat.BAD);
        return;
      }
      int asked = Chat.value(request, size, "\"stream\"");
      stream = asked >= 0 && request[asked] == 't';
      int include = stream ? Chat.value(request, size, "\"include_usage\"") : -1;
      usage = include >= 0 && request[include] == 't';
      next = 0;
      due = System.nanoTime();
      if (stream) {
        send(Chat.STREAM_HEAD);
        send(script.events[next++]);
        step();
      } else if (script.interval == 0) {
        send(Chat.WHOLE);
      } else {
        await();
      }
    }

    /** Empty where the request names none. */
    private String model() {
      int from = Chat.value(request, size, "\"model\"") + 1;
      int to = from;
      while (from > 0 && to < size && request[to] != '"') {
        to++;
      }
      return new String(request, from, to - from, US_ASCII);
    }

    private void await() {
      due += script.interval * 1_000_000L;
      waiting.computeIfAbsent(script.interval, i -> new ArrayDeque<>()).add(this);
    }

    /** Says what is due now, and waits for its next turn where there is more. */
    void step() {
      if (!channel.isOpen()) {
        return;
      }
      if (!stream) {
        send(Chat.WHOLE);
        return;
      }
      int content = script.events.length - 1;
      do {
        if (next < content) {
          send(script.events[next++]);
        }
      } while (script.interval == 0 && next < content);
      if (next < content) {
        await();
        return;
      }
      send(script.events[content]);
      if (usage) {
        send(script.usage);
      }
      send(script.done);
    }

    private void send(byte[] bytes) {
      try {
        if (unsent == null) {
          direct.clear().put(bytes).flip();
          channel.write(direct);
          if (direct.hasRemaining()) {
            unsent = ByteBuffer.allocate(direct.remaining()).put(direct).flip();
            key.interestOps(SelectionKey.OP_READ | SelectionKey.OP_WRITE);
          }
        } else {
          unsent =
              ByteBuffer.allocate(unsent.remaining() + bytes.length).put(unsent).put(bytes).flip();
        }
      } catch (IOException gone) {
        close();
      }
    }

    private void flush() throws IOException {
      channel.write(unsent);
      if (!unsent.hasRemaining()) {
        unsent = null;
        key.interestOps(SelectionKey.OP_READ);
      }
    }

    private void close() {
      try {
        channel.close();
      } catch (IOException alreadyGone) {
        key.cancel();
      }
    }
  }
}
