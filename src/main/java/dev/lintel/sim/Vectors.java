package dev.lintel.sim;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Base64;
import java.util.Locale;
import java.util.Random;

/** Unit vectors for texts: texts that share words point in similar directions. */
final class Vectors {
  /** The rest of a longer text counts as one word more: models have a limit, too. */
  private static final int WORDS = 512;

  private Vectors() {}

  static float[] of(String text, int dimensions) {
    double[] sum = new double[dimensions];
    for (String word : text.toLowerCase(Locale.ROOT).split("[^\\p{L}\\p{N}]+", WORDS)) {
      var random = new Random(Words.seed(word));
      for (int i = 0; i < dimensions; i++) {
        sum[i] += random.nextGaussian();
      }
    }
    double square = 0;
    for (double component : sum) {
      square += component * component;
    }
    float[] unit = new float[dimensions];
    for (int i = 0; i < dimensions; i++) {
      unit[i] = (float) (sum[i] / Math.sqrt(square));
    }
    return unit;
  }

  /** Little-endian 32-bit floats, as OpenAI's {@code encoding_format: base64} has them. */
  static String base64(float[] vector) {
    var bytes = ByteBuffer.allocate(vector.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(vector);
    return Base64.getEncoder().encodeToString(bytes.array());
  }
}
