package bench;

/** CPU time of a proxy while all streams are open: the calls' own beginning and end left out. */
class Price implements Meter.Watch {
  private final Running proxy;
  private long cpu;
  private long events;
  private double micros = Double.NaN;
  private boolean open;

  Price(Running proxy) {
    this.proxy = proxy;
  }

  @Override
  public void allOpen(long count) {
    cpu = proxy.cpuMicros();
    events = count;
    open = true;
  }

  @Override
  public void firstEnded(long count) {
    if (open) {
      micros = (proxy.cpuMicros() - cpu) / (double) (count - events);
      open = false;
    }
  }

  boolean open() {
    return open;
  }

  /** A relayed event; NaN where the streams were never open all at once. */
  double micros() {
    return micros;
  }
}
