package dev.lintel;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MarksTest {
  private static final String TURN =
      "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"hello\"CACHE}]}";

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '^',
      nullValues = "none",
      value = {
        "user | {'user':'u1'} | u1",
        "user | {'safety_identifier':'u1'} | u1",
        "user | {'metadata':{'user_id':'u1'}} | u1",
        "user | {'user':5,'metadata':'x'} | none",
        "prompt_cache_key | {'prompt_cache_key':'k'} | k",
        "prompt_cache_key | {'prompt_cache_key':7} | none",
        "session | {'session_id':'s'} | s",
        "session | {'conversation':'s'} | s",
        "session | {'conversation':{'id':'s'}} | s",
        "use_case | {'use_case':'x'} | none",
      })
  void is_read_where_the_body_says_it(String name, String body, String mark) {
    assertThat(Marks.of(call(body, Headers.NONE), name)).isEqualTo(mark == null ? "" : mark);
  }

  @Test
  void a_term_of_that_name_comes_first() {
    Call call = call("{'user':'body'}", Headers.NONE);
    var terms = new Terms(Map.of("user", "term", "use_case", "support"), false, Map.of(), false);
    Call said =
        call.with(
            call.request(), terms, Optional.empty(), Fakes.model(Fakes.retry(1), target()), 0);

    assertThat(Marks.of(said, "user")).isEqualTo("term");
    assertThat(Marks.of(said, "use_case")).isEqualTo("support");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"x-session-id", "session_id", "x-claude-code-session-id", "conversation_id"})
  void a_session_is_named_in_a_header(String header) {
    assertThat(Marks.of(call("{}", Headers.of(Map.of(header, "s"))), "session")).isEqualTo("s");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'messages':[{'role':'system','content':'be kind'},TURNREST]}",
        "{'system':'be kind','messages':[TURNREST]}",
        "{'system':[{'type':'text','text':'be kind','cache_control':{'type':'ephemeral'}}],'messages':[TURNREST]}",
        "{'instructions':'be kind','input':[TURNREST]}",
        "{'systemInstruction':{'parts':[{'text':'be kind'}]},'contents':[TURNREST]}"
      })
  void a_conversation_goes_on_as_it_began(String body) {
    String first = body.replace("TURN", TURN.replace("CACHE", ",'cache_control':{}"));
    String later = body.replace("TURN", TURN.replace("CACHE", ""));
    String mark = messages(first.replace("REST", ""));

    assertThat(mark).isEqualTo("be kindhello");
    assertThat(
            messages(
                later.replace(
                    "REST",
                    ",{'role':'assistant','content':'hi'},{'role':'user','content':'and?'}")))
        .isEqualTo(mark);
  }

  @Test
  void what_has_no_turn_of_a_user_has_not_begun() {
    assertThat(messages("{'messages':[{'role':'system','content':'be kind'}]}")).isEmpty();
    assertThat(messages("{'messages':5}")).isEmpty();
    assertThat(messages("{}")).isEmpty();
    assertThat(messages("{'input':'hello'}")).isEqualTo("hello");
  }

  @Test
  void a_conversation_that_was_changed_began_the_same() {
    Chat changed =
        ((Chat) call("{}", Headers.NONE).request())
            .with(
                new Prompt(
                    List.of(
                        new Turn(Turn.Role.SYSTEM, List.of(new Block.Text("be kind"))),
                        new Turn(Turn.Role.USER, List.of(new Block.Text("hello"))),
                        new Turn(Turn.Role.USER, List.of(new Block.Text("and?")))),
                    List.of(),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    Map.of(Setting.USER, Json.parse("\"u1\"")),
                    Extra.NONE));
    Call call = Fakes.call(Fakes.model(Fakes.retry(1), target()), changed);

    assertThat(Marks.of(call, "messages")).isEqualTo("be kindhello");
    assertThat(Marks.of(call, "user")).isEqualTo("u1");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '^',
      value = {
        "{'max_tokens':100} | 100",
        "{'max_tokens':5,'max_completion_tokens':100} | 100",
        "{'max_output_tokens':100} | 100",
        "{'generationConfig':{'maxOutputTokens':100}} | 100",
        "{'inferenceConfig':{'maxTokens':100}} | 100",
        "{'max_tokens':'100'} | 0",
        "{'max_tokens':-1} | 0",
        "{'max_tokens':1e3} | 0",
        "{'max_tokens':99999999999999999999} | 0",
        "{'generationConfig':7} | 0",
        "{} | 0",
      })
  void the_most_tokens_of_an_answer_are_read_in_every_dialect(String body, long most) {
    assertThat(Extent.maxTokens(call(body, Headers.NONE).request())).isEqualTo(most);
  }

  private static String messages(String body) {
    return Marks.of(call(body, Headers.NONE), "messages");
  }

  private static Target target() {
    return new Target(Fakes.provider("p"), "m");
  }

  /** A chat whose conversation nobody may read. */
  private static Call call(String body, Headers headers) {
    byte[] bytes = body.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
    var inbound = new Inbound(Map.of(), Map.of(), headers, Body.scan(bytes));
    Chat chat =
        Chat.read(
            new Fakes.NamedDialect("openai"),
            "m",
            false,
            false,
            inbound,
            read -> {
              throw new AssertionError("the conversation was read");
            });
    return Fakes.call(Fakes.model(Fakes.retry(1), target()), chat);
  }
}
