package dev.lintel.alert;

import dev.lintel.Alarm;
import dev.lintel.AlertRule;
import dev.lintel.Json;
import dev.lintel.Notice;
import dev.lintel.Sample;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/** One rule at work: for which groups it holds, and who has been told of it. */
final class Watch {
  /** Within it all nodes have seen the same, and looked at it. */
  private static final Duration TOGETHER = Duration.ofSeconds(30);

  /** A group for which it holds. */
  private static final class Standing {
    final long begun;
    final Instant since;

    /** When it held last. */
    long held;

    boolean firing;
    boolean told;
    long lastTold;
    @Nullable Double value;

    Standing(long begun, Instant since) {
      this.begun = begun;
      this.since = since;
    }
  }

  private final String node;
  private final Window window;
  private final Map<SortedMap<String, String>, Standing> standings;
  private final AlertRule rule;

  Watch(AlertRule rule, String node) {
    this(rule, node, new Window(rule.figure(), rule.bound().above()), new HashMap<>());
  }

  private Watch(
      AlertRule rule,
      String node,
      Window window,
      Map<SortedMap<String, String>, Standing> standings) {
    this.rule = rule;
    this.node = node;
    this.window = window;
    this.standings = standings;
  }

  AlertRule rule() {
    return rule;
  }

  /** By another rule of that name; what is known goes on where it is the same that is watched. */
  Watch by(AlertRule other) {
    return other.figure().equals(rule.figure()) && other.bound().above() == rule.bound().above()
        ? new Watch(other, node, window, standings)
        : new Watch(other, node);
  }

  boolean seen() {
    return window.seen();
  }

  List<Alarm> alarms() {
    var all = new ArrayList<Alarm>();
    standings.forEach((labels, standing) ->
        all.add(
            new Alarm(
                rule,
                labels,
                standing.firing ? Alarm.State.FIRING : Alarm.State.PENDING,
                standing.since,
                Optional.ofNullable(standing.value))));
    return all;
  }

  void look(long nanos, Instant now, List<Sample> samples, Consumer<Notice> tell) {
    Map<SortedMap<String, String>, Double> values = window.look(nanos, samples);
    values.forEach((group, value) -> {
      if (rule.bound().passed(value)) {
        standings.computeIfAbsent(group, begun -> new Standing(nanos, now)).held = nanos;
      }
    });
    for (var one : List.copyOf(standings.entrySet())) {
      SortedMap<String, String> group = one.getKey();
      Standing standing = one.getValue();
      standing.value = values.get(group);
      boolean holds = standing.held == nanos;
      if (holds) {
        fire(group, standing, nanos, now, tell);
      } else if (!standing.firing || nanos - standing.held >= rule.lasting().toNanos()) {
        standings.remove(group);
        if (standing.told) {
          tell.accept(notice(group, standing, now, false));
        }
      }
    }
  }

  private void fire(
      SortedMap<String, String> group,
      Standing standing,
      long nanos,
      Instant now,
      Consumer<Notice> tell) {
    standing.firing |= nanos - standing.begun >= rule.lasting().toNanos();
    boolean due = !standing.told || nanos - standing.lastTold >= rule.repeat().toNanos();
    if (standing.firing && due && !rule.silent()) {
      tell.accept(notice(group, standing, now, true));
      standing.told = true;
      standing.lastTold = nanos;
    }
  }

  private Notice notice(
      SortedMap<String, String> group, Standing standing, Instant now, boolean firing) {
    ObjectNode data = Json.object().put("alert", rule.name());
    data.put("state", firing ? "firing" : "recovered").put("severity", rule.severity().word());
    data.put("repeated", firing && standing.told).put("since", standing.since.toString());
    data.put("summary", summary(group, standing.value, firing));
    data.put("value", standing.value).put("bound", rule.bound().text());
    ObjectNode labels = data.putObject("labels");
    group.forEach(labels::put);
    data.put("node", node);
    Notice notice =
        rule.shared()
            ? Notice.within(
                TOGETHER, Notice.Kind.ALERT, rule.name() + "\n" + group + "\n" + firing, now, data)
            : Notice.own(Notice.Kind.ALERT, now, data);
    return notice.to(rule.to());
  }

  private String summary(SortedMap<String, String> group, @Nullable Double value, boolean firing) {
    var text = new StringBuilder(rule.name()).append(": ").append(rule.what());
    if (value != null) {
      text.append(' ').append(rule.bound().unit().text(value)).append(',');
    }
    text.append(firing ? " " : " no longer ");
    text.append(rule.bound().text());
    if (!group.isEmpty()) {
      text.append(
          group.entrySet().stream()
              .map(label -> label.getKey() + "=" + label.getValue())
              .collect(Collectors.joining(", ", " (", ")")));
    }
    return text.toString();
  }
}
