package dev.lintel.compat;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.openai.client.OpenAIClient;
import com.openai.models.audio.speech.SpeechCreateParams;
import com.openai.models.audio.transcriptions.TranscriptionCreateParams;
import com.openai.models.batches.Batch;
import com.openai.models.batches.BatchCreateParams;
import com.openai.models.completions.CompletionCreateParams;
import com.openai.models.files.FileCreateParams;
import com.openai.models.files.FilePurpose;
import com.openai.models.images.ImageGenerateParams;
import com.openai.models.moderations.ModerationCreateParams;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What is no chat, by OpenAI's SDK; {@code npm/services.test.js} has the same cases and more. */
class ServicesTest {
  private static final String MODEL = "openai";
  private static final Set<Batch.Status> OVER =
      Set.of(
          Batch.Status.COMPLETED,
          Batch.Status.FAILED,
          Batch.Status.EXPIRED,
          Batch.Status.CANCELLED);

  @TempDir private Path folder;

  private final OpenAIClient client = OpenAiSdk.client(Lintel.KEY);

  @TestFactory
  @Timeout(60)
  List<DynamicTest> what_is_no_chat_works_through_lintel() {
    var cases = new LinkedHashMap<String, Runnable>();
    cases.put("openai\twhole\tpicture", this::picture);
    cases.put("openai\tstreamed\tspeech", this::speech);
    cases.put("openai\twhole\ttranscription", this::transcription);
    cases.put("openai\twhole\tmoderation", this::moderation);
    cases.put("openai\twhole\tlegacy completion", this::completion);
    cases.put("gateway\twhole\tfiles and a batch over two providers", this::batch);
    String name = new OpenAiSdk().name();
    return cases.entrySet().stream()
        .filter(entry -> name.contains(Suite.ONLY))
        .map(entry -> Suite.test(name + "\t" + entry.getKey(), entry.getValue()))
        .toList();
  }

  private void picture() {
    var params = ImageGenerateParams.builder().model(MODEL).prompt("red").n(2).build();
    var pictures = client.images().generate(params).data().orElseThrow();
    assertThat(pictures).hasSize(2);
    byte[] png = Base64.getDecoder().decode(pictures.getFirst().b64Json().orElseThrow());
    assertThat(new String(png, 1, 3, UTF_8)).isEqualTo("PNG");
  }

  private void speech() {
    var params = SpeechCreateParams.builder().model(MODEL).input("Hello").voice("alloy").build();
    try (var reply = client.audio().speech().create(params)) {
      assertThat(reply.headers().values("content-type")).containsExactly("audio/mpeg");
      assertThat(reply.body().readAllBytes()).hasSize(444);
    } catch (IOException broken) {
      throw new UncheckedIOException(broken);
    }
  }

  private void transcription() {
    Path sound = file("a.mp3", new byte[3_000_000]);
    var params = TranscriptionCreateParams.builder().file(sound).model(MODEL).build();
    assertThat(client.audio().transcriptions().create(params).asTranscription().text())
        .contains("I heard 300");
  }

  private void moderation() {
    var params = ModerationCreateParams.builder().model(MODEL).input("violence").build();
    assertThat(client.moderations().create(params).results().getFirst().flagged()).isTrue();
  }

  private void completion() {
    var params = CompletionCreateParams.builder().model(MODEL).prompt("Tell me of gates").build();
    assertThat(client.completions().create(params).choices().getFirst().text()).contains("gates");
  }

  private void batch() {
    var lines = new StringBuilder();
    for (String provider : List.of("anthropic", "gemini")) {
      lines.append(
          """
          {"custom_id": "%1$s", "method": "POST", "url": "/v1/chat/completions", "body": \
          {"model": "%1$s", "messages": [{"role": "user", "content": "Tell me of gates, %1$s"}]}}
          """
              .formatted(provider));
    }
    var upload =
        FileCreateParams.builder()
            .purpose(FilePurpose.BATCH)
            .file(file("requests.jsonl", lines.toString().getBytes(UTF_8)))
            .build();
    String input = client.files().create(upload).id();
    Batch batch =
        client
            .batches()
            .create(
                BatchCreateParams.builder()
                    .inputFileId(input)
                    .endpoint(BatchCreateParams.Endpoint.V1_CHAT_COMPLETIONS)
                    .completionWindow(BatchCreateParams.CompletionWindow._24H)
                    .build());
    while (!OVER.contains(batch.status())) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
      batch = client.batches().retrieve(batch.id());
    }
    assertThat(batch.status()).isEqualTo(Batch.Status.COMPLETED);
    assertThat(batch.requestCounts().orElseThrow().completed()).isEqualTo(2);
    try (var reply = client.files().content(batch.outputFileId().orElseThrow());
        InputStream body = reply.body()) {
      assertThat(new String(body.readAllBytes(), UTF_8))
          .contains("gates, anthropic")
          .contains("gates, gemini");
    } catch (IOException broken) {
      throw new UncheckedIOException(broken);
    }
    assertThat(client.files().delete(input).deleted()).isTrue();
  }

  private Path file(String name, byte[] content) {
    try {
      return Files.write(folder.resolve(name), content);
    } catch (IOException broken) {
      throw new UncheckedIOException(broken);
    }
  }
}
