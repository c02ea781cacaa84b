package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Json;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;

/**
 * Many callers at once, of every dialect, streaming and whole, each with a word of its own that it
 * wants back. Some leave before they are answered.
 */
final class Callers implements AutoCloseable {
  /** In which dialect a caller asks. */
  enum Tongue {
    OPENAI {
      @Override
      String path(String model, boolean stream) {
        return "/v1/chat/completions";
      }

      @Override
      String body(String model, boolean stream, String nonce, String user) {
        return "{\"model\":\"%s\",\"stream\":%s,\"user\":\"%s\",\"messages\":[{\"role\":\"user\",\"content\":\"Say %s\"}]}"
            .formatted(model, stream, user, nonce);
      }

      @Override
      String text(JsonNode reply) {
        JsonNode choice = reply.path("choices").path(0);
        return choice.path("delta").path("content").asString("")
            + choice.path("message").path("content").asString("");
      }

      @Override
      boolean ends(String events) {
        return events.endsWith("data: [DONE]\n\n");
      }
    },

    ANTHROPIC {
      @Override
      String path(String model, boolean stream) {
        return "/v1/messages";
      }

      @Override
      String body(String model, boolean stream, String nonce, String user) {
        return "{\"model\":\"%s\",\"stream\":%s,\"max_tokens\":99,\"metadata\":{\"user_id\":\"%s\"},\"messages\":[{\"role\":\"user\",\"content\":\"Say %s\"}]}"
            .formatted(model, stream, user, nonce);
      }

      @Override
      String text(JsonNode reply) {
        return reply.path("delta").path("text").asString("")
            + reply.path("content").path(0).path("text").asString("");
      }

      @Override
      boolean ends(String events) {
        return events.contains("event: message_stop");
      }
    },

    GEMINI {
      @Override
      String path(String model, boolean stream) {
        return "/v1beta/models/"
            + model
            + (stream ? ":streamGenerateContent?alt=sse" : ":generateContent");
      }

      @Override
      String body(String model, boolean stream, String nonce, String user) {
        return "{\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"Say %s\"}]}]}"
            .formatted(nonce);
      }

      @Override
      String text(JsonNode reply) {
        return reply
            .path("candidates")
            .path(0)
            .path("content")
            .path("parts")
            .valueStream()
            .map(part -> part.path("text").asString(""))
            .collect(Collectors.joining());
      }

      @Override
      boolean ends(String events) {
        return events.contains("\"finishReason\"");
      }
    };

    abstract String path(String model, boolean stream);

    abstract String body(String model, boolean stream, String nonce, String user);

    /** Of a whole reply or of one event. */
    abstract String text(JsonNode reply);

    /** Whether a stream says that it is complete. */
    abstract boolean ends(String events);
  }

  /** A call whose caller stayed, and what came of it. */
  record Told(
      String nonce,
      String model,
      Tongue tongue,
      boolean stream,
      String user,
      CompletableFuture<HttpResponse<String>> reply) {
    String header(String name) {
      return reply.join().headers().firstValue(name).orElse("");
    }

    int status() {
      return reply.join().statusCode();
    }

    /** All of its text. */
    String text() {
      String body = reply.join().body();
      return stream
          ? body.lines()
              .filter(line -> line.startsWith("data: {"))
              .map(line -> tongue.text(Json.parse(line.substring("data: ".length()))))
              .collect(Collectors.joining())
          : tongue.text(Json.parse(body));
    }

    /** Its own answer, in full, once. */
    void isAnswered() {
      HttpResponse<String> got = reply.join();
      assertThat(got.statusCode()).as(nonce + " " + got.body()).isEqualTo(200);
      assertThat(text()).isEqualTo(String.join("", Speech.words(nonce)));
      assertThat(!stream || tongue.ends(got.body())).as(got.body()).isTrue();
    }
  }

  private static final int USERS = 200;
  private static final AtomicInteger CALLS = new AtomicInteger();

  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final TestGateway gateway;
  private final int most;
  private final int perSecond;
  private final Semaphore room;
  private final Random random;
  private final Queue<Told> told = new ConcurrentLinkedQueue<>();

  /**
   * @param most under way at once: who would be one more waits, so that a slow machine makes for
   *     fewer calls a second and for nothing else
   */
  Callers(TestGateway gateway, int most, int perSecond, long seed) {
    this.gateway = gateway;
    this.most = most;
    this.perSecond = perSecond;
    this.room = new Semaphore(most);
    this.random = new Random(seed);
  }

  /**
   * Asks each of those in turn.
   *
   * @param leaving the share of callers who leave
   */
  void ask(List<String> models, int calls, double leaving) throws InterruptedException {
    long due = System.nanoTime();
    for (int i = 0; i < calls; i++) {
      ask(models.get(i % models.size()), random.nextDouble() < leaving);
      due += TimeUnit.SECONDS.toNanos(1) / perSecond;
      LockSupport.parkNanos(due - System.nanoTime());
    }
  }

  private void ask(String model, boolean leaves) throws InterruptedException {
    int number = CALLS.incrementAndGet();
    String nonce = "nonce-" + number;
    String user = "user-" + number % USERS;
    Tongue tongue = Tongue.values()[random.nextInt(Tongue.values().length)];
    boolean stream = random.nextBoolean();
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(gateway.url() + tongue.path(model, stream)))
            .timeout(Duration.ofMinutes(1))
            .header("content-type", "application/json")
            .header("authorization", "Bearer " + TestGateway.KEY)
            .header("x-lintel-user", user)
            .POST(HttpRequest.BodyPublishers.ofString(tongue.body(model, stream, nonce, user)))
            .build();
    room.acquire();
    CompletableFuture<HttpResponse<String>> reply =
        http.sendAsync(request, HttpResponse.BodyHandlers.ofString());
    reply.whenComplete((got, failed) -> room.release());
    if (leaves) {
      int after = random.nextInt(100);
      CompletableFuture.delayedExecutor(after, TimeUnit.MILLISECONDS)
          .execute(() -> reply.cancel(true));
    } else {
      told.add(new Told(nonce, model, tongue, stream, user, reply));
    }
  }

  /** Those that stayed, once all have been told something. */
  List<Told> told() throws InterruptedException {
    assertThat(room.tryAcquire(most, 60, TimeUnit.SECONDS)).as("all calls end").isTrue();
    room.release(most);
    return List.copyOf(told);
  }

  @Override
  public void close() {
    http.shutdownNow();
  }
}
