package dev.lintel;

import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Small stand-ins for tests of single stops. */
public final class Fakes {
  private Fakes() {}

  /** A dialect that can only be named. */
  public record NamedDialect(String name) implements Dialect {
    @Override
    public Request read(Inbound inbound) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Outbound write(Request request, Target target, Adaptation adaptation) {
      throw new UnsupportedOperationException();
    }

    @Override
    public ReplyReader reader(Request request) {
      throw new UnsupportedOperationException();
    }

    @Override
    public boolean takes(Request request) {
      return true;
    }

    @Override
    public ReplyWriter writer(Request request, Trail trail) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Failure failure(int status, Headers headers, byte[] body) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Answer error(Failure failure, Trail trail) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Answer models(List<Listing> models) {
      throw new UnsupportedOperationException();
    }
  }

  /** Of a call of which nothing is known yet. */
  public static Trail trail() {
    return new Trail("req_test", Instant.EPOCH, System.nanoTime());
  }

  public static Provider provider(String name, String... keys) {
    List<Credential> credentials =
        keys.length == 0
            ? List.of(Credential.NONE)
            : Arrays.stream(keys).map(key -> new Credential(key, "secret-" + key)).toList();
    return new Provider(
        name,
        new NamedDialect("openai"),
        URI.create("http://127.0.0.1:1"),
        Provider.Auth.BEARER,
        credentials,
        Map.of(),
        Provider.Transport.PLAIN,
        Provider.Quirks.NONE);
  }

  public static Model model(Retry retry, Target... targets) {
    return new Model(
        "m", List.of(targets), (call, all) -> Ranking.AS_WRITTEN, Timeouts.USUAL, retry);
  }

  public static Retry retry(int attempts) {
    return new Retry(attempts, Duration.ofMillis(1), Duration.ofMillis(2));
  }

  /** A call of that model with ten seconds to live. */
  public static Call call(Model model) {
    return call(
        model,
        new Request.Unread(
            new NamedDialect("openai"),
            new RawRequest(Map.of(), Map.of(), Headers.NONE, new byte[0])));
  }

  public static Call call(Model model, Request request) {
    return new Call(
        new Trail("req_test", Instant.EPOCH, System.nanoTime()),
        "key",
        new Caller("t", "a", "k", Optional.empty(), false),
        Terms.NONE,
        request,
        Optional.empty(),
        Optional.of(model),
        Optional.empty(),
        System.nanoTime() + 10_000_000_000L);
  }

  /** Remembers what was emitted. */
  public static final class Recorder implements Sink {
    public final List<Chunk> chunks = new ArrayList<>();

    @Override
    public void emit(Chunk chunk) {
      chunks.add(chunk);
    }

    /** All text, in order. */
    public String text() {
      var text = new StringBuilder();
      for (Chunk chunk : chunks) {
        for (Part part : chunk.parts()) {
          if (part instanceof Part.Text piece) {
            text.append(piece.text());
          }
        }
      }
      return text.toString();
    }
  }

  /** Everybody is well until told otherwise. */
  public static class Wellness {
    public final List<String> log = new ArrayList<>();
    public final List<String> resting = new ArrayList<>();

    /** A target of which this decides how it stands, and hears how it fared. */
    public Target watched(Provider provider, String model) {
      var target = new Target(provider, model);
      return new Target(provider, model, target.profile(), target.facts(), new Watched(target));
    }

    private Optional<Duration> rests(String name) {
      int place = resting.indexOf(name);
      return place < 0 ? Optional.empty() : Optional.of(Duration.ofSeconds(10 + place));
    }

    private final class Watched extends Standing.Unwatched {
      private final Target target;

      Watched(Target target) {
        this.target = target;
      }

      @Override
      public boolean well() {
        return rests(target.name()).isEmpty();
      }

      @Override
      public Leave ask(Call call, Credential key) {
        return rests(target.name())
            .or(() -> rests(target.name() + "#" + key.id()))
            .<Leave>map(rest -> new Leave.Bar(Leave.Why.MODEL, rest, Optional.empty()))
            .orElseGet(() -> insist(call, key));
      }

      @Override
      public Leave.Pass insist(Call call, Credential key) {
        String name = target.name() + "#" + key.id();
        return new Leave.Pass() {
          @Override
          public void answered(long firstContentNanos, long nanos, Usage usage) {
            log.add("ok " + name);
          }

          @Override
          public void failed(Failure failure) {
            log.add("failed " + name);
          }

          @Override
          public void left() {
            log.add("left " + name);
          }
        };
      }
    }
  }
}
