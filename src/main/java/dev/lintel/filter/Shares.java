package dev.lintel.filter;

import dev.lintel.Usage;
import dev.lintel.Usage.Source;
import dev.lintel.Usage.Unit;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;

/**
 * Usage of several requests: summed up, and apportioned so that the parts add up to the whole to
 * the last token. Apportioned by largest remainder: each gets the whole part of its quota, and what
 * is left goes, one by one, to the largest fractions; of equal ones to the first.
 */
final class Shares {
  private Shares() {}

  /** What all of them used together. */
  static Usage sum(List<Usage> parts) {
    var units = new EnumMap<Unit, BigDecimal>(Unit.class);
    boolean counted = true;
    boolean known = false;
    for (Usage part : parts) {
      part.units().forEach((unit, number) -> units.merge(unit, number, BigDecimal::add));
      counted &= part.source() == Source.PROVIDER;
      known |= part.source() != Source.NONE;
    }
    Source source = counted ? Source.PROVIDER : known ? Source.ESTIMATE : Source.NONE;
    return new Usage(
        sum(parts, Usage::input),
        sum(parts, Usage::cacheRead),
        sum(parts, Usage::cacheWrite),
        sum(parts, Usage::cacheWriteHour),
        sum(parts, Usage::output),
        sum(parts, Usage::reasoning),
        sum(parts, Usage::audioInput),
        sum(parts, Usage::audioOutput),
        sum(parts, Usage::imageInput),
        sum(parts, Usage::imageOutput),
        units,
        parts.getFirst().tier(),
        source);
  }

  private static long sum(List<Usage> parts, ToLongFunction<Usage> figure) {
    return parts.stream().mapToLong(figure).sum();
  }

  /**
   * @param weights above 0, one a share
   */
  static List<Usage> of(Usage whole, List<Long> weights) {
    List<Long> input = split(whole.input(), weights);
    List<Long> read = split(whole.cacheRead(), weights);
    List<Long> write = split(whole.cacheWrite(), weights);
    List<Long> writeHour = split(whole.cacheWriteHour(), weights);
    List<Long> output = split(whole.output(), weights);
    List<Long> reasoning = split(whole.reasoning(), weights);
    List<Long> audioIn = split(whole.audioInput(), weights);
    List<Long> audioOut = split(whole.audioOutput(), weights);
    List<Long> imageIn = split(whole.imageInput(), weights);
    List<Long> imageOut = split(whole.imageOutput(), weights);
    var units = new EnumMap<Unit, List<BigDecimal>>(Unit.class);
    whole.units().forEach((unit, number) -> units.put(unit, split(number, weights)));
    var shares = new ArrayList<Usage>(weights.size());
    for (int i = 0; i < weights.size(); i++) {
      var own = new EnumMap<Unit, BigDecimal>(Unit.class);
      for (Map.Entry<Unit, List<BigDecimal>> unit : units.entrySet()) {
        own.put(unit.getKey(), unit.getValue().get(i));
      }
      shares.add(
          new Usage(
              input.get(i),
              read.get(i),
              write.get(i),
              writeHour.get(i),
              output.get(i),
              reasoning.get(i),
              audioIn.get(i),
              audioOut.get(i),
              imageIn.get(i),
              imageOut.get(i),
              own,
              whole.tier(),
              whole.source()));
    }
    return shares;
  }

  /** In units of its own last digit, so that nothing is rounded. */
  private static List<BigDecimal> split(BigDecimal whole, List<Long> weights) {
    int scale = Math.max(6, whole.scale());
    return split(whole.setScale(scale).unscaledValue(), weights).stream()
        .map(share -> new BigDecimal(share, scale).stripTrailingZeros())
        .toList();
  }

  static List<Long> split(long whole, List<Long> weights) {
    return split(BigInteger.valueOf(whole), weights).stream()
        .map(BigInteger::longValueExact)
        .toList();
  }

  private static List<BigInteger> split(BigInteger whole, List<Long> weights) {
    BigInteger all = BigInteger.valueOf(weights.stream().mapToLong(Long::longValue).sum());
    var shares = new ArrayList<BigInteger>(weights.size());
    var remainders = new ArrayList<BigInteger>(weights.size());
    var order = new ArrayList<Integer>(weights.size());
    BigInteger left = whole;
    for (long weight : weights) {
      BigInteger[] quota = whole.multiply(BigInteger.valueOf(weight)).divideAndRemainder(all);
      order.add(order.size());
      shares.add(quota[0]);
      remainders.add(quota[1]);
      left = left.subtract(quota[0]);
    }
    order.sort(Comparator.comparing((Integer i) -> remainders.get(i)).reversed());
    for (int i = 0; i < left.intValueExact(); i++) {
      int lucky = order.get(i);
      shares.set(lucky, shares.get(lucky).add(BigInteger.ONE));
    }
    return shares;
  }
}
