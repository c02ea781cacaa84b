package dev.lintel.dialect;

import static dev.lintel.dialect.Exchanges.json;
import static dev.lintel.dialect.Exchanges.send;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.lintel.Chunk;
import dev.lintel.Dialect;
import dev.lintel.Embed;
import dev.lintel.Facts;
import dev.lintel.Failure;
import dev.lintel.Fakes;
import dev.lintel.Headers;
import dev.lintel.Json;
import dev.lintel.Part;
import dev.lintel.Platform;
import dev.lintel.Profile;
import dev.lintel.Target;
import dev.lintel.Traits;
import dev.lintel.Usage;
import dev.lintel.dialect.Exchanges.Sent;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Base64;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** Vectors, from each client's language to each provider's and back. */
class EmbeddingsTest {
  private static final Dialect OPENAI = new OpenAiEmbeddings();
  private static final Dialect GEMINI = new GeminiEmbeddings(false);
  private static final Dialect BATCH = new GeminiEmbeddings(true);
  private static final Dialect COHERE = new CohereEmbeddings();
  private static final Dialect TITAN = new TitanEmbeddings();

  private static final String TWO =
      "{\"model\":\"m\",\"input\":[\"hello\",\"world\"],\"dimensions\":2}";

  private static final String OPENAI_REPLY =
      """
      {"object":"list","data":[{"object":"embedding","index":1,"embedding":[0.5,-0.25]},\
      {"object":"embedding","index":0,"embedding":[1.0,2.5]}],"model":"real",\
      "usage":{"prompt_tokens":7,"total_tokens":7}}\
      """;

  private static Failure refused(Dialect client, Dialect provider, String body) {
    Failure failure = catchThrowableOfType(Failure.class, () -> send(client, provider, body));
    assertThat(failure.kind()).isEqualTo(Failure.Kind.INVALID_REQUEST);
    return failure;
  }

