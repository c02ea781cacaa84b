package dev.lintel.dialect;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Part;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SequenceTest {
  private final List<String> said = new ArrayList<>();
  private final Sequence sequence =
      new Sequence(part ->
          said.add(
              switch (part) {
                case Part.ToolUse use -> use.index() + use.arguments();
                case Part.Text text -> text.text();
                default -> throw new AssertionError(part);
              }));

  private void call(int index, String arguments) {
    sequence.add(new Part.ToolUse(index, "", "", arguments, "", ""));
  }

  @Test
  void the_open_call_is_told_as_it_comes_and_the_others_wait() {
    call(0, "{\"a\":");
    call(1, "{");
    call(2, "{}");
    sequence.add(new Part.Text("text"));
    assertThat(said).containsExactly("0{\"a\":");
    call(1, "\"b\":2}");
    call(0, "1}");
    assertThat(said).containsExactly("0{\"a\":", "01}", "1{", "1\"b\":2}", "2{}", "text");
  }

  @Test
  void what_follows_a_whole_call_is_told_at_once() {
    call(0, "{}");
    sequence.add(new Part.Text("text"));
    call(0, " ");
    call(1, "");
    sequence.add(new Part.Text("more"));
    assertThat(said).containsExactly("0{}", "text", "1");
    sequence.finish();
    assertThat(said).containsExactly("0{}", "text", "1", "more");
  }

  @Test
  void a_call_that_never_ends_keeps_nothing_back_at_the_end() {
    call(0, "{\"a");
    call(1, "{}");
    call(0, "b");
    sequence.finish();
    assertThat(said).containsExactly("0{\"a", "0b", "1{}");
  }
}
