package dev.lintel;

import java.util.concurrent.CountDownLatch;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;

class HeldTest {
  private static final class Endless implements Upload {
    @Override
    public long length() {
      return -1;
    }

    @Override
    public byte[] next(BooleanSupplier enough) {
      return new byte[1 << 16];
    }
  }

  /** A slot whose making takes as long as the test wants, also where somebody interrupts it. */
  private static final class SlowSpool implements Spool {
    private final CountDownLatch asked = new CountDownLatch(1);
    private final CountDownLatch made = new CountDownLatch(1);
    private final CountDownLatch closed = new CountDownLatch(1);

    @Override
    public Slot open() {
      asked.countDown();
      boolean waiting = true;
      while (waiting) {
        try {
          made.await();
          waiting = false;
        } catch (InterruptedException left) {
          // As a disk that is at it does not mind.
        }
      }
      Slot nothing = NOWHERE.open();
      return new Slot() {
        @Override
        public void write(byte[] bytes) {
          nothing.write(bytes);
        }

        @Override
        public byte[] read(long from, int most) {
          return nothing.read(from, most);
        }

        @Override
        public void close() {
          closed.countDown();
        }
      };
    }
  }

  @Test
  void the_disk_is_given_back_of_a_caller_who_left_while_it_was_asked_for() throws Exception {
    var spool = new SlowSpool();
    var over = new CountDownLatch(1);
    CallThread call =
        CallThread.start(
            OnCallThread.loop(),
            () -> {
              try (var held = new Held(new Endless(), spool)) {
                while (!held.whole()) {
                  held.more();
                }
              } catch (Failure cancelled) {
                over.countDown();
              }
            });
    spool.asked.await();
    call.cancel();
    over.await();
    spool.made.countDown();
    spool.closed.await();
  }
}
