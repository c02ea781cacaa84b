package dev.lintel.filter;

import dev.lintel.Call;
import dev.lintel.CallThread;
import dev.lintel.Chunk;
import dev.lintel.Embed;
import dev.lintel.Filter;
import dev.lintel.Frame;
import dev.lintel.Handler;
import dev.lintel.Part;
import dev.lintel.Sink;
import dev.lintel.Usage;
import java.util.ArrayList;
import java.util.List;

/**
 * Asks for vectors in parts where the provider takes fewer inputs at once than the caller gave:
 * some parts at the same time, and the first that fails fails the call.
 */
public final class Divide implements Filter {
  /** As many as a provider may find polite. */
  private static final int AT_ONCE = 8;

  @Override
  public void apply(Call call, Sink sink, Handler next) {
    if (!(call.request() instanceof Embed embed) || call.target().isEmpty()) {
      next.handle(call, sink);
      return;
    }
    int most = call.target().get().dialect().most(embed);
    if (embed.inputs().size() <= most) {
      next.handle(call, sink);
      return;
    }
    var errands = new ArrayList<Errand>();
    for (int from = 0; from < embed.inputs().size(); from += most) {
      int to = Math.min(embed.inputs().size(), from + most);
      errands.add(new Errand(call.with(embed.with(embed.inputs().subList(from, to))), next));
    }
    try {
      run(call, errands);
    } finally {
      errands.forEach(Errand::cancel);
    }
    errands.forEach(errand -> errand.noteFor(call.trail()));
    sink.emit(new Chunk(joined(errands, most), Frame.NONE));
  }

  private static void run(Call call, List<Errand> errands) {
    CallThread thread = CallThread.current();
    for (int started = 0, finished = 0; finished < errands.size(); finished++) {
      while (started < errands.size() && started - finished < AT_ONCE) {
        errands.get(started++).start(thread.loop(), thread::wake);
      }
      Errand first = errands.get(finished);
      var running = errands.subList(finished, started);
      boolean inTime =
          thread.await(
              () -> first.over() || running.stream().anyMatch(Divide::hasFailed), call.deadline());
      if (!inTime) {
        throw Errand.late();
      }
      for (Errand errand : running) {
        if (hasFailed(errand)) {
          throw errand.failed().orElseThrow();
        }
      }
    }
  }

  private static boolean hasFailed(Errand errand) {
    return errand.over() && errand.failed().isPresent();
  }

  private static List<Part> joined(List<Errand> errands, int most) {
    var parts = new ArrayList<Part>();
    var usage = new ArrayList<Usage>();
    for (int i = 0; i < errands.size(); i++) {
      List<Part> own = errands.get(i).parts();
      for (Part part : own) {
        if (part instanceof Part.Vector vector) {
          parts.add(new Part.Vector(i * most + vector.index(), vector.format(), vector.values()));
        } else if (part instanceof Part.Start && i == 0) {
          parts.add(part);
        }
      }
      usage.add(Errand.usage(own));
    }
    parts.add(Shares.sum(usage));
    return parts;
  }
}
