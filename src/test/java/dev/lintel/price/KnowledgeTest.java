package dev.lintel.price;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.lintel.Fakes;
import dev.lintel.Json;
import dev.lintel.Price;
import dev.lintel.Provider;
import dev.lintel.Usage;
import java.math.BigDecimal;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class KnowledgeTest {
  private static final Usage MILLION = Usage.of(1_000_000, 0, Usage.Source.PROVIDER);

  private static Knowledge knowing(Map<String, BigDecimal> factors) {
    return new Knowledge(
        Catalogue.builtIn(Set.of("openai")),
        Map.of("openai/gpt-4o", Json.object().put("input", "1.00")),
        factors);
  }

  private static final Provider OPENAI = Fakes.provider("openai");

  @Test
  void an_own_price_wins_over_the_catalogues_and_stands_as_it_is() {
    Knowledge knowledge = knowing(Map.of("openai", new BigDecimal("0.5")));
    assertThat(knowledge.of(OPENAI, "gpt-4o").price().cost(MILLION)).contains(BigDecimal.ONE);
    assertThat(knowledge.of(OPENAI, "gpt-4o-mini").price().cost(MILLION))
        .contains(new BigDecimal("0.075"));
  }

  @Test
  void what_a_model_can_do_is_known_beside_an_own_price() {
    assertThat(knowing(Map.of()).of(OPENAI, "gpt-4o").traits().context()).isEqualTo(128_000);
  }

  @Test
  void an_unknown_price_is_warned_of_once_a_model_and_on_one_line() {
    var logger = (Logger) LoggerFactory.getLogger(Knowledge.class);
    var said = new ListAppender<ILoggingEvent>();
    said.start();
    logger.addAppender(said);
    try {
      Knowledge knowledge = knowing(Map.of());
      for (String model : new String[] {"made\nup-1", "made\nup-1", "made\nup-2"}) {
        Price price = knowledge.of(OPENAI, model).price();
        assertThat(price.known()).isFalse();
        assertThat(price.cost(MILLION)).isEmpty();
      }
      assertThat(said.list)
          .extracting(ILoggingEvent::getFormattedMessage)
          .filteredOn(line -> line.contains("up-"))
          .hasSize(2)
          .allMatch(line -> line.contains("openai/made?up-") && !line.contains("\n"));
    } finally {
      logger.detachAppender(said);
    }
  }

  @Test
  void questions_about_the_same_model_are_equal() {
    Knowledge knowledge = knowing(Map.of());
    assertThat(knowledge.of(OPENAI, "gpt-4o")).isEqualTo(knowledge.of(OPENAI, "gpt-4o"));
    assertThat(knowledge.of(OPENAI, "gpt-4o")).isNotEqualTo(knowledge.of(OPENAI, "gpt-4o-mini"));
  }
}
