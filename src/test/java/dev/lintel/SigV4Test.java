package dev.lintel;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** AWS's own signer is the judge. */
class SigV4Test {
  private static final Instant NOW = Instant.parse("2026-11-21T09:08:07Z");
  private static final String SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

  static Stream<String> uris() {
    return Stream.of(
        "/",
        "/model/amazon.titan-text-lite-v1/converse",
        "/model/anthropic.claude-3-5-sonnet-20240620-v1%3A0/converse-stream",
        "/model/anthropic.claude-3-5-sonnet-20240620-v1:0/converse",
        "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Ainference-profile%2Fus.x-v1%3A0/invoke",
        "/model/a%20b+c~d_e.f-g/invoke",
        "/model/%C3%A4%E2%82%AC/invoke",
        "/model/a(b)c'd*e!f$g,h;i=j@k/invoke",
        "/a//b///c/",
        "/a/./b/../c",
        "/a/b/..",
        "/path?b=2&a=1&a=0&B=3",
        "/path?name&empty=&x=a%20b%2Fc~d",
        "/path?q=%E4%BD%A0%2B%26%3D",
        "/path?a-b=1&a=2&a.b=3&a%20b=4");
  }

  @ParameterizedTest
  @MethodSource("uris")
  void a_request_is_signed_as_aws_signs_it(String uri) {
    assertThat(ours("POST", uri, Map.of(), "{\"a\":1}", ""))
        .isEqualTo(theirs("POST", uri, Map.of(), "{\"a\":1}", ""));
    assertThat(ours("GET", uri, Map.of(), "", "t/+="))
        .isEqualTo(theirs("GET", uri, Map.of(), "", "t/+="));
  }

  @Test
  void headers_are_signed_whatever_spaces_they_have() {
    Map<String, String> headers =
        Map.of(
            "Content-Type", "application/json",
            "X-Amz-Odd", "  a   b\tc  d  ",
            "X-Empty", "",
            "X-Words", "\"quoted   text\"");

    assertThat(ours("POST", "/x", headers, "ä", ""))
        .isEqualTo(theirs("POST", "/x", headers, "ä", ""));
  }

  @Test
  void any_path_of_any_characters_is_signed_alike() {
    var random = new Random(4);
    String letters = "abcXYZ019-_.~%!$&'()*+,;=:@/ äß€你";
    for (int round = 0; round < 500; round++) {
      var path = new StringBuilder("/model/");
      for (int i = random.nextInt(12); i >= 0; i--) {
        String letter = letters.substring(0, 1 + random.nextInt(letters.length() - 1));
        char last = letter.charAt(letter.length() - 1);
        path.append(
            random.nextBoolean() && last != '/'
                ? java.net.URLEncoder.encode(String.valueOf(last), StandardCharsets.UTF_8)
                    .replace("+", "%20")
                : last > ' ' && last < 127 && last != '%' ? String.valueOf(last) : "x");
      }
      String uri = path + "/converse";

      assertThat(ours("POST", uri, Map.of(), "x", ""))
          .as(uri)
          .isEqualTo(theirs("POST", uri, Map.of(), "x", ""));
    }
  }

  @Test
  void a_time_is_read_as_it_is_written() {
    assertThat(SigV4.time(NOW)).isEqualTo("20261121T090807Z");
    assertThat(SigV4.moment("20261121T090807Z")).isEqualTo(NOW);
  }

  private static String ours(
      String method, String uri, Map<String, String> headers, String body, String session) {
    String time = SigV4.time(NOW);
    var scope = new SigV4.Scope(time.substring(0, 8), "eu-west-3", "bedrock");
    var signed = new TreeMap<String, String>();
    headers.forEach((name, value) -> signed.put(name.toLowerCase(java.util.Locale.ROOT), value));
    signed.put("host", "bedrock-runtime.eu-west-3.amazonaws.com:8443");
    signed.put("x-amz-date", time);
    String hash = SigV4.hash(body.getBytes(StandardCharsets.UTF_8));
    signed.put("x-amz-content-sha256", hash);
    if (!session.isEmpty()) {
      signed.put("x-amz-security-token", session);
    }
    var message = new SigV4.Message(method, uri, signed, hash);
    String signature = SigV4.signature(SigV4.key(SECRET, scope), scope, time, message);
    return SigV4.authorization("AKIDEXAMPLE", scope, message, signature);
  }

  private static String theirs(
      String method, String uri, Map<String, String> headers, String body, String session) {
    return new AwsSigner("AKIDEXAMPLE", SECRET, session, "eu-west-3", "bedrock", NOW)
        .headers(
            method,
            "https",
            "bedrock-runtime.eu-west-3.amazonaws.com",
            8443,
            uri,
            headers,
            body.getBytes(StandardCharsets.UTF_8))
        .getOrDefault("authorization", "");
  }
}
