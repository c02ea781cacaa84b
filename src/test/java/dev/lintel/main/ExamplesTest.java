package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.config.Address;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ExamplesTest {
  @TempDir private Path folder;

  static Stream<Path> examples() throws IOException {
    try (var files = Files.list(Path.of("examples"))) {
      return files.filter(file -> file.toString().endsWith(".yaml")).sorted().toList().stream();
    }
  }

  @ParameterizedTest
  @MethodSource("examples")
  void every_example_starts_and_lists_its_models(Path file) throws Exception {
    var loader = Builtins.loader(name -> Optional.empty());
    var source =
        Revisions.Source.of(
            loader, loader.read(file), config -> config.at(new Address("127.0.0.1", 0)).in(folder));
    String key = source.first().callers().keySet().iterator().next();
    try (var lintel =
            new Lintel(
                source, none -> Optional.empty(), none -> false, OutputStream.nullOutputStream());
        var http = HttpClient.newHttpClient()) {
      var reply =
          http.send(
              HttpRequest.newBuilder(URI.create(lintel.url() + "/v1/models"))
                  .header("authorization", "Bearer " + key)
                  .build(),
              HttpResponse.BodyHandlers.ofString());
      assertThat(reply.statusCode()).isEqualTo(200);
      assertThat(reply.body()).contains("\"id\"");
    }
  }
}
