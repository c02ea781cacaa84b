package dev.lintel.admin;

import dev.lintel.Answer;
import dev.lintel.CallThread;
import dev.lintel.Dialect;
import dev.lintel.Endpoint;
import dev.lintel.Failure;
import dev.lintel.RawRequest;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Reports as the admin API answers them, whatever they are about. */
public final class Reports {
  private final Dialect envelope;

  /**
   * @param envelope in which failures are told
   */
  public Reports(Dialect envelope) {
    this.envelope = envelope;
  }

  /** A report that is written piece by piece. */
  public interface Streamed {
    String contentType();

    /** What fails before the first piece is told with a status of its own. */
    void write(Consumer<byte[]> out);
  }

  /** One that is an object; computed where no loop waits for it. */
  public Endpoint whole(List<String> parameters, Function<Asked, ObjectNode> report) {
    return new Question(
        envelope,
        (exchange, trail) -> {
          var asked = new Asked(exchange.request(), parameters);
          return Answer.json(200, CallThread.current().offload(() -> report.apply(asked)));
        });
  }

  /** One about what the body says, an object. */
  public Endpoint about(List<String> fields, Function<Body, ObjectNode> report) {
    return new Question(
        envelope,
        (exchange, trail) -> {
          var body = new Body(Wanted.body(exchange), fields);
          return Answer.json(200, CallThread.current().offload(() -> report.apply(body)));
        });
  }

  public Endpoint streamed(List<String> parameters, Function<Asked, Streamed> report) {
    return Pieces.answer(
        envelope,
        (exchange, out) -> {
          Streamed wanted = report.apply(new Asked(exchange.request(), parameters));
          out.type(wanted.contentType());
          wanted.write(out);
        });
  }

  /** What the parameters say; every answer throws {@link Failure} that names the parameter. */
  public static final class Asked {
    private final RawRequest request;
    private final Map<String, String> given;

    Asked(RawRequest request, List<String> known) {
      this.request = request;
      this.given = Listed.only(request, known.toArray(String[]::new));
    }

    public Optional<String> text(String name) {
      return Optional.ofNullable(given.get(name));
    }

    public Optional<Instant> time(String name) {
      return Listed.time(request, name);
    }

    /** Words with commas between them, each of them known. */
    public List<String> words(String name, List<String> known) {
      var words = new LinkedHashSet<String>();
      for (String word :
          text(name).stream().flatMap(all -> Arrays.stream(all.split(",", -1))).toList()) {
        if (!known.contains(word.strip())) {
          throw Failure.invalid(
                  "'%s' takes %s with commas between them, not '%s'."
                      .formatted(name, String.join(", ", known), word.strip()))
              .at(name);
        }
        words.add(word.strip());
      }
      return List.copyOf(words);
    }

    /** One of those. */
    public <E extends Enum<E>> E word(String name, Set<E> known, E usual) {
      Optional<String> word = text(name);
      if (word.isEmpty()) {
        return usual;
      }
      return known.stream()
          .filter(one -> one.name().toLowerCase(Locale.ROOT).equals(word.get()))
          .findFirst()
          .orElseThrow(() ->
              Failure.invalid(
                      "'%s' must be one of %s."
                          .formatted(
                              name,
                              String.join(
                                  ", ",
                                  known.stream()
                                      .map(one -> one.name().toLowerCase(Locale.ROOT))
                                      .toList())))
                  .at(name));
    }

    public int whole(String name, int usual, int least, int most) {
      Optional<String> text = text(name);
      if (text.isEmpty()) {
        return usual;
      }
      int value = text.get().matches("[0-9]{1,9}") ? Integer.parseInt(text.get()) : -1;
      if (value < least || value > most) {
        throw Failure.invalid(
                "'%s' must be a whole number from %d to %d.".formatted(name, least, most))
            .at(name);
      }
      return value;
    }

    /** Not below zero. */
    public BigDecimal amount(String name, BigDecimal usual) {
      Optional<String> text = text(name);
      if (text.isEmpty()) {
        return usual;
      }
      if (!text.get().matches("[0-9]{1,12}(\\.[0-9]{1,12})?")) {
        throw Failure.invalid("'" + name + "' must be a number such as 1 or 0.25.").at(name);
      }
      return new BigDecimal(text.get());
    }
  }

  /** What a body says; every answer throws {@link Failure} that names the field. */
  public static final class Body {
    private final ObjectNode body;

    Body(ObjectNode body, List<String> known) {
      this.body = body;
      for (String name : body.propertyNames()) {
        if (!known.contains(name)) {
          throw Failure.invalid(
                  "'" + name + "' is none of the fields: " + String.join(", ", known) + ".")
              .at(name);
        }
      }
    }

    private Optional<JsonNode> given(String name) {
      return Optional.ofNullable(body.get(name)).filter(value -> !value.isNull());
    }

    public String text(String name) {
      return given(name)
          .filter(JsonNode::isString)
          .map(JsonNode::asString)
          .filter(text -> !text.isBlank())
          .orElseThrow(() -> wrong(name, "a text"));
    }

    /** Words with commas between them. */
    public Set<String> words(String name) {
      var words = new LinkedHashSet<String>();
      for (String word : text(name).split(",")) {
        words.add(word.strip());
      }
      return words;
    }

    /** Texts by names; none where it is left out. */
    public Map<String, String> map(String name) {
      Optional<JsonNode> given = given(name);
      var map = new LinkedHashMap<String, String>();
      if (given.isPresent()) {
        if (!given.get().isObject()) {
          throw wrong(name, "an object of texts");
        }
        given
            .get()
            .properties()
            .forEach(one -> {
              if (!one.getValue().isString()) {
                throw Failure.invalid("'" + name + "." + one.getKey() + "' must be a text.")
                    .at(name + "." + one.getKey());
              }
              map.put(one.getKey(), one.getValue().asString());
            });
      }
      return map;
    }

    /** A number that is not below zero. */
    public BigDecimal amount(String name, BigDecimal usual) {
      Optional<JsonNode> given = given(name);
      if (given.isEmpty()) {
        return usual;
      }
      double value = given.get().isNumber() ? given.get().asDouble() : Double.NaN;
      if (!(value >= 0 && value <= 1e12)) {
        throw wrong(name, "a number that is not below zero");
      }
      return BigDecimal.valueOf(value);
    }

    private static Failure wrong(String name, String what) {
      return Failure.invalid("'" + name + "' must be " + what + ".").at(name);
    }
  }
}
