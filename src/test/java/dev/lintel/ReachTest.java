package dev.lintel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReachTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://127.0.0.1/a.png",
        "HTTP://127.0.0.1/",
        " https://127.1:8080/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0177.0.0.1/",
        "http://0x7f.1/",
        "http://127.0.0.1.:80/",
        "http://user@127.0.0.1/",
        "http://example.com@127.0.0.1/",
        "http://example.com:80@169.254.169.254/latest/meta-data",
        "http:\\\\127.0.0.1\\x",
        "http:127.0.0.1",
        "http:/127.0.0.1",
        "http:///127.0.0.1",
        "http://%31%32%37.0.0.1/",
        "http://①②⑦.⓪.⓪.①/",
        "http://１２７.0.0.1/",
        "http://127。0。0。1/",
        "http://localhost/",
        "http://LOCALHOST.:3000/x",
        "http://a.localhost/",
        "http://metadata.google.internal/computeMetadata/v1/",
        "http://10.1.2.3/",
        "http://172.16.0.1/",
        "http://192.168.1.1/",
        "http://100.100.100.200/",
        "http://0/",
        "http://0.0.0.0:80",
        "http://[::1]/",
        "http://[::]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:7f00:1]/",
        "http://[0:0:0:0:0:ffff:a9fe:a9fe]/",
        "http://[64:ff9b::a9fe:a9fe]/",
        "http://[2002:7f00:1::]/",
        "http://[fd00:ec2::254]/",
        "http://[fe80::1%25eth0]/",
        "http://[fe80::1]/",
      })
  void private_places_are_refused(String url) {
    assertThat(Reach.PUBLIC.refuses(url)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "https://example.com/a.png",
        "http://93.184.216.34/",
        "https://172.32.0.1/",
        "http://[2606:2800:220:1::1]/",
        "https://localhost.example.com/",
        "https://127.0.0.1.example.com/",
        "https://10.example/",
        "gs://bucket/a.png",
        "data:image/png;base64,aaaa",
        "http-notes: see 127.0.0.1",
        "",
      })
  void public_places_are_not(String url) {
    assertThat(Reach.PUBLIC.refuses(url)).isFalse();
  }

  @Test
  void a_network_that_is_allowed_may_be_reached_and_no_other() {
    var reach = new Reach(List.of(Reach.Network.of("10.0.0.0/8"), Reach.Network.of("127.0.0.1")));
    assertThat(reach.refuses("http://10.9.8.7/")).isFalse();
    assertThat(reach.refuses("http://[::ffff:10.0.0.1]/")).isFalse();
    assertThat(reach.refuses("http://localhost/")).isFalse();
    assertThat(reach.refuses("http://127.0.0.2/")).isTrue();
    assertThat(reach.refuses("http://192.168.0.1/")).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"10.0.0.0/33", "example.com/8", "10.0.0.0/x", "10.0.0/-1", ""})
  void what_is_no_network_is_refused(String text) {
    assertThatThrownBy(() -> Reach.Network.of(text)).isInstanceOf(IllegalArgumentException.class);
  }
}
