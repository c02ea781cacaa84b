package dev.lintel;

/**
 * How a target fares: whether it may be asked now, and what the calls that asked it tell of its
 * pace. Live and shared by all calls and configurations; read and written without waiting.
 *
 * <p>Trouble has three scopes, and that of one never closes another: the provider, one of its keys,
 * and the model at the provider.
 */
public interface Standing {
  /** Nobody looks: everything is granted and nothing known. */
  Standing UNWATCHED = new Unwatched();

  /** Leave to ask with that key. A {@link Leave.Pass} that is granted has to be given back. */
  Leave ask(Call call, Credential key);

  /** The same, also where the target is in trouble; its bounds on calls hold all the same. */
  Leave insist(Call call, Credential key);

  /**
   * What {@link #ask} would say to a call without a key of its own that uses the best of the
   * provider's keys, while nothing is taken: {@code true} where it may be asked. Cheap enough to be
   * asked of every target of every call.
   */
  boolean well();

  /** What the provider said of its account beside an answer. */
  void told(Credential key, Headers headers);

  /**
   * From now on that is told whenever a call that held one of the target's bounds has ended, and
   * there may be room for another: on whatever thread the call ended, so it must not wait.
   */
  void hear(Runnable room);

  /** The same is told no more. */
  void unhear(Runnable room);

  /** Calls that are under way, with those to which the answer is being read. */
  int underWay();

  /**
   * Nanoseconds from asking to the first content: rises at once to what is slower, and falls
   * slowly. NaN where nobody knows.
   *
   * @param now {@link CallThread#nanoTime}, read once for all targets that are compared
   */
  double firstContentNanos(long now);

  /** Of the answer, once it has begun. NaN where nobody knows. */
  double tokensPerSecond();

  /** Of a usual answer. NaN where nobody knows. */
  double outputTokens();

  /** Within which 95 of 100 recent calls had their first content; -1 where too few calls tell. */
  long firstContentP95Nanos();

  /**
   * How well its answers to calls for that model were found of late.
   *
   * @param model by the name that was asked for
   */
  Regard regard(String model, Regard.By by);

  /** See {@link #UNWATCHED}. */
  class Unwatched implements Standing {
    private static final Leave.Pass PASS =
        new Leave.Pass() {
          @Override
          public void answered(long firstContentNanos, long nanos, Usage usage) {}

          @Override
          public void failed(Failure failure) {}

          @Override
          public void left() {}
        };

    protected Unwatched() {}

    @Override
    public Leave ask(Call call, Credential key) {
      return PASS;
    }

    @Override
    public Leave insist(Call call, Credential key) {
      return PASS;
    }

    @Override
    public boolean well() {
      return true;
    }

    @Override
    public void told(Credential key, Headers headers) {}

    @Override
    public void hear(Runnable room) {}

    @Override
    public void unhear(Runnable room) {}

    @Override
    public int underWay() {
      return 0;
    }

    @Override
    public double firstContentNanos(long now) {
      return Double.NaN;
    }

    @Override
    public double tokensPerSecond() {
      return Double.NaN;
    }

    @Override
    public double outputTokens() {
      return Double.NaN;
    }

    @Override
    public long firstContentP95Nanos() {
      return -1;
    }

    @Override
    public Regard regard(String model, Regard.By by) {
      return Regard.NONE;
    }
  }

  /** Where standings come from. */
  @FunctionalInterface
  interface Source {
    Source NONE = (provider, model, concurrent) -> UNWATCHED;

    /**
     * Cheap: asked for each call to a model that no configuration names.
     *
     * @param concurrent the most calls at once; 0 where any number may be
     */
    Standing of(Provider provider, String model, int concurrent);
  }
}
