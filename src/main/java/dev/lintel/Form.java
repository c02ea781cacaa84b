package dev.lintel;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * A {@code multipart/form-data} body, read as far as its fields have to be known. Single fields can
 * be replaced; every other byte goes out as it came in.
 */
public final class Form {
  /** RFC 2046 §5.1.1. */
  private static final int LONGEST_BOUNDARY = 70;

  /**
   * A file of the form.
   *
   * @param name of the field
   * @param type as declared, without parameters, in lower case; empty where it is not
   * @param head its first bytes, up to 16; less where the rest has not been read
   */
  public record File(String name, String filename, String type, byte[] head) {}

  private final Held body;
  private final Multipart parts;

  private Form(Held body, Multipart parts) {
    this.body = body;
    this.parts = parts;
  }

  /**
   * Reads until all is known that has to be, or to the end. What does not fit into memory by then
   * waits on disk, and is read whole.
   *
   * @param enough whether the form can be sent on as far as it is known
   * @throws Failure {@code INVALID_REQUEST} where it is no such body
   */
  public static Form read(Held body, String contentType, Predicate<Form> enough) {
    var form = new Form(body, new Multipart(boundary(contentType)));
    while (!(body.full() && !body.spooled() && enough.test(form))) {
      byte[] more = body.more();
      if (more == null) {
        if (!form.parts.ended()) {
          throw Failure.invalid("The multipart body ends before its closing boundary.");
        }
        break;
      }
      form.parts.feed(more);
    }
    return form;
  }

  /**
   * What stands between the parts. Throws {@link Failure} {@code INVALID_REQUEST} where the type
   * does not say it.
   */
  public static String boundary(String contentType) {
    String boundary = Multipart.parameter(contentType, "boundary");
    if (boundary == null || boundary.isEmpty() || boundary.length() > LONGEST_BOUNDARY) {
      throw Failure.invalid(
          "'content-type' must name the body's boundary, of 1 to 70 characters, as in 'multipart/form-data; boundary=...'.");
    }
    return boundary;
  }

  /**
   * The field's text, once its end has been read; empty where there is none. A field that stands
   * twice, or is a file, is a {@link Failure} naming it.
   */
  public Optional<String> text(String name) {
    Optional<String> found = Optional.empty();
    for (Multipart.Part part : parts.parts()) {
      if (part.name.equals(name) && part.ended()) {
        String text = part.filename == null ? Multipart.text(part) : null;
        if (text == null || found.isPresent()) {
          throw Failure.invalid(
                  "'"
                      + name
                      + (text == null ? "' must be a short text field." : "' is given twice."))
              .at(name);
        }
        found = Optional.of(text);
      }
    }
    return found;
  }

  /** The files of which anything has been read. */
  public List<File> files() {
    var files = new ArrayList<File>();
    for (Multipart.Part part : parts.parts()) {
      if (part.filename != null) {
        int semicolon = part.type.indexOf(';');
        String type = semicolon < 0 ? part.type : part.type.substring(0, semicolon).strip();
        files.add(new File(part.name, part.filename, type, Multipart.peek(part)));
      }
    }
    return files;
  }

  /**
   * The bytes of the file in that field, where the whole form has been read; empty where it has
   * none. Several are a {@link Failure} naming it.
   */
  public Optional<Upload> content(String name) {
    Optional<Upload> found = Optional.empty();
    for (Multipart.Part part : parts.parts()) {
      if (part.name.equals(name) && part.filename != null && part.ended()) {
        if (found.isPresent()) {
          throw Failure.invalid("'" + name + "' is given twice.").at(name);
        }
        found = Optional.of(body.open(List.of(new Held.Slice.Own(part.from, part.to))));
      }
    }
    return found;
  }

  /** The names of all parts that have been seen. */
  public List<String> names() {
    return parts.parts().stream().map(part -> part.name).toList();
  }

  /**
   * The body with other values for some of its fields; an empty one leaves the field out. A field
   * that {@link #text} has not found is put first.
   */
  public Upload open(Map<String, Optional<String>> changes) {
    var slices = new ArrayList<Held.Slice>();
    changes.forEach((name, value) -> {
      if (value.isPresent() && !names().contains(name)) {
        slices.add(new Held.Slice.Other(parts.field(name, value.get())));
      }
    });
    long at = 0;
    for (Multipart.Part part : parts.parts()) {
      Optional<String> change = changes.get(part.name);
      if (change == null || !part.ended()) {
        continue;
      }
      if (change.isPresent()) {
        slices.add(new Held.Slice.Own(at, part.from));
        slices.add(new Held.Slice.Other(change.get().getBytes(StandardCharsets.UTF_8)));
        at = part.to;
      } else {
        slices.add(new Held.Slice.Own(at, part.start));
        at = part.to + 2;
      }
    }
    slices.add(new Held.Slice.Own(at, Long.MAX_VALUE));
    return body.open(slices);
  }

  /** The same as bytes, where all of it is in memory. */
  public Optional<byte[]> bytes(Map<String, Optional<String>> changes) {
    if (!body.small()) {
      return Optional.empty();
    }
    Upload upload = open(changes);
    var all = new Bytes((int) upload.length());
    for (byte[] bytes = upload.next(); bytes != null; bytes = upload.next()) {
      all.add(bytes);
    }
    return Optional.of(all.take());
  }

  /** Whether a content type is that of a form. */
  public static boolean is(String contentType) {
    return contentType.toLowerCase(Locale.ROOT).startsWith("multipart/");
  }
}
