package dev.lintel;

/**
 * What a dialect has to change in a request because the target cannot take it as it is. In strict
 * mode the change is refused instead.
 */
public final class Adaptation {
  private final Trail trail;
  private final boolean strict;

  public Adaptation(Trail trail, boolean strict) {
    this.trail = trail;
    this.strict = strict;
  }

  /**
   * Something is left out.
   *
   * @param field the caller's own name for it, such as {@code logit_bias} or {@code
   *     messages[2].name}
   */
  public void drop(String field) {
    note("drop", field, field);
  }

  /** Something goes out in a form that means nearly, but not exactly, the same. */
  public void change(String field, String into) {
    note("change", field, field + "->" + into);
  }

  /**
   * Something goes out under another name and means the same: reported, and no reason to refuse.
   */
  public void rename(String field, String into) {
    trail.adapted("rename:" + field + "->" + into);
  }

  /**
   * Something was added without which the target would refuse the call, such as the text of an
   * empty block: reported only.
   */
  public void mend(String field) {
    trail.adapted("mend:" + field);
  }

  /** {@code verb:what}, as it stands in {@code x-lintel-adapted}. */
  private void note(String verb, String field, String what) {
    if (strict) {
      throw Failure.invalid(
              "The target cannot take '" + field + "' as it is, and the call is strict.")
          .at(field)
          .again(Failure.Again.ELSEWHERE);
    }
    trail.adapted(verb + ":" + what);
  }
}
