package dev.lintel;

import java.net.URI;
import java.util.Map;

/**
 * Where traces go, and which.
 *
 * @param url of a collector that takes OTLP over HTTP; spans go to {@code /v1/traces} below it
 * @param headers sent along, which may hold a secret
 * @param share from 0 to 1, of the calls whose callers do not say whether their trace is kept
 * @param errors whether failed calls of known callers are kept beside the share
 */
public record TraceExport(URI url, Map<String, String> headers, double share, boolean errors) {
  public TraceExport {
    headers = Map.copyOf(headers);
  }

  /** Without what may be a secret. */
  @Override
  public String toString() {
    return "TraceExport[" + url.getHost() + ", " + share + "]";
  }
}
