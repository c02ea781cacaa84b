package dev.lintel.main;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.lintel.config.Address;
import dev.lintel.config.Loader;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Where a gateway listens, and how it stops. */
class ListenTest {
  @TempDir private Path folder;

  @Test
  void an_ipv6_address_stands_in_brackets() throws Exception {
    assumeTrue(hasIpv6());
    try (var lintel = start(new Address("::1", 0));
        var http = HttpClient.newHttpClient()) {
      assertThat(lintel.url().toString()).startsWith("http://[::1]:");
      assertThat(livez(http, lintel)).isEqualTo(200);
    }
  }

  @Test
  void a_taken_port_is_one_sentence_that_says_what_to_do() throws Exception {
    try (var taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
      var address = new Address("127.0.0.1", taken.getLocalPort());
      String sentence =
          "Lintel cannot listen on "
              + address
              + ": another program listens there; stop it, or choose another port with"
              + " --listen HOST:PORT.";
      assertThatThrownBy(() -> start(address)).hasMessage(sentence);
      assertThatThrownBy(() -> Simulators.alone(address)).hasMessage(sentence);
    }
  }

  @Test
  void an_address_of_another_machine_is_one_sentence_too() {
    assertThatThrownBy(() -> start(new Address("192.0.2.1", 7070)))
        .hasMessageContaining("this machine has no such address");
  }

  @ParameterizedTest
  @ValueSource(strings = {"HTTP_1_1", "HTTP_2"})
  void with_only_idle_connections_open_it_stops_at_once(HttpClient.Version version)
      throws Exception {
    var lintel = start(new Address("127.0.0.1", 0));
    try (var http = HttpClient.newBuilder().version(version).build()) {
      assertThat(livez(http, lintel)).isEqualTo(200);
      long began = System.nanoTime();
      lintel.close(Duration.ofSeconds(30));
      assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(25));
    }
  }

  @Test
  void a_scheduler_that_does_not_exist_is_refused() {
    assertThat(Main.wrongThreads("loops"))
        .contains("LINTEL_THREADS must be loop or stock, or not be set.");
    assertThat(Main.wrongThreads("stock")).isEmpty();
    assertThat(Main.wrongThreads("")).isEmpty();
  }

  private static int livez(HttpClient http, Lintel lintel) throws Exception {
    var request = HttpRequest.newBuilder(lintel.url().resolve("/livez")).build();
    return http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
  }

  private Lintel start(Address address) {
    Loader loader = Builtins.loader(name -> Optional.empty());
    return new Lintel(
        Revisions.Source.of(loader, loader.usually(), config -> config.at(address).in(folder)),
        key -> Optional.empty(),
        key -> false,
        OutputStream.nullOutputStream());
  }

  private static boolean hasIpv6() {
    try (var probe = new ServerSocket(0, 1, InetAddress.getByName("::1"))) {
      return probe.isBound();
    } catch (IOException none) {
      return false;
    }
  }
}
