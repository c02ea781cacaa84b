package dev.lintel.server;

import dev.lintel.CallThread;
import dev.lintel.Failure;
import dev.lintel.Form;
import dev.lintel.Held;
import dev.lintel.RawRequest;
import dev.lintel.Route;
import io.netty.buffer.ByteBuf;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClosedException;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.http.StreamResetException;
import io.vertx.core.internal.ContextInternal;
import io.vertx.core.internal.buffer.BufferInternal;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A request whose body is still coming in; everything here happens on the connection's loop. */
final class Reading {
  private static final Duration BODY_SILENCE = Duration.ofSeconds(30);
  static final Duration LINGER = Duration.ofSeconds(5);
  private static final byte[] NOTHING = {};
  private static final int SLICE = 1 << 20;

  /** What an upload that passes through has in memory, more or less. */
  private static final long HELD_OF_LARGE = 128 << 10;

  private final Server server;
  private final Set<Reading> open;
  private final HttpServerRequest request;
  private final Router.Match match;
  private final long arrived;
  private final ContextInternal context = ContextInternal.current();

  /** Empty where the body is not compressed. */
  private String encoding = "";

  private @Nullable Packed packed;

  /** Reserved for what is compressed. */
  private long packedBytes;

  private byte[] body = NOTHING;
  private int length;
  private long reserved;
  private long progress;
  private boolean refused;

  private long ticket = -1;

  /** For memory, while its socket is not read. */
  private boolean waiting;

  /**
   * @param open the loop's requests that are still being read, this one too until it is not
   */
  Reading(
      Server server,
      Set<Reading> open,
      HttpServerRequest request,
      Router.Match match,
      long arrived) {
    this.server = server;
    this.open = open;
    this.request = request;
    this.match = match;
    this.arrived = arrived;
    this.progress = arrived;
  }

  void start() {
    request.exceptionHandler(this::broken);
    long announced = announced();
    Route.Bodies whole = match.bodies();
    if (whole == Route.Bodies.NONE) {
      // Compressed or not, it goes on as it is.
      upload(announced);
      return;
    }
    String coding = request.getHeader("content-encoding");
    boolean compressed = coding != null && !coding.equalsIgnoreCase("identity");
    boolean form = whole == Route.Bodies.NOT_FORMS && isForm();
    if (compressed && (form || !Packed.isKnown(coding))) {
      open.add(this);
      discard();
      refuse(
          Failure.invalid(
                  form
                      ? "A form is not taken with a 'content-encoding'."
                      : "The request body's 'content-encoding' is neither gzip nor deflate.")
              .status(415));
      return;
    }
    if (form) {
      upload(announced);
      return;
    }
    encoding = compressed ? coding : "";
    if (announced > server.bodyLimit()) {
      open.add(this);
      discard();
      refuse(tooLarge());
      return;
    }
    if (ServerExchange.wantsChannel(request)) {
      // What follows its head may be messages: the exchange decides what becomes of it.
      request.pause();
      complete();
      return;
    }
    request.handler(this::more);
    request.endHandler(end -> complete());
    open.add(this);
    if (announced > BodyMemory.SMALL) {
      reserve(announced);
    }
  }

  private void reserve(long bytes) {
    if (packed == null) {
      request.pause();
    }
    waiting = true;
    if (ticket < 0) {
      ticket = server.memory().ticket();
    }
    server
        .memory()
        .reserve(ticket, bytes, reserved, context.nettyEventLoop(), () -> admitted(bytes));
  }

  private boolean isForm() {
    String type = request.getHeader("content-type");
    return type != null && Form.is(type);
  }

  /** The call begins before its body has come, and takes it by itself. */
  private void upload(long announced) {
    if (announced > server.uploadLimit()) {
      open.add(this);
      discard();
      refuse(Incoming.tooLarge(server.uploadLimit()));
      return;
    }
    long length = request.headers().contains("content-length") ? announced : unannounced();
    long held = length < 0 || length > Held.SMALL ? HELD_OF_LARGE : length;
    if (held <= BodyMemory.SMALL) {
      begin(length, 0);
      return;
    }
    request.pause();
    server
        .memory()
        .reserve(
            server.memory().ticket(),
            held,
            0,
            ContextInternal.current().nettyEventLoop(),
            () -> {
              if (refused) {
                // The client has left while it waited.
                server.memory().release(held);
              } else {
                begin(length, held);
                request.resume();
              }
            });
  }

