package dev.lintel.sim;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Json;
import java.util.Random;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class SampleTest {
  private static JsonNode of(String schema) {
    return Sample.of(Json.parse(schema.replace('\'', '"')), new Random(7));
  }

  @Test
  void a_tool_without_arguments_gets_an_empty_object() {
    assertThat(of("{'type':'object','properties':{}}").toString()).isEqualTo("{}");
  }

  @Test
  void required_members_are_made_and_others_left_out() {
    JsonNode made =
        of(
            "{'type':'object','properties':{'a':{'type':'integer'},'b':{'type':'boolean'},"
                + "'c':{'type':'string'}},'required':['a','b']}");
    assertThat(made.get("a").isIntegralNumber()).isTrue();
    assertThat(made.get("b").isBoolean()).isTrue();
    assertThat(made.has("c")).isFalse();
  }

  @Test
  void enums_constants_and_nullable_types_are_kept_to() {
    assertThat(of("{'enum':['x','y']}").asString()).isIn("x", "y");
    assertThat(of("{'const':42}").asInt()).isEqualTo(42);
    assertThat(of("{'type':['null','integer']}").isIntegralNumber()).isTrue();
    assertThat(of("{'anyOf':[{'type':'null'},{'type':'boolean'}]}").isBoolean()).isTrue();
  }

  @Test
  void bounds_are_kept_to() {
    for (int seed = 0; seed < 50; seed++) {
      var random = new Random(seed);
      assertThat(
              Sample.of(Json.parse("{\"type\":\"integer\",\"minimum\":3,\"maximum\":5}"), random)
                  .asInt())
          .isBetween(3, 5);
      assertThat(
              Sample.of(Json.parse("{\"type\":\"number\",\"exclusiveMaximum\":-1}"), random)
                  .asDouble())
          .isLessThan(-1);
    }
    assertThat(of("{'type':'integer','minimum':5,'multipleOf':4}").asInt()).isEqualTo(8);
    assertThat(of("{'type':'string','minLength':30}").asString()).hasSizeGreaterThanOrEqualTo(30);
    assertThat(of("{'type':'string','maxLength':2}").asString()).hasSizeLessThanOrEqualTo(2);
    assertThat(of("{'type':'array','items':{'type':'null'},'minItems':3}")).hasSize(3);
  }

  @Test
  void geminis_capital_types_are_types() {
    String schema = "{'type':'OBJECT','properties':{'n':{'type':'NUMBER'}},'required':['n']}";
    assertThat(of(schema).get("n").isNumber()).isTrue();
  }

  @Test
  void references_and_combined_schemas_are_followed() {
    JsonNode made =
        of(
            "{'allOf':[{'$ref':'#/$defs/a'},{'properties':{'y':{'type':'string'}},'required':['y']}],"
                + "'$defs':{'a':{'type':'object','properties':{'x':{'type':'integer'}},'required':['x']}}}");
    assertThat(made.get("x").isIntegralNumber()).isTrue();
    assertThat(made.get("y").isString()).isTrue();
  }

  @Test
  void a_schema_that_contains_itself_comes_to_an_end() {
    JsonNode made =
        of(
            "{'$ref':'#/$defs/node','$defs':{'node':{'type':'object','properties':"
                + "{'next':{'$ref':'#/$defs/node'}},'required':['next']}}}");
    assertThat(made.has("next")).isTrue();
  }
}