  private static String base64(float... values) {
    var bytes = ByteBuffer.allocate(values.length * 4).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : values) {
      bytes.putFloat(value);
    }
    return Base64.getEncoder().encodeToString(bytes.array());
  }

  // --- the same language

  @Test
  void the_same_language_passes_through_but_for_the_model() {
    String body =
        "{\"model\": \"m\", \"input\": [[1,2],\"x\"], \"dimensions\": 8,  \"new_field\": {\"a\": 1.50}}";
    Sent sent = send(OPENAI, OPENAI, body);
    assertThat(new String(sent.out().body(), java.nio.charset.StandardCharsets.UTF_8))
        .contains("\"target-model\"", "\"dimensions\": 8", "{\"a\": 1.50}", "[[1,2],\"x\"]");
    assertThat(sent.out().path()).isEqualTo("/embeddings");
    String reply =
        "{ \"data\": [{\"index\":0,\"embedding\":[0.10]},{\"index\":1,\"embedding\":[2]}], \"odd\": 1 }";
    assertThat(sent.bytes(reply, Map.of())).isEqualTo(reply);
  }

  @Test
  void a_provider_that_ignores_the_format_does_not_change_what_the_caller_gets() {
    Sent sent =
        send(OPENAI, OPENAI, "{\"model\":\"m\",\"input\":\"x\",\"encoding_format\":\"base64\"}");
    JsonNode answer =
        sent.answer("{\"data\":[{\"index\":0,\"embedding\":[1.0,-2.5]}],\"model\":\"real\"}");
    assertThat(answer.at("/data/0/embedding").asString()).isEqualTo(base64(1.0f, -2.5f));
    assertThat(answer.at("/model").asString()).isEqualTo("real");

    Sent floats = send(OPENAI, OPENAI, "{\"model\":\"m\",\"input\":\"x\"}");
    assertThat(
            floats
                .answer("{\"data\":[{\"embedding\":\"" + base64(0.1f, 3f) + "\"}]}")
                .at("/data/0/embedding"))
        .isEqualTo(json("[0.1,3.0]").deepCopy())
        .hasToString("[0.1,3.0]");
  }

  @Test
  void base64_and_numbers_are_the_same_floats_to_the_last_bit() {
    var random = new Random(3);
    for (int i = 0; i < 2000; i++) {
      float value = Float.intBitsToFloat(random.nextInt());
      if (!Float.isFinite(value)) {
        continue;
      }
      var packed =
          new Part.Vector(
              0, Embed.Format.BASE64, Json.MAPPER.valueToTree(base64(value, 0.017608326f)));
      JsonNode numbers = Floats.in(Embed.Format.FLOAT, List.of(packed)).orElseThrow();
      JsonNode written = Json.parse(Json.text(numbers));
      var again = new Part.Vector(0, Embed.Format.FLOAT, written);
      assertThat(Floats.in(Embed.Format.BASE64, List.of(again)).orElseThrow())
          .isEqualTo(packed.values());
    }
  }

  @Test
  void geminis_batch_names_the_targets_model_in_each_request() {
    Sent sent =
        send(
            BATCH,
            GEMINI,
            """
            {"requests":[{"model":"models/m","content":{"parts":[{"text":"a"}]},"taskType":"RETRIEVAL_QUERY"},\
            {"model":"models/m","content":{"parts":[{"text":"b"}]},"outputDimensionality":5}]}\
            """);
    assertThat(sent.out().path()).isEqualTo("/v1beta/models/target-model:batchEmbedContents");
    assertThat(sent.body().at("/requests/0/model").asString()).isEqualTo("models/target-model");
    assertThat(sent.body().at("/requests/1/outputDimensionality").asInt()).isEqualTo(5);
    String reply = "{\"embeddings\":[{\"values\":[1,2]},{\"values\":[3,4]}]}";
    assertThat(sent.bytes(reply, Map.of())).isEqualTo(reply);
  }

  @Test
  void cohere_gives_every_form_that_was_asked_for() {
    Sent sent =
        send(
            COHERE,
            COHERE,
            """
            {"model":"m","texts":["a"],"input_type":"search_query","embedding_types":["int8","ubinary","base64"],\
            "truncate":"END"}\
            """);
    assertThat(sent.body())
        .isEqualTo(
            json(
                """
                {"model":"target-model","texts":["a"],"input_type":"search_query",\
                "embedding_types":["int8","ubinary","base64"],"truncate":"END"}\
                """));
    String reply =
        "{\"id\":\"x\",\"embeddings\":{\"int8\":[[1,-2]],\"ubinary\":[[255]],\"base64\":[\""
            + base64(1f)
            + "\"]},\"texts\":[\"a\"],\"meta\":{\"billed_units\":{\"input_tokens\":3}}}";
    assertThat(sent.bytes(reply, Map.of())).isEqualTo(reply);
    // The same without the provider's bytes, as after a merge.
    Chunk bare = new Chunk(sent.chunk(reply, Map.of()).parts(), dev.lintel.Frame.NONE);
    JsonNode rewritten =
        Json.parse(
            new String(
                COHERE.writer(sent.request(), sent.trail()).whole(List.of(bare)),
                java.nio.charset.StandardCharsets.UTF_8));
    assertThat(rewritten.at("/embeddings")).isEqualTo(json(reply).at("/embeddings"));
    assertThat(rewritten.at("/meta/billed_units/input_tokens").asInt()).isEqualTo(3);
  }

  @Test
  void what_is_rewritten_for_the_same_language_says_the_same() {
    for (var pair :
        Map.of(
                OPENAI,
                "{\"model\":\"target-model\",\"input\":[\"a\",[1,2]],\"dimensions\":3,"
                    + "\"encoding_format\":\"base64\",\"user\":\"u\",\"input_type\":\"search_query\"}",
                COHERE,
                "{\"model\":\"target-model\",\"texts\":[\"a\"],\"input_type\":\"clustering\","
                    + "\"embedding_types\":[\"float\",\"uint8\"],\"output_dimension\":4,\"truncate\":\"NONE\"}",
                BATCH,
                "{\"requests\":[{\"content\":{\"parts\":[{\"text\":\"a\"},{\"inlineData\":"
                    + "{\"mimeType\":\"image/png\",\"data\":\"AAAA\"}}]},\"taskType\":\"NEW_TASK\","
                    + "\"title\":\"t\",\"outputDimensionality\":9,\"model\":\"models/target-model\"}]}")
            .entrySet()) {
      Embed embed = (Embed) Exchanges.read(pair.getKey(), pair.getValue());
      Sent sent =
          send(pair.getKey(), pair.getKey(), Platform.PLAIN, true, embed.with(embed.inputs()));
      assertThat(sent.body()).isEqualTo(json(pair.getValue()));
    }
  }

  // --- other languages

  @Test
  void openai_to_gemini() {
    Sent sent = send(OPENAI, GEMINI, TWO.replace("}", ",\"user\":\"u\"}"));
    assertThat(sent.out().path()).isEqualTo("/v1beta/models/target-model:batchEmbedContents");
    assertThat(sent.body())
        .isEqualTo(
            json(
                """
                {"requests":[{"content":{"parts":[{"text":"hello"}]},"outputDimensionality":2,"model":"models/target-model"},\
                {"content":{"parts":[{"text":"world"}]},"outputDimensionality":2,"model":"models/target-model"}]}\
                """));
    assertThat(sent.trail().adapted()).containsExactly("drop:user");
    assertThat(
            sent.answer(
                "{\"embeddings\":[{\"values\":[1.0,2.5]},{\"values\":[0.5,-0.25]}],"
                    + "\"usageMetadata\":{\"promptTokenCount\":7}}"))
        .isEqualTo(
            json(
                """
                {"object":"list","data":[{"object":"embedding","index":0,"embedding":[1.0,2.5]},\
                {"object":"embedding","index":1,"embedding":[0.5,-0.25]}],"model":"m",\
                "usage":{"prompt_tokens":7,"total_tokens":7}}\
                """));
  }

  @Test
  void openai_to_cohere_wants_a_purpose() {
    Sent sent = send(OPENAI, COHERE, TWO);
    assertThat(sent.out().path()).isEqualTo("/v2/embed");
    assertThat(sent.body())
        .isEqualTo(
            json(
                """
                {"texts":["hello","world"],"input_type":"search_document","embedding_types":["float"],\
                "output_dimension":2,"model":"target-model"}\
                """));
    assertThat(sent.trail().adapted()).containsExactly("mend:input_type");
    JsonNode answer =
        sent.answer(
            "{\"id\":\"i\",\"embeddings\":{\"float\":[[1.0,2.5],[0.5,-0.25]]},"
                + "\"meta\":{\"billed_units\":{\"input_tokens\":4}}}");
    assertThat(answer.at("/data/1/embedding")).isEqualTo(json("[0.5,-0.25]"));
    assertThat(answer.at("/usage/prompt_tokens").asInt()).isEqualTo(4);

    Sent query = send(OPENAI, COHERE, TWO.replace("}", ",\"input_type\":\"search_query\"}"));
    assertThat(query.body().at("/input_type").asString()).isEqualTo("search_query");
    assertThat(query.trail().adapted()).isEmpty();
  }

  @Test
  void openai_to_titan_in_base64() {
    Sent sent =
        send(
            OPENAI,
            TITAN,
            "{\"model\":\"m\",\"input\":[\"hello\"],\"dimensions\":256,\"encoding_format\":\"base64\"}");
    assertThat(sent.out().path()).isEqualTo("/model/target-model/invoke");
    assertThat(sent.body()).isEqualTo(json("{\"inputText\":\"hello\",\"dimensions\":256}"));
    JsonNode answer = sent.answer("{\"embedding\":[1.5,-1],\"inputTextTokenCount\":3}");
    assertThat(answer.at("/data/0/embedding").asString()).isEqualTo(base64(1.5f, -1f));
    assertThat(answer.at("/usage/total_tokens").asInt()).isEqualTo(3);
  }

  @Test
  void azure_serves_vectors_and_completions_below_a_deployment() {
    var azure = new Platform.Azure("2025-04-01", Map.of("target-model", "mine"), Optional.empty());
    Sent sent = send(OPENAI, OPENAI, azure, false, Exchanges.read(OPENAI, TWO));
    assertThat(sent.out().path())
        .isEqualTo("/openai/deployments/mine/embeddings?api-version=2025-04-01");
    assertThat(sent.body().at("/model").asString()).isEqualTo("mine");
    Dialect completions = new OpenAiCompletions();
    var legacy = Exchanges.read(completions, "{\"model\":\"m\",\"prompt\":\"x\"}");
    assertThat(send(completions, completions, azure, false, legacy).out().path())
        .isEqualTo("/openai/deployments/mine/completions?api-version=2025-04-01");
  }

  @Test
  void openai_to_cohere_at_bedrock() {
    Sent sent = send(OPENAI, COHERE, Exchanges.bedrock(), false, Exchanges.read(OPENAI, TWO));
    assertThat(sent.out().path()).isEqualTo("/model/target-model/invoke");
    assertThat(sent.body().has("model")).isFalse();
    JsonNode answer =
        sent.answer(
            "{\"embeddings\":[[0.1,0.2],[0.4,0.5]],\"id\":\"1\",\"texts\":[\"hello\",\"world\"]}",
            Map.of("X-Amzn-Bedrock-Input-Token-Count", "9"));
    assertThat(answer.at("/data/1/embedding")).isEqualTo(json("[0.4,0.5]"));
    assertThat(answer.at("/usage/prompt_tokens").asInt()).isEqualTo(9);
  }

  @Test
  void cohere_clients_get_coheres_reply_from_bedrock_too() {
    Sent sent =
        send(
            COHERE,
            COHERE,
            Exchanges.bedrock(),
            false,
            Exchanges.read(
                COHERE, "{\"model\":\"m\",\"texts\":[\"a\"],\"input_type\":\"search_query\"}"));
    assertThat(sent.body()).isEqualTo(json("{\"texts\":[\"a\"],\"input_type\":\"search_query\"}"));
    JsonNode answer = sent.answer("{\"embeddings\":[[0.1]],\"id\":\"1\",\"texts\":[\"a\"]}");
    assertThat(answer.at("/embeddings/float")).isEqualTo(json("[[0.1]]"));
    assertThat(answer.at("/response_type").asString()).isEqualTo("embeddings_by_type");
    assertThat(answer.at("/id").asString()).isNotEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "RETRIEVAL_DOCUMENT, search_document, ''",
    "RETRIEVAL_QUERY, search_query, ''",
    "CLUSTERING, clustering, ''",
    "QUESTION_ANSWERING, search_query, change:taskType->search_query",
    "SEMANTIC_SIMILARITY, clustering, change:taskType->clustering",
  })
  void gemini_to_cohere_keeps_the_purpose(String task, String type, String note) {
    Sent sent =
        send(
            GEMINI,
            COHERE,
            "{\"content\":{\"parts\":[{\"text\":\"a\"},{\"text\":\"b\"}]},\"task_type\":\""
                + task
                + "\",\"title\":\"T\",\"output_dimensionality\":3}");
    assertThat(sent.body())
        .isEqualTo(
            json(
                "{\"texts\":[\"a\\nb\"],\"input_type\":\""
                    + type
                    + "\",\"embedding_types\":[\"float\"],\"output_dimension\":3,\"model\":\"target-model\"}"));
    assertThat(sent.trail().adapted())
        .containsExactlyInAnyOrderElementsOf(
            note.isEmpty() ? List.of("drop:title") : List.of("drop:title", note));
    assertThat(
            sent.answer(
                "{\"embeddings\":{\"float\":[[1]]},\"meta\":{\"billed_units\":{\"input_tokens\":2}}}"))
        .isEqualTo(
            json(
                "{\"embedding\":{\"values\":[1]},\"usageMetadata\":{\"promptTokenCount\":2,\"totalTokenCount\":2}}"));
  }

  @Test
  void gemini_to_openai_reads_the_newer_place_of_the_options() {
    Sent sent =
        send(
            BATCH,
            OPENAI,
            """
            {"requests":[{"content":{"parts":[{"text":"a"}]},"embedContentConfig":{"outputDimensionality":2,\
            "taskType":"CLUSTERING","autoTruncate":true}}]}\
            """);
    assertThat(sent.body())
        .isEqualTo(json("{\"model\":\"target-model\",\"input\":[\"a\"],\"dimensions\":2}"));
    assertThat(sent.trail().adapted())
        .containsExactlyInAnyOrder("drop:taskType", "drop:embedContentConfig");
    assertThat(
            sent.answer("{\"data\":[{\"index\":0,\"embedding\":[1]}]}").at("/embeddings/0/values"))
        .isEqualTo(json("[1]"));
  }

  @Test
  void options_that_differ_within_a_batch_cannot_go_to_others() {
    String body =
        """
        {"requests":[{"content":{"parts":[{"text":"a"}]}},\
        {"content":{"parts":[{"text":"b"}]},"outputDimensionality":2}]}\
        """;
    assertThat(send(BATCH, GEMINI, body).body().at("/requests").size()).isEqualTo(2);
    Failure failure = refused(BATCH, OPENAI, body);
    assertThat(failure.param()).contains("requests[1].content");
    assertThat(failure.again()).isEqualTo(Failure.Again.ELSEWHERE);
  }

  @Test
  void cohere_to_openai_and_gemini() {
    String body =
        "{\"model\":\"m\",\"texts\":[\"a\",\"b\"],\"input_type\":\"search_query\","
            + "\"embedding_types\":[\"base64\",\"float\"],\"output_dimension\":2,\"truncate\":\"END\"}";
    Sent sent = send(COHERE, OPENAI, body);
    assertThat(sent.body())
        .isEqualTo(json("{\"model\":\"target-model\",\"input\":[\"a\",\"b\"],\"dimensions\":2}"));
    assertThat(sent.trail().adapted())
        .containsExactlyInAnyOrder("drop:input_type", "drop:truncate");
    JsonNode answer = sent.answer(OPENAI_REPLY);
    assertThat(answer.at("/embeddings/float")).isEqualTo(json("[[1.0,2.5],[0.5,-0.25]]"));
    assertThat(answer.at("/embeddings/base64/1").asString()).isEqualTo(base64(0.5f, -0.25f));
    assertThat(answer.at("/texts")).isEqualTo(json("[\"a\",\"b\"]"));
    assertThat(answer.at("/meta/billed_units/input_tokens").asInt()).isEqualTo(7);

    assertThat(send(COHERE, GEMINI, body).body().at("/requests/1/taskType").asString())
        .isEqualTo("RETRIEVAL_QUERY");
  }

  @Test
  void images_go_where_they_are_taken() {
    String png = "data:image/png;base64,iVBORw0KGgo=";
    String images = "{\"model\":\"m\",\"input_type\":\"image\",\"images\":[\"" + png + "\"]}";
    Sent gemini = send(COHERE, GEMINI, images);
    assertThat(gemini.body().at("/content/parts/0/inlineData/mimeType").asString())
        .isEqualTo("image/png");
    assertThat(gemini.trail().adapted()).containsExactly("drop:input_type");
    String mixed =
        "{\"model\":\"m\",\"input_type\":\"search_document\",\"output_dimension\":256,\"inputs\":[{\"content\":["
            + "{\"type\":\"text\",\"text\":\"a cat\"},{\"type\":\"image_url\",\"image_url\":{\"url\":\""
            + png
            + "\"}}]}]}";
    assertThat(send(COHERE, TITAN, mixed).body())
        .isEqualTo(
            json(
                "{\"inputImage\":\"iVBORw0KGgo=\",\"inputText\":\"a cat\",\"embeddingConfig\":{\"outputEmbeddingLength\":256}}"));
    assertThat(refused(COHERE, OPENAI, images).param()).contains("images[0]");

    String inline =
        "{\"content\":{\"parts\":[{\"text\":\"a cat\"},{\"inlineData\":{\"mimeType\":\"image/png\",\"data\":\"iVBORw0KGgo=\"}}]}}";
    assertThat(
            send(GEMINI, COHERE, inline).body().at("/inputs/0/content/1/image_url/url").asString())
        .isEqualTo(png);
  }

  @Test
  void a_model_that_sees_takes_its_dimensions_elsewhere() {
    var traits = new Traits(Set.of(), 0, 0, EnumSet.of(Traits.Ability.IMAGE_INPUT), Set.of(), 0);
    Target plain = Exchanges.target(TITAN, Platform.PLAIN);
    var sees =
        new Target(plain.provider(), plain.model(), Profile.NONE, Facts.of(traits, plain.price()));
    var out =
        TITAN.write(
            Exchanges.read(OPENAI, "{\"model\":\"m\",\"input\":\"x\",\"dimensions\":384}"),
            sees,
            new dev.lintel.Adaptation(Fakes.trail(), true));
    assertThat(
            Json.parse(out.body(), 0, out.body().length)
                .at("/embeddingConfig/outputEmbeddingLength")
                .asInt())
        .isEqualTo(384);
  }

  // --- wrong requests

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'model':'m'}|input",
        "{'model':'m','input':''}|input",
        "{'model':'m','input':[]}|input",
        "{'model':'m','input':7}|input",
        "{'model':'m','input':['a','']}|input[1]",
        "{'model':'m','input':['a',{'x':1}]}|input[1]",
        "{'model':'m','input':[['a']]}|input[0]",
        "{'model':'m','input':[1,-2]}|input",
        "{'model':'m','input':[[1],[]]}|input[1]",
        "{'model':'m','input':'x','encoding_format':'int4'}|encoding_format",
        "{'model':'m','input':'x','dimensions':0}|dimensions",
        "{'model':'m','input':'x','dimensions':'many'}|dimensions",
        "{'input':'x'}|model",
      })
  void openais_wrong_requests_name_the_field(String body, String field) {
    Failure failure = refused(OPENAI, OPENAI, body.replace('\'', '"'));
    assertThat(failure.param()).contains(field);
    assertThat(Exchanges.error(OPENAI.error(failure, Fakes.trail())).at("/error/param").asString())
        .isEqualTo(field);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{}|content",
        "{'content':{'parts':[]}}|content.parts",
        "{'content':{'parts':[{'text':7}]}}|content.parts[0].text",
        "{'content':{'parts':[{'text':'x'}]},'outputDimensionality':-1}|outputDimensionality",
      })
  void geminis_wrong_requests_name_the_field(String body, String field) {
    assertThat(refused(GEMINI, GEMINI, body.replace('\'', '"')).param()).contains(field);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'model':'m','input_type':'search_query'}|texts",
        "{'model':'m','texts':[]}|texts",
        "{'model':'m','texts':['a',1]}|texts",
        "{'model':'m','texts':['']}|texts[0]",
        "{'model':'m','texts':['a'],'images':['data:image/png;base64,AA']}|images",
        "{'model':'m','texts':['a'],'input_type':'poetry'}|input_type",
        "{'model':'m','texts':['a'],'embedding_types':['int4']}|embedding_types",
        "{'model':'m','inputs':[{'content':[]}]}|inputs[0].content",
        "{'model':'m','inputs':[{'content':[{'type':'text'}]}]}|inputs[0].content[0].text",
      })
  void coheres_wrong_requests_name_the_field(String body, String field) {
    Failure failure = refused(COHERE, COHERE, body.replace('\'', '"'));
    assertThat(failure.param()).contains(field);
    JsonNode error = Exchanges.error(COHERE.error(failure, Fakes.trail()));
    assertThat(error.at("/message").asString()).isEqualTo(failure.message());
    assertThat(error.at("/lintel/kind").asString()).isEqualTo("invalid_request");
  }

  @Test
  void too_many_inputs_are_refused_by_their_field() {
    assertThat(refused(OPENAI, OPENAI, many("input", 2049)).param()).contains("input");
    assertThat(refused(COHERE, COHERE, many("texts", 97)).message()).contains("texts", "96", "97");
    assertThat(((Embed) Exchanges.read(OPENAI, many("input", 2048))).inputs()).hasSize(2048);
  }

  private static String many(String field, int number) {
    return "{\"model\":\"m\",\"" + field + "\":[" + "\"a\",".repeat(number - 1) + "\"a\"]}";
  }

  @Test
  void what_the_target_cannot_take_is_good_for_another() {
    for (Dialect provider : List.of(GEMINI, COHERE, TITAN)) {
      Failure tokens = refused(OPENAI, provider, "{\"model\":\"m\",\"input\":[1,2]}");
      assertThat(tokens.param()).contains("input");
      assertThat(tokens.again()).isEqualTo(Failure.Again.ELSEWHERE);
    }
    for (Dialect provider : List.of(OPENAI, GEMINI, TITAN)) {
      Failure form =
          refused(
              COHERE,
              provider,
              "{\"model\":\"m\",\"texts\":[\"a\"],\"embedding_types\":[\"float\",\"int8\"]}");
      assertThat(form.param()).contains("embedding_types");
      assertThat(form.again()).isEqualTo(Failure.Again.ELSEWHERE);
    }
  }

  // --- replies

  @Test
  void replies_are_put_in_the_order_of_the_inputs_and_must_be_complete() {
    Sent sent = send(OPENAI, OPENAI, TWO);
    List<Part> parts = sent.chunk(OPENAI_REPLY, Map.of()).parts();
    assertThat(parts).contains(Usage.of(7, 0, Usage.Source.PROVIDER));
    for (String broken :
        List.of(
            "{\"data\":[{\"index\":0,\"embedding\":[1]}]}",
            "{\"data\":[{\"index\":0,\"embedding\":[1]},{\"index\":0,\"embedding\":[1]}]}",
            "{\"data\":[{\"index\":0,\"embedding\":[1]},{\"index\":2,\"embedding\":[1]}]}",
            "{\"data\":[{\"embedding\":[1]},{\"embedding\":[1]},{\"embedding\":[1]}]}",
            "{\"data\":[{\"embedding\":[\"x\"]},{\"embedding\":[1]}]}",
            "{\"data\":[{\"embedding\":[]},{\"embedding\":[1]}]}",
            "{}",
            "[]",
            "{\"data\":")) {
      assertThatThrownBy(() -> sent.chunk(broken, Map.of()))
          .as(broken)
          .isInstanceOfSatisfying(
              Failure.class,
              failure -> assertThat(failure.kind()).isEqualTo(Failure.Kind.UPSTREAM_ERROR));
    }
  }

  @Test
  void an_error_inside_a_reply_is_a_failure() {
    Sent sent = send(OPENAI, OPENAI, TWO);
    assertThatThrownBy(
            () -> sent.chunk("{\"error\":{\"message\":\"slow\",\"code\":429}}", Map.of()))
        .isInstanceOfSatisfying(
            Failure.class,
            failure -> assertThat(failure.kind()).isEqualTo(Failure.Kind.UPSTREAM_RATE_LIMITED));
  }

  @Test
  void usage_that_nobody_counted_is_an_estimate_that_says_so() {
    Sent sent = send(OPENAI, GEMINI, "{\"model\":\"m\",\"input\":\"" + "word ".repeat(8) + "\"}");
    assertThat(sent.chunk("{\"embedding\":{\"values\":[1]}}", Map.of()).parts())
        .contains(Usage.of(10, 0, Usage.Source.ESTIMATE));
  }

  @Test
  void images_are_counted_by_the_piece() {
    Sent sent =
        send(
            COHERE,
            COHERE,
            "{\"model\":\"m\",\"input_type\":\"image\",\"images\":[\"data:image/png;base64,iVBORw0KGgo=\"]}");
    assertThat(
            sent.chunk(
                    "{\"id\":\"x\",\"embeddings\":{\"float\":[[1]]},\"meta\":{\"billed_units\":{\"images\":1}}}",
                    Map.of())
                .parts())
        .contains(
            Usage.of(0, 0, Usage.Source.PROVIDER).units(Map.of(Usage.Unit.IMAGE, BigDecimal.ONE)));
  }

  @Test
  void providers_errors_keep_their_words() {
    assertThat(COHERE.failure(400, Headers.NONE, "{\"message\":\"too long\"}".getBytes()).message())
        .isEqualTo("too long");
    Failure throttled =
        TITAN.failure(
            429,
            Headers.of(Map.of("x-amzn-ErrorType", "ThrottlingException:http://x")),
            "{\"message\":\"Too many requests\"}".getBytes());
    assertThat(throttled.kind()).isEqualTo(Failure.Kind.UPSTREAM_RATE_LIMITED);
    assertThat(throttled.code()).contains("ThrottlingException");
  }
}
