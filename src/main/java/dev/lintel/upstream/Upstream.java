package dev.lintel.upstream;

import dev.lintel.Adaptation;
import dev.lintel.AwsEvent;
import dev.lintel.Call;
import dev.lintel.CallThread;
import dev.lintel.Channel;
import dev.lintel.Chunk;
import dev.lintel.Credential;
import dev.lintel.Dialect;
import dev.lintel.Failure;
import dev.lintel.Frame;
import dev.lintel.Handler;
import dev.lintel.Live;
import dev.lintel.Outbound;
import dev.lintel.Provider;
import dev.lintel.ReplyReader;
import dev.lintel.Sink;
import dev.lintel.Stored;
import dev.lintel.Tracing;
import dev.lintel.Trail;
import dev.lintel.Upload;
import io.netty.channel.EventLoop;
import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.http.UpgradeRejectedException;
import io.vertx.core.http.WebSocketBase;
import io.vertx.core.http.WebSocketClient;
import io.vertx.core.http.WebSocketConnectOptions;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** The last stop: asks the target that was chosen, and hands on what it answers. */
public final class Upstream implements Handler {
  private static final CharSequence JSON = HttpHeaders.createOptimized("application/json");
  private static final CharSequence X_API_KEY = HttpHeaders.createOptimized("x-api-key");
  private static final CharSequence X_GOOG_API_KEY = HttpHeaders.createOptimized("x-goog-api-key");
  private static final CharSequence API_KEY = HttpHeaders.createOptimized("api-key");
  private static final CharSequence IDENTITY = HttpHeaders.IDENTITY;
  private static final CharSequence USER_AGENT = HttpHeaders.createOptimized("lintel");

  private static final String BEARER = "Bearer ";

  /** Headers whose values prove something. */
  private static final List<CharSequence> PROOFS =
      List.of(
          HttpHeaders.AUTHORIZATION, X_API_KEY, X_GOOG_API_KEY, API_KEY, "x-amz-security-token");

  /** What is shorter stands in words, too. */
  private static final int SHORTEST_SECRET = 8;

  /** The clouds' words for a model, not a path, that is not there. */
  private static final Set<String> NO_MODEL =
      Set.of("DeploymentNotFound", "ResourceNotFoundException", "NOT_FOUND");

  /** Makes a channel of a WebSocket that has just been opened, on its loop. */
  @FunctionalInterface
  public interface Channels {
    Channel of(Vertx vertx, CallThread thread, WebSocketBase socket);
  }

  private final Vertx vertx;
  private final Channels channels;
  private final Tracing tracing;
  private final Lines lines;
  private final Accounts accounts;

  /** Where each provider lives, looked at once. */
  private final Map<URI, Place> places = new ConcurrentHashMap<>();

  /**
   * @param tracing says what a provider is told of the trace that a call is in
   */
  public Upstream(Vertx vertx, Channels channels, Tracing tracing) {
    this.vertx = vertx;
    this.tracing = tracing;
    this.channels = channels;
    this.lines = new Lines(vertx);
    this.accounts = new Accounts(lines);
  }

  /** The connections of one loop. */
  Line line(EventLoop loop, Provider.Transport transport) {
    return lines.of(loop, transport);
  }

  @Override
  public void handle(Call call, Sink sink) {
    Call.Choice choice =
        call.target().orElseThrow(() -> new IllegalStateException("no target was chosen"));
    Provider provider = choice.target().provider();
    Dialect dialect = choice.dialect();
    try {
      ask(call, choice, dialect, sink);
    } catch (Failure failure) {
      // What is not stored says nothing of what is served.
      if (call.request() instanceof Stored
          || !unserved(failure)
          || !provider.dialects().unserved(dialect, call.request(), choice.target())) {
        throw failure;
      }
      ask(call, choice, provider.dialects().of(call.request(), choice.target()), sink);
    }
  }

  /** Whether the provider says that it has no such path, and not that it has no such model. */
  private static boolean unserved(Failure failure) {
    return switch (failure.upstreamStatus()) {
      case 404 ->
          !failure.code().orElse("").contains("model")
              && !NO_MODEL.contains(failure.code().orElse(""))
              && failure.param().isEmpty();
      case 405, 501 -> true;
      default -> false;
    };
  }

  private void ask(Call call, Call.Choice choice, Dialect dialect, Sink sink) {
    Provider provider = choice.target().provider();
    Outbound outbound =
        dialect.write(
            call.request(), choice.target(), new Adaptation(call.trail(), call.terms().strict()));
    ReplyReader reader = dialect.reader(call.request());
    RequestOptions options = options(provider, choice.credential(), outbound, tracing.along(call));
    try {
      ask(call, choice, dialect, sink, outbound, reader, options);
    } catch (Failure failure) {
      throw failure.without(secrets(options.getHeaders()));
    }
  }

