package dev.lintel.dialect;

import static dev.lintel.dialect.Exchanges.json;
import static dev.lintel.dialect.Exchanges.send;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.lintel.Dialect;
import dev.lintel.Failure;
import dev.lintel.Fakes;
import dev.lintel.Part;
import dev.lintel.Usage;
import dev.lintel.dialect.Exchanges.Sent;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** Orders of documents, from each client's language to each provider's and back. */
class RerankTest {
  private static final Dialect JINA = new JinaRerank();
  private static final Dialect COHERE = new CohereRerank();

  private static final String ASK =
      """
      {"model":"m","query":"capital?","documents":["Carson City",{"text":"Washington","page":3}],\
      "top_n":1,"return_documents":true,"max_chunks_per_doc":10}\
      """;

  private static final String COHERE_REPLY =
      """
      {"id":"abc","results":[{"index":1,"relevance_score":0.99999999876},{"index":0,"relevance_score":1.5E-7}],\
      "meta":{"billed_units":{"search_units":1},"tokens":{"input_tokens":214.0}}}\
      """;

  @Test
  void the_same_language_passes_through_but_for_the_model() {
    Sent sent = send(JINA, JINA, ASK);
    assertThat(sent.out().path()).isEqualTo("/rerank");
    assertThat(sent.body()).isEqualTo(json(ASK.replace("\"m\"", "\"target-model\"")));
    String reply =
        "{ \"results\":[{\"index\":1,\"relevance_score\":0.50}], \"usage\":{\"total_tokens\":9}}";
    assertThat(sent.bytes(reply, Map.of())).isEqualTo(reply);

    Sent cohere =
        send(COHERE, COHERE, "{\"model\":\"m\",\"query\":\"q\",\"documents\":[\"a\",\"b\"]}");
    assertThat(cohere.out().path()).isEqualTo("/v2/rerank");
    assertThat(cohere.bytes(COHERE_REPLY, Map.of())).isEqualTo(COHERE_REPLY);
  }

  @Test
  void jinas_form_goes_to_cohere() {
    Sent sent = send(JINA, COHERE, ASK);
    assertThat(sent.body())
        .isEqualTo(
            json(
                """
                {"model":"target-model","query":"capital?","documents":["Carson City","Washington"],"top_n":1}\
                """));
    assertThat(sent.trail().adapted())
        .containsExactlyInAnyOrder("change:documents[1]->text", "drop:max_chunks_per_doc");
    JsonNode answer = sent.answer(COHERE_REPLY);
    assertThat(answer)
        .isEqualTo(
            json(
                """
                {"id":"abc","model":"m","object":"list","results":[{"index":1,"document":{"text":"Washington","page":3},\
                "relevance_score":0.99999999876}],"usage":{"prompt_tokens":0,"total_tokens":0},\
                "meta":{"billed_units":{"search_units":1}}}\
                """));
  }

  @Test
  void coheres_form_goes_to_jinas() {
    Sent sent =
        send(
            COHERE,
            JINA,
            "{\"model\":\"m\",\"query\":\"q\",\"documents\":[\"a\",\"b\"],\"max_tokens_per_doc\":9}");
    assertThat(sent.body())
        .isEqualTo(
            json(
                "{\"model\":\"target-model\",\"query\":\"q\",\"documents\":[\"a\",\"b\"],\"return_documents\":false}"));
    assertThat(sent.trail().adapted()).containsExactly("drop:max_tokens_per_doc");
    JsonNode answer =
        sent.answer(
            "{\"results\":[{\"index\":0,\"relevance_score\":-1.25},{\"index\":1,\"relevance_score\":0.75}],"
                + "\"usage\":{\"total_tokens\":12}}");
    assertThat(answer.at("/results"))
        .isEqualTo(
            json(
                "[{\"index\":1,\"relevance_score\":0.75},{\"index\":0,\"relevance_score\":-1.25}]"));
    assertThat(answer.at("/meta/tokens/input_tokens").asInt()).isEqualTo(12);
  }

