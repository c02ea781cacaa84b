package dev.lintel.price;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.lintel.Json;
import dev.lintel.Price;
import dev.lintel.Usage;
import dev.lintel.Usage.Source;
import dev.lintel.Usage.Unit;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.node.ObjectNode;

class PriceListTest {
  private static final PriceList CLAUDE =
      of(
          "{'input':'3','output':'15','cache_read':'0.3','cache_write':'3.75','cache_write_1h':'6'}");

  private static PriceList of(String json) {
    return PriceList.read((ObjectNode) Json.parse(json.replace('\'', '"')));
  }

  private static Usage usage(
      long input, long read, long write, long hour, long output, long thoughts) {
    return new Usage(input, read, write, hour, output, thoughts, 0, 0, Source.PROVIDER);
  }

  private static void costs(Optional<BigDecimal> cost, String usd) {
    assertThat(cost.map(BigDecimal::toPlainString)).contains(usd);
  }

  @Test
  void every_sort_of_tokens_has_its_price() {
    costs(CLAUDE.cost(usage(100, 1000, 200, 300, 50, 0)), "0.0039");
  }

  @Test
  void sums_are_exact_plain_decimals_without_trailing_zeros() {
    costs(CLAUDE.cost(usage(0, 1, 0, 0, 0, 0)), "0.0000003");
    costs(CLAUDE.cost(usage(1_000_000, 0, 0, 0, 3_000_000, 0)), "48");
    costs(CLAUDE.cost(usage(0, 0, 0, 0, 0, 0)), "0");
    costs(of("{'input':'0.1','output':'0.2'}").cost(usage(1, 0, 0, 0, 1, 0)), "0.0000003");
    costs(of("{'input':'10','output':'0'}").cost(usage(10_000_000, 0, 0, 0, 0, 0)), "100");
  }

  @Test
  void thoughts_are_paid_once_at_the_outputs_price() {
    costs(CLAUDE.cost(usage(0, 0, 0, 0, 100, 80)), "0.0015");
  }

  @Test
  void thoughts_have_a_price_of_their_own_where_the_provider_has_one() {
    costs(
        of("{'input':'1','output':'2','reasoning':'3'}").cost(usage(0, 0, 0, 0, 100, 80)),
        "0.00028");
  }

  @Test
  void a_cache_without_a_price_costs_what_input_costs() {
    costs(of("{'input':'1','output':'2'}").cost(usage(1, 2, 3, 4, 0, 0)), "0.00001");
  }

  @Test
  void an_hour_in_the_cache_costs_1_6_times_five_minutes_where_it_has_no_price() {
    costs(
        of("{'input':'1','output':'2','cache_write':'1.25'}").cost(usage(0, 0, 0, 100, 0, 0)),
        "0.0002");
    costs(
        of("{'input':'1','output':'2','cache_write':'1.25','cache_write_1h':'2','batch':{'input':'0.5','cache_write':'0.625'}}")
            .cost(usage(0, 0, 0, 100, 0, 0).tier("batch")),
        "0.0001");
  }

  @Test
  void sounds_and_images_are_in_the_tokens_and_have_their_own_price() {
    var price =
        of(
            "{'input':'1','output':'2','audio_input':'10','audio_output':'20','image_input':'5','image_output':'30'}");
    var usage = new Usage(100, 0, 0, 0, 100, 0, 40, 10, Source.PROVIDER).images(20, 30);
    // 40*1 + 40*10 + 20*5 + 60*2 + 10*20 + 30*30
    costs(price.cost(usage), "0.00176");
    costs(of("{'input':'1','output':'2'}").cost(usage), "0.0003");
  }

  @Test
  void a_long_prompt_pays_the_step_for_all_its_tokens() {
    var price =
        of(
            "{'input':'1.25','output':'10','cache_read':'0.125','above_200k':{'input':'2.5','output':'15','cache_read':'0.25'}}");
    costs(price.cost(usage(200_000, 0, 0, 0, 1000, 0)), "0.26");
    costs(price.cost(usage(200_001, 0, 0, 0, 1000, 0)), "0.5150025");
    // What was read from the cache counts in the prompt's length.
    costs(price.cost(usage(1, 200_000, 0, 0, 0, 0)), "0.0500025");
  }

  @Test
  void a_tier_of_service_has_its_own_prices_and_the_usual_ones_for_the_rest() {
    var price =
        of(
            "{'input':'2','output':'8','cache_read':'0.5','batch':{'input':'1','output':'4'},'flex':{'input':'1','output':'4','cache_read':'0.25'},'priority':{'input':'3.5','output':'14','above_200k':{'input':'7'}}}");
    var usage = usage(1000, 1000, 0, 0, 1000, 0);
    costs(price.cost(usage), "0.0105");
    costs(price.cost(usage.tier("default")), "0.0105");
    costs(price.cost(usage.tier("batch")), "0.0055");
    costs(price.cost(usage.tier("flex")), "0.00525");
    costs(price.cost(usage.tier("priority")), "0.018");
    costs(price.cost(usage(300_000, 0, 0, 0, 0, 0).tier("priority")), "2.1");
  }

