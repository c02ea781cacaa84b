package dev.lintel.trace;

import dev.lintel.Attempt;
import dev.lintel.Failure;
import dev.lintel.GenAi;
import dev.lintel.Provider;
import dev.lintel.Usage;
import java.net.URI;
import java.util.List;
import java.util.Optional;

/**
 * Writes spans as OTLP has them: {@code ExportTraceServiceRequest} of {@code opentelemetry-proto}
 * 1.9, whose numbers of fields are stable.
 */
final class Spans {
  private static final int SERVER = 2;
  private static final int CLIENT = 3;
  private static final int FAILED = 2;
  private static final int SAMPLED = 1;

  /** It is known whether the parent is of another process, and it is. */
  private static final int REMOTE_PARENT = 0x300;

  private static final int LOCAL_PARENT = 0x100;
  private static final double SECOND = 1e9;

  private final Protobuf out = new Protobuf();
  private final String version;
  private final String node;

  private Spans(String version, String node) {
    this.version = version;
    this.node = node;
  }

  /** Everything of those calls, in one request. */
  static byte[] of(List<Told> calls, String version, String node) {
    var spans = new Spans(version, node);
    spans.out.message(1, all -> spans.resource(calls));
    return spans.out.bytes();
  }

  private void resource(List<Told> calls) {
    out.message(
        1,
        resource -> {
          text(1, "service.name", "lintel");
          text(1, "service.version", version);
          text(1, "service.instance.id", node);
        });
    out.message(
        2,
        scope -> {
          out.message(
              1,
              name -> {
                out.text(1, "dev.lintel");
                out.text(2, version);
              });
          for (Told call : calls) {
            out.message(2, span -> call(call));
            for (int i = 0; i < call.attempts().size(); i++) {
              int place = i;
              out.message(2, span -> attempt(call, place));
            }
          }
        });
  }

  private void head(Told call, String span, String parent, int kind, String model) {
    out.hex(1, call.context().traceId());
    out.hex(2, span);
    if (!call.state().isEmpty()) {
      out.text(3, call.state());
    }
    if (!parent.isEmpty()) {
      out.hex(4, parent);
    }
    out.text(5, model.isEmpty() ? call.operation() : call.operation() + " " + model);
    out.number(6, kind);
    text(9, GenAi.OPERATION, call.operation());
    text(9, GenAi.REQUEST_MODEL, model);
  }

  private void times(long start, long took) {
    out.fixed64(7, start);
    out.fixed64(8, start + Math.max(0, took));
  }

  private void end(Optional<Failure.Kind> failure, Told call, int flags) {
    failure.ifPresent(kind -> {
      text(9, GenAi.ERROR, kind.word());
      out.message(15, status -> out.number(3, FAILED));
    });
    out.fixed32(16, flags | (call.flagged() ? SAMPLED : 0));
  }

  private static long start(Told call) {
    return call.time().getEpochSecond() * 1_000_000_000 + call.time().getNano();
  }

  private void call(Told call) {
    head(call, call.context().span(), call.context().parent(), SERVER, call.named());
    times(start(call), call.nanos());
    flag(GenAi.STREAM, call.stream());
    usage(call.usage());
    text(9, "lintel.request_id", call.context().callId());
    text(9, "lintel.tenant", call.tenant());
    text(9, "lintel.app", call.app());
    text(9, "lintel.use_case", call.useCase());
    text(9, "lintel.target", call.target());
    text(9, "lintel.variant", call.variant());
    text(9, "lintel.shadow_of", call.shadowOf());
    text(9, "lintel.judge_of", call.judgeOf());
    text(9, "lintel.replay_of", call.replayOf());
    whole("lintel.revision", call.served().revision());
    whole("lintel.attempts", call.attempts().size());
    call.cost().ifPresent(usd -> real("lintel.cost_usd", usd.doubleValue()));
    Provider last = call.asked().get(Told.providerOf(call.target()));
    if (last != null) {
      text(9, GenAi.PROVIDER, GenAi.provider(last));
    }
    if (call.firstContent() >= 0) {
      if (call.stream()) {
        real(GenAi.FIRST_CHUNK, call.firstContent() / SECOND);
      }
      out.message(
          11,
          event -> {
            out.fixed64(1, start(call) + call.firstContent());
            out.text(2, "first_token");
          });
    }
    end(call.failure(), call, call.context().parent().isEmpty() ? LOCAL_PARENT : REMOTE_PARENT);
  }

  private void usage(Usage usage) {
    if (usage.source() == Usage.Source.NONE) {
      return;
    }
    long written = usage.cacheWrite() + usage.cacheWriteHour();
    whole(GenAi.INPUT, usage.input() + usage.cacheRead() + written);
    whole(GenAi.OUTPUT, usage.output());
    whole(GenAi.CACHE_READ, usage.cacheRead());
    whole(GenAi.CACHE_WRITE, written);
    whole(GenAi.REASONING, usage.reasoning());
  }

  private void attempt(Told call, int place) {
    Attempt attempt = call.attempts().get(place);
    String name = Told.providerOf(attempt.target());
    String model =
        attempt.target().substring(Math.min(attempt.target().length(), name.length() + 1));
    head(call, call.context().spanOf(place), call.context().span(), CLIENT, model);
    boolean known = attempt.began() >= 0 && attempt.took() >= 0;
    times(
        start(call) + (known ? attempt.began() : 0),
        known ? attempt.took() : attempt.latencyMs() * 1_000_000);
    text(9, "lintel.provider", name);
    if (attempt.status() > 0) {
      whole(GenAi.STATUS, attempt.status());
    }
    attempt.cost().ifPresent(usd -> real("lintel.cost_usd", usd.doubleValue()));
    Provider provider = call.asked().get(name);
    if (provider != null) {
      text(9, GenAi.PROVIDER, GenAi.provider(provider));
      server(provider.url());
    }
    end(attempt.kind(), call, LOCAL_PARENT);
  }

  private void server(URI url) {
    if (url.getHost() != null) {
      text(9, GenAi.ADDRESS, url.getHost());
      whole(
          GenAi.PORT,
          url.getPort() > 0 ? url.getPort() : "http".equals(url.getScheme()) ? 80 : 443);
    }
  }

  /** Left out where there is none. */
  private void text(int field, String key, String value) {
    if (!value.isEmpty()) {
      out.message(
          field,
          pair -> {
            out.text(1, key);
            out.message(2, any -> out.text(1, value));
          });
    }
  }

  private void flag(String key, boolean value) {
    out.message(
        9,
        pair -> {
          out.text(1, key);
          out.message(2, any -> out.number(2, value ? 1 : 0));
        });
  }

  private void whole(String key, long value) {
    out.message(
        9,
        pair -> {
          out.text(1, key);
          out.message(2, any -> out.number(3, value));
        });
  }

  private void real(String key, double value) {
    out.message(
        9,
        pair -> {
          out.text(1, key);
          out.message(2, any -> out.fixed64(4, Double.doubleToLongBits(value)));
        });
  }
}