  @Test
  void a_reply_out_of_order_is_put_in_order_for_its_own_clients_too() {
    Sent sent = send(JINA, JINA, "{\"model\":\"m\",\"query\":\"q\",\"documents\":[\"a\",\"b\"]}");
    JsonNode answer =
        sent.answer(
            "{\"results\":[{\"index\":0,\"relevance_score\":0.1},{\"index\":1,\"relevance_score\":0.2}]}");
    assertThat(answer.at("/results/0/index").asInt()).isEqualTo(1);
    assertThat(answer.at("/results/0").has("document")).isFalse();
  }

  @Test
  void searches_are_counted_where_the_provider_counts_them_and_tokens_else() {
    String ask = "{\"model\":\"m\",\"query\":\"q\",\"documents\":[\"a\",\"b\"]}";
    assertThat(usage(send(COHERE, COHERE, ask), COHERE_REPLY))
        .isEqualTo(
            Usage.of(0, 0, Usage.Source.PROVIDER).units(Map.of(Usage.Unit.SEARCH, BigDecimal.ONE)));
    assertThat(
            usage(
                send(JINA, JINA, ask),
                "{\"data\":[{\"index\":0,\"relevance_score\":0.5}],\"usage\":{\"total_tokens\":26}}"))
        .as("Voyage")
        .isEqualTo(Usage.of(26, 0, Usage.Source.PROVIDER));
    assertThat(
            usage(
                send(JINA, JINA, ask),
                "{\"results\":[{\"index\":0,\"relevance_score\":0.5}],\"tokens\":{\"input_tokens\":7}}"))
        .as("SiliconFlow")
        .isEqualTo(Usage.of(7, 0, Usage.Source.PROVIDER));
    assertThat(
            usage(send(JINA, JINA, ask), "{\"results\":[{\"index\":0,\"relevance_score\":0.5}]}"))
        .isEqualTo(Usage.of(1, 0, Usage.Source.ESTIMATE));
  }

  private static Usage usage(Sent sent, String reply) {
    return (Usage) sent.chunk(reply, Map.of()).parts().getLast();
  }

  @Test
  void scores_are_exact() {
    Sent sent = send(JINA, COHERE, ASK);
    assertThat(sent.chunk(COHERE_REPLY, Map.of()).parts())
        .contains(
            new Part.Score(1, new BigDecimal("0.99999999876")),
            new Part.Score(0, new BigDecimal("1.5E-7")));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'query':'q','documents':['a']}|model",
        "{'model':'m','documents':['a']}|query",
        "{'model':'m','query':'','documents':['a']}|query",
        "{'model':'m','query':7,'documents':['a']}|query",
        "{'model':'m','query':'q'}|documents",
        "{'model':'m','query':'q','documents':'a'}|documents",
        "{'model':'m','query':'q','documents':[]}|documents",
        "{'model':'m','query':'q','documents':['a',3]}|documents[1]",
        "{'model':'m','query':'q','documents':['a'],'top_n':0}|top_n",
        "{'model':'m','query':'q','documents':['a'],'top_n':'x'}|top_n",
      })
  void wrong_requests_name_the_field(String body, String field) {
    for (Dialect dialect : List.of(JINA, COHERE)) {
      Failure failure =
          catchThrowableOfType(
              Failure.class, () -> Exchanges.read(dialect, body.replace('\'', '"')));
      assertThat(failure.kind()).isEqualTo(Failure.Kind.INVALID_REQUEST);
      assertThat(failure.param()).contains(field);
      assertThat(dialect.error(failure, Fakes.trail()).status()).isEqualTo(400);
    }
  }

  @Test
  void a_reply_that_makes_no_sense_is_the_providers_fault() {
    Sent sent = send(JINA, JINA, "{\"model\":\"m\",\"query\":\"q\",\"documents\":[\"a\"]}");
    for (String broken :
        List.of(
            "{}",
            "{\"results\":[{\"index\":1,\"relevance_score\":1}]}",
            "{\"results\":[{\"index\":0}]}",
            "{\"results\":[{\"index\":0,\"relevance_score\":1},{\"index\":0,\"relevance_score\":1}]}")) {
      assertThatThrownBy(() -> sent.chunk(broken, Map.of()))
          .as(broken)
          .isInstanceOfSatisfying(
              Failure.class,
              failure -> assertThat(failure.kind()).isEqualTo(Failure.Kind.UPSTREAM_ERROR));
    }
  }
}
