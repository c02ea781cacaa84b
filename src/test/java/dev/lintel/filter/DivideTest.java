package dev.lintel.filter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lintel.Block;
import dev.lintel.Call;
import dev.lintel.Chunk;
import dev.lintel.Credential;
import dev.lintel.Embed;
import dev.lintel.Extra;
import dev.lintel.Failure;
import dev.lintel.Fakes;
import dev.lintel.Handler;
import dev.lintel.Json;
import dev.lintel.OnCallThread;
import dev.lintel.Part;
import dev.lintel.Provider;
import dev.lintel.Target;
import dev.lintel.Usage;
import dev.lintel.dialect.TitanEmbeddings;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class DivideTest {
  private static final Target TITAN =
      new Target(
          new Provider(
              "aws",
              new TitanEmbeddings(),
              URI.create("http://127.0.0.1:1"),
              Provider.Auth.NONE,
              List.of(Credential.NONE),
              Map.of(),
              Provider.Transport.PLAIN,
              Provider.Quirks.NONE),
          "titan");

  private static Call call(int inputs) {
    var options = new Embed.Options(OptionalInt.empty(), Optional.empty(), "", Extra.NONE);
    var all = new ArrayList<Embed.Input>();
    for (int i = 0; i < inputs; i++) {
      var text = new Embed.Blocks(List.of(new Block.Text("t" + i)));
      all.add(new Embed.Input("input[" + i + "]", text, options));
    }
    var embed =
        new Embed(
            new Fakes.NamedDialect("embeddings"),
            "m",
            all,
            List.of(Embed.Format.FLOAT),
            Optional.empty());
    return Fakes.call(Fakes.model(Fakes.retry(1), TITAN), embed).to(TITAN, Credential.NONE);
  }

  private static List<Part> run(Call call, Handler upstream) {
    var sink = new Fakes.Recorder();
    OnCallThread.run(() -> new Divide().apply(call, sink, upstream));
    assertThat(sink.chunks).hasSize(1);
    return sink.chunks.getFirst().parts();
  }

  private static String place(Call call) {
    return Embed.of(call.request()).inputs().getFirst().place();
  }

  @Test
  void inputs_are_asked_in_parts_and_joined_in_their_order() {
    var asked = new AtomicInteger();
    List<Part> parts =
        run(
            call(20),
            (call, sink) -> {
              assertThat(Embed.of(call.request()).inputs()).hasSize(1);
              asked.incrementAndGet();
              sink.emit(
                  Chunk.of(
                      new Part.Vector(0, Embed.Format.FLOAT, Json.array().add(place(call))),
                      Usage.of(2, 0, Usage.Source.PROVIDER)));
            });
    assertThat(asked).hasValue(20);
    for (int i = 0; i < 20; i++) {
      var vector = (Part.Vector) parts.get(i);
      assertThat(vector.index()).isEqualTo(i);
      assertThat(vector.values().get(0).asString()).isEqualTo("input[" + i + "]");
    }
    assertThat(parts.getLast()).isEqualTo(Usage.of(40, 0, Usage.Source.PROVIDER));
  }

  @Test
  void what_fits_goes_out_as_it_came() {
    Call one = call(1);
    run(
        one,
        (call, sink) -> {
          assertThat(call).isSameAs(one);
          sink.emit(Chunk.EMPTY);
        });
  }

  @Test
  void the_first_part_that_fails_fails_the_call() {
    var asked = new AtomicInteger();
    assertThatThrownBy(() ->
            run(
                call(100),
                (call, sink) -> {
                  asked.incrementAndGet();
                  if (place(call).equals("input[3]")) {
                    throw Failure.of(Failure.Kind.UPSTREAM_RATE_LIMITED, "slow down");
                  }
                  sink.emit(Chunk.of(new Part.Vector(0, Embed.Format.FLOAT, Json.array().add(1))));
                }))
        .isInstanceOf(Failure.class)
        .hasMessage("slow down");
    assertThat(asked.get()).isLessThan(100);
  }
}
