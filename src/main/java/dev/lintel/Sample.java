package dev.lintel;

import java.util.List;
import java.util.Map;

/**
 * A metric at a moment, for some labels.
 *
 * @param name as it is exported; of a histogram without the ending of its series
 * @param bounds upper ones of a histogram's buckets, the last of them infinite; of others empty
 * @param values how many a bucket of its own has; of others the value alone
 */
public record Sample(
    String name, Map<String, String> labels, List<Double> bounds, List<Double> values) {}