  /** A request without a length has no body in HTTP/1.1 unless it is chunked. */
  private long unannounced() {
    return request.version() == HttpVersion.HTTP_2
            || request.headers().contains("transfer-encoding")
        ? -1
        : 0;
  }

  private void begin(long length, long held) {
    var eventLoop = ContextInternal.current().nettyEventLoop();
    var incoming = new Incoming(request, server.vertx(), eventLoop, length, server.uploadLimit());
    incoming.start();
    var raw =
        new RawRequest(
            request.method().name(),
            request.query() == null ? request.path() : request.path() + "?" + request.query(),
            match.path(),
            query(request.query()),
            new Listed(request.headers()),
            NOTHING,
            Optional.of(incoming),
            new Remote(request));
    var exchange =
        new ServerExchange(server.vertx(), request, raw, server.headers(), eventLoop, arrived);
    request.exceptionHandler(cause -> {
      incoming.breakOff(unreadable());
      if (cause instanceof HttpClosedException || cause instanceof StreamResetException) {
        exchange.leave();
      }
    });
    CallThread thread =
        CallThread.start(eventLoop, () -> server.serve(match.endpoint(), exchange, held));
    incoming.servedBy(thread);
    exchange.servedBy(thread);
  }

  private void admitted(long bytes) {
    waiting = false;
    reserved += bytes;
    if (refused) {
      // The client has left while it waited.
      release();
      return;
    }
    progress = System.nanoTime();
    if (packed == null) {
      request.resume();
    } else {
      context.runOnContext(admitted -> unpack());
    }
  }

  private void more(Buffer bytes) {
    if (refused) {
      return;
    }
    progress = System.nanoTime();
    int more = bytes.length();
    if ((long) length + more > server.bodyLimit()) {
      body = NOTHING;
      discard();
      refuse(tooLarge());
      return;
    }
    if (length == 0) {
      body = array(bytes);
    } else {
      if (body.length - length < more) {
        body =
            Arrays.copyOf(
                body, (int) Math.min(server.bodyLimit(), Math.max(length + more, grown())));
      }
      bytes.getBytes(0, more, body, length);
    }
    length += more;
    if (length > Math.max(reserved, BodyMemory.SMALL) && !waiting) {
      // Nobody announced it.
      reserve(Math.max(length, Math.min(2L * length, server.bodyLimit())) - reserved);
    }
  }

  /** What was announced, where it is still to come; else twice what there is. */
  private long grown() {
    return Math.max(Math.min(announced(), 8L * length), 2L * length);
  }

  private void complete() {
    open.remove(this);
    if (refused) {
      return;
    }
    if (encoding.isEmpty() || length == 0) {
      serve();
      return;
    }
    try {
      packed = new Packed(encoding, body, length);
    } catch (IOException other) {
      refuse(unpackable());
      return;
    }
    packedBytes = reserved;
    body = new byte[(int) Math.min(server.bodyLimit(), BodyMemory.SMALL)];
    length = 0;
    unpack();
  }

  /** A slice, so that others of the loop have their turn; where it needs memory, it may wait. */
  private void unpack() {
    Packed rest = packed;
    if (rest == null || refused) {
      unpacked();
      body = NOTHING;
      return;
    }
    try {
      for (int until = length + SLICE; length < until; ) {
        if (length == body.length && !grow(rest)) {
          return;
        }
        int more = rest.read(body, length, body.length - length);
        if (more < 0) {
          unpacked();
          serve();
          return;
        }
        length += more;
      }
    } catch (IOException broken) {
      unpacked();
      body = NOTHING;
      refuse(unpackable());
      return;
    }
    context.runOnContext(next -> unpack());
  }

  private void unpacked() {
    if (packed != null) {
      packed.close();
      packed = null;
    }
  }

  /** Makes room for more of what is unpacked; false where there is no more, or not yet. */
  private boolean grow(Packed rest) throws IOException {
    if (length >= server.bodyLimit()) {
      if (rest.read(new byte[1], 0, 1) < 0) {
        unpacked();
        serve();
      } else {
        unpacked();
        body = NOTHING;
        refuse(tooLarge());
      }
      return false;
    }
    int next = (int) Math.min(server.bodyLimit(), 2L * length);
    long counted = reserved - packedBytes;
    if (next > Math.max(counted, BodyMemory.SMALL)) {
      reserve(next - counted);
      return false;
    }
    body = Arrays.copyOf(body, next);
    return true;
  }

