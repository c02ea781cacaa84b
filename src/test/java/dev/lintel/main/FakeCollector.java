package dev.lintel.main;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;

/** A collector of traces: reads what OTLP sends it, by protocol buffers' own library. */
final class FakeCollector implements AutoCloseable {
  /** A span as it came. */
  record Span(
      String trace,
      String id,
      String parent,
      String state,
      String name,
      long kind,
      long start,
      long end,
      Map<String, Object> attributes,
      Map<String, Long> events,
      long status,
      int flags) {}

  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final HttpServer server;
  private final CountDownLatch ended = new CountDownLatch(1);
  final List<Span> spans = new CopyOnWriteArrayList<>();
  final List<Map<String, String>> headers = new CopyOnWriteArrayList<>();
  volatile Map<String, Object> resource = Map.of();
  volatile int status = 200;
  volatile boolean hangs;

  FakeCollector() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext("/v1/traces", this::take);
    server.start();
  }

  String url() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  /** Those of one call, its own first. */
  List<Span> of(String requestId) {
    return spans.stream()
        .filter(span -> requestId.equals(span.attributes.get("lintel.request_id")))
        .findFirst()
        .map(call ->
            Stream.concat(
                    Stream.of(call), spans.stream().filter(span -> span.parent.equals(call.id)))
                .toList())
        .orElse(List.of());
  }

  private void take(HttpExchange exchange) throws IOException {
    try (exchange) {
      byte[] body = exchange.getRequestBody().readAllBytes();
      var given = new TreeMap<String, String>(String.CASE_INSENSITIVE_ORDER);
      exchange.getRequestHeaders().forEach((name, values) -> given.put(name, values.getFirst()));
      headers.add(given);
      if (hangs) {
        ended.await();
      }
      if (status == 200) {
        for (UnknownFieldSet all : messages(UnknownFieldSet.parseFrom(body), 1)) {
          resource = attributes(messages(all, 1).getFirst(), 1);
          for (UnknownFieldSet scope : messages(all, 2)) {
            messages(scope, 2).forEach(span -> spans.add(read(span)));
          }
        }
      }
      exchange.sendResponseHeaders(status, -1);
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
  }

  private static Span read(UnknownFieldSet span) {
    var events = new TreeMap<String, Long>();
    for (UnknownFieldSet event : messages(span, 11)) {
      events.put(text(event, 2), event.getField(1).getFixed64List().getFirst());
    }
    List<UnknownFieldSet> status = messages(span, 15);
    return new Span(
        hex(span, 1),
        hex(span, 2),
        hex(span, 4),
        text(span, 3),
        text(span, 5),
        span.getField(6).getVarintList().getFirst(),
        span.getField(7).getFixed64List().getFirst(),
        span.getField(8).getFixed64List().getFirst(),
        attributes(span, 9),
        events,
        status.isEmpty() ? 0 : status.getFirst().getField(3).getVarintList().getFirst(),
        span.getField(16).getFixed32List().getFirst());
  }

  private static List<UnknownFieldSet> messages(UnknownFieldSet in, int field) {
    return in.getField(field).getLengthDelimitedList().stream().map(FakeCollector::parse).toList();
  }

  private static UnknownFieldSet parse(ByteString bytes) {
    try {
      return UnknownFieldSet.parseFrom(bytes);
    } catch (IOException broken) {
      throw new AssertionError(broken);
    }
  }

  private static String text(UnknownFieldSet in, int field) {
    List<ByteString> found = in.getField(field).getLengthDelimitedList();
    return found.isEmpty() ? "" : found.getFirst().toStringUtf8();
  }

  private static String hex(UnknownFieldSet in, int field) {
    List<ByteString> found = in.getField(field).getLengthDelimitedList();
    return found.isEmpty() ? "" : HexFormat.of().formatHex(found.getFirst().toByteArray());
  }

  private static Map<String, Object> attributes(UnknownFieldSet in, int field) {
    var all = new TreeMap<String, Object>();
    for (UnknownFieldSet pair : messages(in, field)) {
      UnknownFieldSet value = messages(pair, 2).getFirst();
      Object read =
          value.hasField(1)
              ? text(value, 1)
              : value.hasField(2)
                  ? (Object) (value.getField(2).getVarintList().getFirst() == 1)
                  : value.hasField(3)
                      ? (Object) value.getField(3).getVarintList().getFirst()
                      : (Object)
                          Double.longBitsToDouble(value.getField(4).getFixed64List().getFirst());
      if (all.put(text(pair, 1), read) != null) {
        throw new AssertionError("twice: " + text(pair, 1));
      }
    }
    return all;
  }

  @Override
  public void close() {
    ended.countDown();
    server.stop(0);
    threads.shutdownNow();
  }
}