  @Test
  void pieces_are_paid_each() {
    var price =
        of(
            "{'units':{'image':'0.04','second':'0.0001','page':'0.002','search':'0.01','character':'0.000015'}}");
    var none = new Usage(0, 0, 0, 0, 0, 0, 0, 0, Source.PROVIDER);
    costs(price.cost(none.units(Map.of(Unit.IMAGE, new BigDecimal(3)))), "0.12");
    costs(price.cost(none.units(Map.of(Unit.SECOND, new BigDecimal("12.5")))), "0.00125");
    costs(
        price.cost(none.units(Map.of(Unit.PAGE, BigDecimal.TWO, Unit.SEARCH, BigDecimal.ONE))),
        "0.014");
    costs(price.cost(none.units(Map.of(Unit.CHARACTER, new BigDecimal(100)))), "0.0015");
  }

  @Test
  void what_is_sold_by_the_piece_has_its_tokens_in_that() {
    var usage = Usage.of(20, 0, Source.PROVIDER).units(Map.of(Unit.SEARCH, BigDecimal.ONE));
    costs(of("{'units':{'search':'0.002'}}").cost(usage), "0.002");
    costs(of("{'input':'50','output':'0'}").cost(usage), "0.001");
  }

  @Test
  void a_search_beside_an_answer_is_paid_beside_it() {
    var usage = Usage.of(100, 10, Source.PROVIDER).units(Map.of(Unit.SEARCH, BigDecimal.TWO));
    costs(of("{'input':'1','output':'2','units':{'search':'0.01'}}").cost(usage), "0.02012");
    assertThat(of("{'input':'1','output':'2'}").cost(usage)).isEmpty();
  }

  @Test
  void what_was_used_without_a_price_makes_the_cost_unknown_and_never_zero() {
    assertThat(of("{'input':'1'}").cost(usage(1, 0, 0, 0, 1, 0))).isEmpty();
    assertThat(of("{}").cost(usage(1, 0, 0, 0, 1, 0))).isEmpty();
    assertThat(
            of("{'units':{'image':'0.04'}}")
                .cost(usage(0, 0, 0, 0, 0, 0).units(Map.of(Unit.SECOND, BigDecimal.ONE))))
        .isEmpty();
    costs(of("{'input':'0','output':'0'}").cost(usage(1, 0, 0, 0, 1, 0)), "0");
  }

  @Test
  void a_factor_multiplies_every_amount() {
    var price = of("{'input':'3','output':'15','units':{'search':'0.01'},'batch':{'input':'1.5'}}");
    var less = price.times(new BigDecimal("0.85"));
    costs(less.cost(usage(1_000_000, 0, 0, 0, 0, 0)), "2.55");
    assertThat(less.json())
        .isEqualTo(
            of("{'input':'2.55','output':'12.75','units':{'search':'0.0085'},'batch':{'input':'1.275'}}")
                .json());
  }

  @Test
  void a_key_or_an_amount_that_is_none_is_refused_by_name() {
    assertThatThrownBy(() -> of("{'imput':'1'}")).hasMessageContaining("'imput'");
    assertThatThrownBy(() -> of("{'input':'-1'}")).hasMessageContaining("'input'");
    assertThatThrownBy(() -> of("{'input':'1e999999999'}")).hasMessageContaining("'input'");
    assertThatThrownBy(() -> of("{'input':[1]}")).hasMessageContaining("'input'");
    assertThatThrownBy(() -> of("{'units':{'mile':'1'}}")).hasMessageContaining("'mile'");
  }

  @Test
  void the_quick_figure_is_about_the_exact_one() {
    var stepped =
        of(
            "{'input':'1.25','output':'10','cache_read':'0.31','above_200k':{'input':'2.5','output':'15'}}");
    for (PriceList price : List.of(CLAUDE, stepped, of("{'input':'0.05','output':'0.1'}"))) {
      for (long input : new long[] {0, 1, 1000, 150_000, 200_000, 200_001, 900_000}) {
        for (long cached : new long[] {0, 77_000}) {
          for (long output : new long[] {0, 1, 4000}) {
            double exact =
                price.cost(usage(input, cached, 0, 0, output, 0)).orElseThrow().doubleValue();
            assertThat(price.about(input, cached, output)).isCloseTo(exact, within(1e-9));
          }
        }
      }
    }
  }

  @Test
  void the_quick_figure_of_what_has_no_price_is_no_number() {
    assertThat(of("{'input':'1'}").about(10, 0, 0)).isCloseTo(1e-5, within(1e-12));
    assertThat(of("{'input':'1'}").about(10, 0, 10)).isNaN();
    assertThat(of("{}").about(10, 0, 10)).isNaN();
    assertThat(Price.UNKNOWN.about(10, 0, 10)).isNaN();
  }
}