  /** What a provider may not have repeated to the caller, whatever it looks like. */
  private static List<String> secrets(MultiMap sent) {
    var secrets = new ArrayList<String>();
    for (CharSequence name : PROOFS) {
      String value = sent.get(name);
      if (value != null) {
        secrets.add(value.startsWith(BEARER) ? value.substring(BEARER.length()) : value);
      }
    }
    secrets.removeIf(secret -> secret.length() < SHORTEST_SECRET);
    return secrets;
  }

  private void ask(
      Call call,
      Call.Choice choice,
      Dialect dialect,
      Sink sink,
      Outbound outbound,
      ReplyReader reader,
      RequestOptions options) {
    Provider provider = choice.target().provider();
    CallThread thread = CallThread.current();
    Account account = accounts.of(provider, choice.credential()).orElse(null);
    if (account != null) {
      account.prove(options, outbound.body(), call.deadline());
    }
    if (call.request() instanceof Live live) {
      Channel opened = open(call, provider, dialect, options, thread);
      new Conversation(live.accept().get(), opened, dialect.name(), reader, sink)
          .run(call.deadline());
      return;
    }
    boolean stream = call.request().live();
    var ask =
        new Ask(
            lines.of((EventLoop) thread.loop(), provider.transport()),
            thread,
            options,
            outbound.body(),
            outbound.upload(),
            stream,
            call.resolved().timeouts(),
            call.deadline());
    try {
      ask.send();
      if (stream) {
        byte[] first = ask.next();
        told(call, choice, ask);
        events(ask, first, call.trail(), dialect, reader, sink);
      } else {
        byte[] body = ask.rest();
        told(call, choice, ask);
        whole(ask, body, dialect, reader, sink);
      }
    } catch (Failure failure) {
      if (outbound.upload().isPresent() && !outbound.upload().get().repeatable()) {
        // The bytes are gone: nobody else can be asked.
        failure.again(Failure.Again.NOWHERE);
      }
      if (account != null && (ask.status() == 401 || ask.status() == 403)) {
        account.refused();
      }
      throw explained(failure, ask);
    } finally {
      ask.close();
    }
  }

  /** Waits until the provider has accepted a WebSocket. */
  private Channel open(
      Call call, Provider provider, Dialect dialect, RequestOptions options, CallThread thread) {
    var opened = new CompletableFuture<Channel>();
    long most = call.resolved().timeouts().connect().toMillis();
    var connect =
        new WebSocketConnectOptions()
            .setHost(options.getHost())
            .setPort(options.getPort())
            .setSsl(options.isSsl())
            .setURI(options.getURI())
            .setHeaders(options.getHeaders())
            .setAllowOriginHeader(false)
            .setTimeout(most);
    WebSocketClient client = lines.sockets(provider.transport());
    lines
        .of((EventLoop) thread.loop(), provider.transport())
        .context()
        .runOnContext(run ->
            client
                .connect(connect)
                .onComplete((socket, refused) -> {
                  if (socket == null) {
                    opened.completeExceptionally(refused);
                  } else {
                    opened.complete(channels.of(vertx, thread, socket));
                  }
                  thread.wake();
                }));
    try {
      if (!thread.await(opened::isDone, System.nanoTime() + 2 * most * 1_000_000)) {
        throw Failure.of(
            Failure.Kind.TIMEOUT, "The provider did not accept the WebSocket in time.");
      }
    } catch (Failure left) {
      opened.thenAccept(channel -> channel.close(Channel.Closing.NORMAL));
      throw left;
    }
    if (!opened.isCompletedExceptionally()) {
      return opened.join();
    }
    Throwable refused = opened.exceptionNow();
    if (refused instanceof UpgradeRejectedException answer) {
      byte[] body = answer.getBody() == null ? new byte[0] : answer.getBody().getBytes();
      throw dialect.failure(
          answer.getStatus(), name -> Optional.ofNullable(answer.getHeaders().get(name)), body);
    }
    throw Failure.of(
        Failure.Kind.UPSTREAM_UNAVAILABLE, "The provider does not accept a WebSocket.", refused);
  }

  /** What the head says of the account; that of a caller's own key is nobody else's business. */
  private static void told(Call call, Call.Choice choice, Ask ask) {
    if (call.ownKey().isEmpty()) {
      choice.target().standing().told(choice.credential(), ask.headers());
    }
  }

  private static Failure explained(Failure failure, Ask ask) {
    Optional<String> coding =
        ask.headers().get("content-encoding").filter(name -> !name.equalsIgnoreCase("identity"));
    if (failure.kind() == Failure.Kind.UPSTREAM_ERROR
        && ask.status() == 200
        && coding.isPresent()) {
      return Failure.of(
              Failure.Kind.UPSTREAM_ERROR,
              "The provider sent its reply in the coding '"
                  + coding.get()
                  + "', which it was not asked for.")
          .upstream(200);
    }
    return failure.upstreamStatus() == 0 ? failure.upstream(ask.status()) : failure;
  }

