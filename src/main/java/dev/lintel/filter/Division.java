package dev.lintel.filter;

import dev.lintel.CallThread;
import dev.lintel.Rollout;
import dev.lintel.Routing;
import dev.lintel.Target;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A model's split in one configuration, over arms that may be older than it.
 *
 * @param arms as many as the split has, in its order
 */
record Division(String model, Routing.Split split, List<LiveArm> arms, LiveArm base) {
  /** A hundredth of a percent. */
  private static final int SLOTS = 10_000;

  /**
   * @param before of the same model in the configuration before; {@code null} where it had none
   */
  static Division of(
      String model, Routing.Split split, List<Target> own, @Nullable Division before, long now) {
    var definitions = split.arms().stream().map(arm -> LiveArm.Definition.of(split, arm)).toList();
    LiveArm.Definition base = LiveArm.Definition.base(own);
    if (before == null) {
      return new Division(
          model,
          split,
          definitions.stream().map(arm -> LiveArm.begin(model, arm, now)).toList(),
          LiveArm.begin(model, base, now));
    }
    LiveArm kept =
        before.base.definition.equals(base) ? before.base : LiveArm.begin(model, base, now);
    if (before.arms.stream().map(arm -> arm.definition).toList().equals(definitions)) {
      return new Division(model, split, before.arms, kept);
    }
    var arms = new ArrayList<LiveArm>();
    for (LiveArm.Definition arm : definitions) {
      arms.add(
          before
              .find(arm.name())
              .map(old -> old.goingOn(arm, now))
              .orElseGet(() -> LiveArm.begin(model, arm, now)));
    }
    return new Division(model, split, List.copyOf(arms), kept);
  }

  private Optional<LiveArm> find(String name) {
    return arms.stream().filter(arm -> arm.is(name)).findFirst();
  }

  /** The arm of that name, {@code base} too. */
  Optional<LiveArm> named(String name) {
    return base.is(name) ? Optional.of(base) : find(name);
  }

  /**
   * To which arm a call belongs: its place in {@link #arms}, -1 for the base. Who has the same mark
   * comes to the same arm, and stays there while the arm grows.
   *
   * @param mark empty where the call has none: it is drawn
   */
  int draw(String mark, long now) {
    int slot = mark.isEmpty() ? CallThread.random().nextInt(SLOTS) : slot(model, mark);
    int from = 0;
    for (int i = 0; i < arms.size(); i++) {
      LiveArm arm = arms.get(i);
      if (slot >= from && slot < from + Math.round(arm.percent(now) * (SLOTS / 100))) {
        return arm.runs() ? i : -1;
      }
      // What an arm grows into is nobody else's, so that nobody has to move when it does.
      from += (int) Math.round(arm.definition.percent() * (SLOTS / 100));
    }
    return -1;
  }

  /** The same in every process: FNV-1a of both, then mixed so that all bits count. */
  static int slot(String model, String mark) {
    long hash = add(add(0xcbf29ce484222325L, model) * 0x100000001b3L, mark);
    hash = (hash ^ (hash >>> 33)) * 0xff51afd7ed558ccdL;
    hash = (hash ^ (hash >>> 33)) * 0xc4ceb9fe1a85ec53L;
    return (int) Long.remainderUnsigned(hash ^ (hash >>> 33), SLOTS);
  }

  private static long add(long hash, String text) {
    long sum = hash;
    for (int i = 0; i < text.length(); i++) {
      sum = (sum ^ text.charAt(i)) * 0x100000001b3L;
    }
    return sum;
  }

  void resume() {
    arms.forEach(LiveArm::resume);
  }

  Rollout shown(long now) {
    var all = new ArrayList<Rollout.Arm>();
    double rest = 100;
    for (LiveArm arm : arms) {
      double percent = arm.percent(now);
      rest -= arm.runs() ? percent : 0;
      all.add(arm.shown(percent));
    }
    all.add(base.shown(Math.max(0, rest)));
    return new Rollout(model, all);
  }
}