  private void serve() {
    byte[] whole = length == body.length ? body : Arrays.copyOf(body, length);
    body = NOTHING;
    var raw =
        new RawRequest(
            request.method().name(),
            request.uri(),
            match.path(),
            query(request.query()),
            name -> header(request, name),
            whole,
            Optional.empty(),
            new Remote(request));
    var eventLoop = context.nettyEventLoop();
    var exchange =
        new ServerExchange(server.vertx(), request, raw, server.headers(), eventLoop, arrived);
    long held = Math.min(reserved, whole.length);
    server.memory().release(reserved - held);
    exchange.servedBy(
        CallThread.start(eventLoop, () -> server.serve(match.endpoint(), exchange, held)));
  }

  /** Not while it waits: what it gets then goes back with the rest. */
  private void release() {
    if (!waiting) {
      server.memory().release(reserved);
      reserved = 0;
    }
  }

  /** HTTP/2 has its host in a place of its own, and those who sign it call it so. */
  private static Optional<String> header(HttpServerRequest request, String name) {
    String value = request.headers().get(name);
    if (value == null
        && (name.equals(":authority") || name.equals("host"))
        && request.authority() != null) {
      return Optional.of(request.authority().toString());
    }
    return Optional.ofNullable(value);
  }

  private void refuse(Failure failure) {
    refused = true;
    release();
    var _ = server.refuse(request, match.endpoint(), failure, arrived);
  }

  /**
   * The rest is read and thrown away for a while, so that a client still sending gets to see the
   * answer.
   */
  private void discard() {
    request.handler(bytes -> {});
    request.endHandler(end -> open.remove(this));
    server
        .vertx()
        .setTimer(
            LINGER.toMillis(),
            late -> {
              if (open.remove(this)) {
                Incoming.hangUp(request);
              }
            });
  }

  private void broken(Throwable cause) {
    open.remove(this);
    if (refused) {
      return;
    }
    if (cause instanceof HttpClosedException || cause instanceof StreamResetException) {
      refused = true;
      release();
      return;
    }
    refuse(unreadable());
    Incoming.hangUp(request);
  }

  private static Failure unreadable() {
    return Failure.invalid(
        "The request body breaks off, or its chunks are not framed as HTTP wants.");
  }

  private static Failure unpackable() {
    return Failure.invalid("The request body cannot be decompressed.");
  }

  void expire(long now) {
    if (!refused && !waiting && now - progress > BODY_SILENCE.toNanos()) {
      open.remove(this);
      refuse(Failure.invalid("The request body stopped after " + length + " bytes."));
      Incoming.hangUp(request);
    }
  }

  private Failure tooLarge() {
    return Failure.of(
        Failure.Kind.PAYLOAD_TOO_LARGE,
        "The request body is larger than "
            + server.bodyLimit()
            + " bytes, the most that this gateway takes.");
  }

  private long announced() {
    String length = request.headers().get("content-length");
    try {
      return length == null ? 0 : Long.parseLong(length.strip());
    } catch (NumberFormatException nonsense) {
      return 0;
    }
  }

  /** The buffer's own array where it is nothing but these bytes, as the engine's buffers are. */
  static byte[] array(Buffer buffer) {
    ByteBuf bytes = ((BufferInternal) buffer).getByteBuf();
    return bytes.hasArray() && bytes.readableBytes() == bytes.array().length
        ? bytes.array()
        : buffer.getBytes();
  }

  private static Map<String, String> query(@Nullable String query) {
    if (query == null || query.isEmpty()) {
      return Map.of();
    }
    var values = new HashMap<String, String>();
    for (String pair : query.split("&", -1)) {
      int equals = pair.indexOf('=');
      String name = equals < 0 ? pair : pair.substring(0, equals);
      values.putIfAbsent(decode(name), equals < 0 ? "" : decode(pair.substring(equals + 1)));
    }
    return values;
  }

  private static String decode(String text) {
    try {
      return URLDecoder.decode(text, StandardCharsets.UTF_8);
    } catch (IllegalArgumentException notEncoded) {
      return text;
    }
  }
}
