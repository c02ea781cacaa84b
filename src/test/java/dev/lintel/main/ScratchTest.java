package dev.lintel.main;

import org.junit.jupiter.api.Test;

class ScratchTest {
  @Test
  void look() {
    try (var g =
        TestGateway.of(
            "providers: { o: { kind: sim }, a: { kind: sim, dialect: anthropic }, g: { kind: sim, dialect: gemini } }\nmodels: { m: o/s }\n")) {
      String[][] cases = {
        {
          "schema string",
          "\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"t\",\"parameters\":\"nope\"}}]"
        },
        {
          "schema array",
          "\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"t\",\"parameters\":[1]}}]"
        },
        {
          "schema type array",
          "\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"t\",\"parameters\":{\"type\":\"array\",\"items\":{}}}}]"
        },
        {
          "schema type string",
          "\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"t\",\"parameters\":{\"type\":\"string\"}}}]"
        },
        {
          "schema props array",
          "\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"t\",\"parameters\":{\"type\":\"object\",\"properties\":[1]}}}]"
        },
        {
          "schema type bogus",
          "\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"t\",\"parameters\":{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"strin\"}}}}}]"
        },
        {
          "schema ref loop",
          "\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"t\",\"parameters\":{\"type\":\"object\",\"properties\":{\"a\":{\"$ref\":\"#/$defs/A\"}},\"$defs\":{\"A\":{\"type\":\"object\",\"properties\":{\"b\":{\"$ref\":\"#/$defs/A\"}}}}}}}]"
        },
        {
          "odd ids",
          "\"messages\":[{\"role\":\"user\",\"content\":\"x\"},{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"a b/ü|1\",\"type\":\"function\",\"function\":{\"name\":\"t\",\"arguments\":\"{}\"}}]},{\"role\":\"tool\",\"tool_call_id\":\"a b/ü|1\",\"content\":\"r\"}]"
        },
        {
          "orphan",
          "\"messages\":[{\"role\":\"user\",\"content\":\"x\"},{\"role\":\"tool\",\"tool_call_id\":\"zz\",\"content\":\"r\"}]"
        },
        {
          "orphan call",
          "\"messages\":[{\"role\":\"user\",\"content\":\"x\"},{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"q\",\"type\":\"function\",\"function\":{\"name\":\"t\",\"arguments\":\"{}\"}}]},{\"role\":\"user\",\"content\":\"go on\"}]"
        },
        {
          "empty text",
          "\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"\"}]}]"
        },
        {"empty content", "\"messages\":[{\"role\":\"user\",\"content\":\"\"}]"},
        {"null content", "\"messages\":[{\"role\":\"user\",\"content\":null}]"},
        {
          "system middle",
          "\"messages\":[{\"role\":\"user\",\"content\":\"x\"},{\"role\":\"system\",\"content\":\"be\"},{\"role\":\"user\",\"content\":\"y\"}]"
        },
        {
          "assistant first",
          "\"messages\":[{\"role\":\"assistant\",\"content\":\"x\"},{\"role\":\"user\",\"content\":\"y\"}]"
        },
        {"only system", "\"messages\":[{\"role\":\"system\",\"content\":\"x\"}]"},
        {
          "bad args",
          "\"messages\":[{\"role\":\"user\",\"content\":\"x\"},{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"q\",\"type\":\"function\",\"function\":{\"name\":\"t\",\"arguments\":\"{no\"}}]},{\"role\":\"tool\",\"tool_call_id\":\"q\",\"content\":\"r\"}]"
        },
        {
          "wav",
          "\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"input_audio\",\"input_audio\":{\"data\":\"AAAAAAAAAAAAAAAAAAAAAAAA\",\"format\":\"wav\"}}]}]"
        },
      };
      for (var c : cases)
        for (String p : new String[] {"o", "a", "g"}) {
          var r = g.post("/v1/chat/completions", "{\"model\":\"" + p + "/s\"," + c[1] + "}");
          String e =
              r.statusCode() == 200
                  ? ""
                  : dev.lintel.Json.parse(r.body()).at("/error/message").asString()
                      + " @"
                      + dev.lintel.Json.parse(r.body()).at("/error/param").asString()
                      + " "
                      + dev.lintel.Json.parse(r.body()).at("/error/lintel/attempts").size();
          System.out.println(
              c[0]
                  + " | "
                  + p
                  + " | "
                  + r.statusCode()
                  + " | "
                  + r.headers().firstValue("x-lintel-adapted").orElse("")
                  + " | "
                  + e);
        }
    }
  }
}