  private static void whole(Ask ask, byte[] body, Dialect dialect, ReplyReader reader, Sink sink) {
    if (ask.status() < 200 || ask.status() > 299) {
      throw dialect.failure(ask.status(), ask.headers(), body);
    }
    reader.head(ask.headers());
    sink.emit(reader.whole(body));
  }

  private static void events(
      Ask ask,
      byte @Nullable [] first,
      Trail trail,
      Dialect dialect,
      ReplyReader reader,
      Sink sink) {
    byte[] bytes = first;
    Optional<Chunk> opening = reader.opaque(ask.status(), ask.headers());
    if (opening.isPresent()) {
      trail.answered(ask.status());
      sink.emit(opening.get());
      pieces(ask, bytes, reader, sink);
      return;
    }
    Framing events = ask.status() == 200 ? framing(ask, dialect) : null;
    if (events == null) {
      // An error, or a provider that answers whole though it was asked to stream.
      whole(ask, bytes == null ? ask.rest() : ask.rest(bytes), dialect, reader, sink);
      return;
    }
    reader.head(ask.headers());
    for (; bytes != null; bytes = ask.next()) {
      events.put(bytes);
      emit(events, reader, ask, sink);
      if (reader.done()) {
        sink.flush();
        ask.leave();
        return;
      }
      if (ask.drained()) {
        sink.flush();
      }
    }
    events.end();
    emit(events, reader, ask, sink);
    reader.end();
  }

  /** Hands on a reply as its bytes come. */
  private static void pieces(Ask ask, byte @Nullable [] first, ReplyReader reader, Sink sink) {
    for (byte[] bytes = first; bytes != null; bytes = ask.next()) {
      if (bytes.length > 0) {
        ask.answered();
        sink.emit(reader.event(piece(bytes)));
      }
      if (ask.drained()) {
        sink.flush();
      }
    }
    sink.emit(reader.event(Frame.NONE));
    reader.end();
  }

  private static Frame piece(byte[] bytes) {
    return new Frame("", false, "", bytes, 0, bytes.length, bytes, 0, 0);
  }

  private static void emit(Framing events, ReplyReader reader, Ask ask, Sink sink) {
    for (Frame frame = events.next(); frame != null; frame = events.next()) {
      Chunk chunk = reader.event(frame);
      if (chunk.content()) {
        ask.answered();
      }
      sink.emit(chunk);
    }
  }

  /** How a reply's events are told apart; {@code null} where it has none. */
  private static @Nullable Framing framing(Ask ask, Dialect dialect) {
    String type =
        ask.headers().get("content-type").orElse("text/event-stream").toLowerCase(Locale.ROOT);
    if (type.startsWith(AwsEvent.STREAM)) {
      return new AwsFraming(dialect.name());
    }
    return type.startsWith("text/event-stream") ? new EventStream(dialect.name()) : null;
  }

  private RequestOptions options(
      Provider provider, Credential credential, Outbound outbound, Map<String, String> along) {
    URI url = provider.url();
    String base = url.getRawPath();
    return places
        .computeIfAbsent(url, Place::of)
        .asked(
            HttpMethod.valueOf(outbound.method()),
            base == null || base.isEmpty() ? outbound.path() : base + outbound.path(),
            headers(provider, credential, outbound, along));
  }

  private static MultiMap headers(
      Provider provider, Credential credential, Outbound outbound, Map<String, String> along) {
    MultiMap headers = HttpHeaders.headers();
    headers.set(HttpHeaders.CONTENT_TYPE, JSON);
    headers.set(HttpHeaders.USER_AGENT, USER_AGENT);
    // Without this header any coding would do (RFC 9110 §12.5.3), and bytes could not pass through.
    headers.set(HttpHeaders.ACCEPT_ENCODING, IDENTITY);
    along.forEach(headers::set);
    outbound.headers().forEach(headers::set);
    if ("".equals(headers.get(HttpHeaders.CONTENT_TYPE))) {
      headers.remove(HttpHeaders.CONTENT_TYPE);
    }
    long length = outbound.upload().map(Upload::length).orElse(-1L);
    if (length >= 0) {
      headers.set(HttpHeaders.CONTENT_LENGTH, Long.toString(length));
    }
    provider.headers().forEach(headers::set);
    if (!credential.secret().isEmpty()) {
      switch (provider.auth()) {
        case BEARER -> headers.set(HttpHeaders.AUTHORIZATION, BEARER + credential.secret());
        case X_API_KEY -> headers.set(X_API_KEY, credential.secret());
        case X_GOOG_API_KEY -> headers.set(X_GOOG_API_KEY, credential.secret());
        case API_KEY -> headers.set(API_KEY, credential.secret());
        case NONE -> {}
      }
    }
    return headers;
  }
}
