package dev.lintel.observe;

import dev.lintel.GenAi;

/**
 * Names of {@link GenAi} in the spelling that Prometheus gives them: dots are underscores, and the
 * unit comes last.
 */
final class GenAiNames {
  static final String CLIENT_DURATION = "gen_ai_client_operation_duration_seconds";
  static final String CLIENT_TOKENS = "gen_ai_client_token_usage";
  static final String SERVER_DURATION = "gen_ai_server_request_duration_seconds";
  static final String SERVER_FIRST_TOKEN = "gen_ai_server_time_to_first_token_seconds";
  static final String SERVER_PER_TOKEN = "gen_ai_server_time_per_output_token_seconds";

  static final String OPERATION = spelt(GenAi.OPERATION);
  static final String PROVIDER = spelt(GenAi.PROVIDER);
  static final String MODEL = spelt(GenAi.REQUEST_MODEL);
  static final String TOKEN = spelt(GenAi.TOKEN_TYPE);
  static final String ERROR = spelt(GenAi.ERROR);

  /** Buckets that the conventions ask for. */
  static final double[] DURATIONS = {
    0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92
  };

  static final double[] FIRST_TOKENS = {
    0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10
  };

  static final double[] PER_TOKENS = {
    0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5
  };

  static final double[] TOKENS = {
    1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864
  };

  private GenAiNames() {}

  private static String spelt(String name) {
    return name.replace('.', '_');
  }
}
