package dev.lintel.filter;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lintel.Usage;
import dev.lintel.Usage.Unit;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class SharesTest {
  @Test
  void what_is_left_goes_to_the_largest_remainders() {
    assertThat(Shares.split(10, List.of(1L, 1L, 1L))).containsExactly(4L, 3L, 3L);
    assertThat(Shares.split(10, List.of(1L, 2L, 3L))).containsExactly(2L, 3L, 5L);
    assertThat(Shares.split(2, List.of(5L, 1L, 5L))).containsExactly(1L, 0L, 1L);
    assertThat(Shares.split(0, List.of(5L, 1L))).containsExactly(0L, 0L);
  }

  @Test
  void shares_add_up_to_the_whole_whatever_the_weights() {
    var random = new Random(7);
    for (int i = 0; i < 500; i++) {
      List<Long> weights =
          LongStream.generate(() -> 1 + random.nextLong(10_000))
              .limit(1 + random.nextInt(64))
              .boxed()
              .toList();
      Usage whole =
          new Usage(
                  random.nextLong(1_000_000_000_000L),
                  random.nextLong(1000),
                  3,
                  0,
                  random.nextLong(50),
                  0,
                  0,
                  0,
                  Usage.Source.PROVIDER)
              .images(random.nextLong(100), 0)
              .units(Map.of(Unit.SEARCH, new BigDecimal("1.0000001"), Unit.IMAGE, BigDecimal.TEN))
              .tier("flex");
      List<Usage> shares = Shares.of(whole, weights);
      Usage sum = Shares.sum(shares);
      assertThat(sum.units().get(Unit.SEARCH)).isEqualByComparingTo("1.0000001");
      assertThat(sum.units().get(Unit.IMAGE)).isEqualByComparingTo("10");
      assertThat(sum.units(Map.of())).isEqualTo(whole.units(Map.of()));
      assertThat(shares).allMatch(share -> share.input() >= 0 && share.tier().equals("flex"));
    }
  }

  @Test
  void a_sum_with_an_estimate_in_it_is_an_estimate() {
    Usage counted = Usage.of(3, 0, Usage.Source.PROVIDER);
    Usage guessed = Usage.of(4, 0, Usage.Source.ESTIMATE);
    assertThat(Shares.sum(List.of(counted, guessed)))
        .isEqualTo(Usage.of(7, 0, Usage.Source.ESTIMATE));
    assertThat(Shares.sum(List.of(counted, counted)).source()).isEqualTo(Usage.Source.PROVIDER);
    assertThat(Shares.sum(List.of(Usage.UNKNOWN)).source()).isEqualTo(Usage.Source.NONE);
  }
}
