package dev.lintel.upstream;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Frame;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class EventStreamTest {

  @Test
  void reads_lf_crlf_and_cr_line_ends() {
    assertThat(data("data: a\n\ndata: b\r\n\r\ndata: c\r\rdata: d\n\n"))
        .containsExactly("a", "b", "c", "d");
  }

  @Test
  void takes_data_without_the_space_and_keeps_a_second_one() {
    assertThat(data("data:a\n\ndata:  b\n\n")).containsExactly("a", " b");
  }

  @Test
  void joins_several_data_lines() {
    assertThat(data("data: {\ndata: \"a\":1}\n\n")).containsExactly("{\n\"a\":1}");
  }

  @Test
  void passes_over_comments_and_other_fields() {
    assertThat(data(": ping\n\nid: 7\nretry: 10\n: more\ndatabase: x\ndata: a\n\n: bye\n\n"))
        .containsExactly("a");
  }

  @Test
  void gives_a_last_event_without_its_blank_line() {
    assertThat(data("data: a\n\ndata: b")).containsExactly("a", "b");
    assertThat(data("data: a\n\ndata: b\n")).containsExactly("a", "b");
  }

  @Test
  void names_the_event() {
    var stream = new EventStream("x");
    stream.put("event: one\ndata: 1\n\ndata: 2\n\n".getBytes(UTF_8));
    assertThat(stream.next().event()).isEqualTo("one");
    assertThat(stream.next().event()).isEmpty();
    assertThat(stream.next()).isNull();
  }

  @Test
  void raw_bytes_are_the_whole_event_with_its_blank_line() {
    var stream = new EventStream("x");
    stream.put("data: a\n\nevent: e\ndata: b\r\n\r\n".getBytes(UTF_8));
    assertThat(raw(stream.next())).isEqualTo("data: a\n\n");
    assertThat(raw(stream.next())).isEqualTo("event: e\ndata: b\r\n\r\n");
  }

  @Test
  void any_cut_of_the_bytes_gives_the_same_events() {
    String wire =
        "event: x\r\ndata: {\"a\":\"é漢\"}\r\n\r\n: c\n\ndata: b\ndata: c\n\ndata: "
            + "z".repeat(300)
            + "\n\nevent: y\ndata: end\n\n";
    List<String> whole = data(wire);
    byte[] bytes = wire.getBytes(UTF_8);
    for (int size = 1; size < 60; size++) {
      var stream = new EventStream("x");
      var frames = new ArrayList<Frame>();
      for (int i = 0; i < bytes.length; i += size) {
        stream.put(Arrays.copyOfRange(bytes, i, Math.min(bytes.length, i + size)));
        drain(stream, frames);
      }
      stream.end();
      drain(stream, frames);
      assertThat(frames.stream().map(Frame::text).toList())
          .as("pieces of %d bytes", size)
          .isEqualTo(whole);
      assertThat(frames.stream().map(EventStreamTest::raw).reduce("", String::concat))
          .endsWith("event: y\ndata: end\n\n");
    }
  }

  private static List<String> data(String wire) {
    var stream = new EventStream("x");
    var frames = new ArrayList<Frame>();
    stream.put(wire.getBytes(UTF_8));
    drain(stream, frames);
    stream.end();
    drain(stream, frames);
    return frames.stream().map(Frame::text).toList();
  }

  private static void drain(EventStream stream, List<Frame> into) {
    for (Frame frame = stream.next(); frame != null; frame = stream.next()) {
      into.add(frame);
    }
  }

  private static String raw(Frame frame) {
    return new String(frame.raw(), frame.rawOffset(), frame.rawLength(), UTF_8);
  }
}
