package dev.lintel;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Finds the parts of a {@code multipart/form-data} body (RFC 7578, RFC 2046 §5.1.1) as its bytes go
 * by, in pieces of any size. Keeps short fields and the first bytes of files, and where each part
 * lies.
 */
final class Multipart {
  private static final int MOST_PARTS = 256;
  private static final int LONGEST_HEAD = 8 << 10;

  /** Of a field; what is longer is no word that the gateway has to know. */
  private static final int LONGEST_FIELD = 64 << 10;

  /** Enough to tell the formats of files apart. */
  private static final int FILE_HEAD = 16;

  /** One part; {@code to} is -1 until its end has been seen. */
  static final class Part {
    final long start;
    final long from;
    final String name;
    final @Nullable String filename;
    final String type;
    long to = -1;
    private final Bytes kept = new Bytes(FILE_HEAD);
    private boolean cut;

    Part(long start, long from, String name, @Nullable String filename, String type) {
      this.start = start;
      this.from = from;
      this.name = name;
      this.filename = filename;
      this.type = type;
    }

    boolean ended() {
      return to >= 0;
    }

    private void keep(byte[] bytes, int offset, int count) {
      int room = (filename == null ? LONGEST_FIELD : FILE_HEAD) - kept.length();
      cut |= count > room;
      kept.add(bytes, offset, Math.min(count, room));
    }
  }

  private enum State {
    /** Between a part's content and the rest of the line of its delimiter. */
    DELIMITED,
    HEAD,
    CONTENT,
    ENDED
  }

  private final byte[] delimiter;
  private final List<Part> parts = new ArrayList<>();
  private State state = State.CONTENT;

  /** What has been fed and not been dealt with; the first delimiter lacks the CRLF before it. */
  private byte[] window = {'\r', '\n'};

  /** Where the window begins in the body. */
  private long offset = -2;

  private long started;
  private @Nullable Part part;

  Multipart(String boundary) {
    delimiter = ("\r\n--" + boundary).getBytes(StandardCharsets.ISO_8859_1);
  }

  List<Part> parts() {
    return parts;
  }

  /** The text of a field; {@code null} where it is longer than a field may be. */
  static @Nullable String text(Part part) {
    return part.cut ? null : new String(peek(part), StandardCharsets.UTF_8);
  }

  /** The first bytes of a part. */
  static byte[] peek(Part part) {
    byte[] bytes = part.kept.take();
    part.kept.add(bytes);
    return bytes;
  }

  boolean ended() {
    return state == State.ENDED;
  }

  /** A whole field, to stand where a part may begin. */
  byte[] field(String name, String value) {
    String head = "\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n";
    return new Bytes(delimiter.length + head.length() + value.length() + 2)
        .add(delimiter, 2, delimiter.length - 2)
        .add(head)
        .add(value)
        .add("\r\n")
        .take();
  }

  void feed(byte[] more) {
    if (state == State.ENDED) {
      return;
    }
    byte[] joined = Arrays.copyOf(window, window.length + more.length);
    System.arraycopy(more, 0, joined, window.length, more.length);
    int at = 0;
    int next = step(joined, at);
    while (next >= 0) {
      at = next;
      next = step(joined, at);
    }
    if (state == State.CONTENT) {
      // All but what may be the beginning of a delimiter is content.
      int sure = Math.max(at, joined.length - delimiter.length + 1);
      content(joined, at, sure);
      at = sure;
    }
    window = Arrays.copyOfRange(joined, at, joined.length);
    offset += at;
  }

  /** Deals with what begins there; where the next thing begins, or -1 until more bytes come. */
  private int step(byte[] bytes, int at) {
    return switch (state) {
      case CONTENT -> inContent(bytes, at);
      case DELIMITED -> afterDelimiter(bytes, at);
      case HEAD -> inHead(bytes, at);
      case ENDED -> -1;
    };
  }

  private int inContent(byte[] bytes, int at) {
    int found = find(bytes, at, delimiter);
    if (parts.isEmpty() && found != 0 && (found > 0 || bytes.length - at >= delimiter.length)) {
      throw broken("does not begin with the boundary that 'content-type' names");
    }
    if (found < 0) {
      return -1;
    }
    content(bytes, at, found);
    Part ended = part;
    if (ended != null) {
      ended.to = offset + found;
    }
    started = offset + found + 2;
    state = State.DELIMITED;
    return found + delimiter.length;
  }

  private int afterDelimiter(byte[] bytes, int at) {
    int i = at;
    if (bytes.length - i >= 2 && bytes[i] == '-' && bytes[i + 1] == '-') {
      state = State.ENDED;
      return -1;
    }
    while (i < bytes.length && (bytes[i] == ' ' || bytes[i] == '\t')) {
      i++;
    }
    if (i - at > LONGEST_HEAD) {
      throw broken("has a boundary line that does not end");
    }
    if (bytes.length - i < 2) {
      return -1;
    }
    if (bytes[i] != '\r' || bytes[i + 1] != '\n') {
      throw broken("has a boundary with something else behind it");
    }
    state = State.HEAD;
    return i;
  }

  private int inHead(byte[] bytes, int at) {
    int end = find(bytes, at, EMPTY_LINE);
    if ((end < 0 ? bytes.length : end) - at > LONGEST_HEAD) {
      throw broken("has a part whose headers are longer than 8 KB");
    }
    if (end < 0) {
      return -1;
    }
    if (parts.size() == MOST_PARTS) {
      throw broken("has more than " + MOST_PARTS + " parts");
    }
    int from = end + EMPTY_LINE.length;
    part = head(new String(bytes, at, end - at, StandardCharsets.UTF_8), started, offset + from);
    parts.add(part);
    state = State.CONTENT;
    return from;
  }

  private void content(byte[] bytes, int from, int to) {
    Part open = part;
    if (open != null && to > from) {
      open.keep(bytes, from, to - from);
    }
  }

  private static Part head(String lines, long start, long from) {
    String disposition = "";
    String type = "";
    for (String line : lines.split("\r\n", -1)) {
      int colon = line.indexOf(':');
      if (colon > 0) {
        String value = line.substring(colon + 1).strip();
        switch (line.substring(0, colon).strip().toLowerCase(Locale.ROOT)) {
          case "content-disposition" -> disposition = value;
          case "content-type" -> type = value.toLowerCase(Locale.ROOT);
          default -> {}
        }
      }
    }
    String name = parameter(disposition, "name");
    if (!disposition.toLowerCase(Locale.ROOT).startsWith("form-data") || name == null) {
      throw broken("has a part without a name");
    }
    String filename = parameter(disposition, "filename");
    String extended = parameter(disposition, "filename*");
    return new Part(start, from, name, filename == null ? extended : filename, type);
  }

  /** A parameter of a header such as {@code form-data; name="file"}. */
  static @Nullable String parameter(String header, String wanted) {
    int at = header.indexOf(';');
    while (at >= 0 && at < header.length()) {
      int equals = header.indexOf('=', at);
      if (equals < 0) {
        return null;
      }
      String name = header.substring(at + 1, equals).strip();
      var value = new StringBuilder();
      int i = equals + 1;
      if (i < header.length() && header.charAt(i) == '"') {
        i++;
        while (i < header.length() && header.charAt(i) != '"') {
          if (header.charAt(i) == '\\' && i + 1 < header.length()) {
            i++;
          }
          value.append(header.charAt(i++));
        }
        at = header.indexOf(';', i);
      } else {
        at = header.indexOf(';', i);
        value.append(header.substring(i, at < 0 ? header.length() : at).strip());
      }
      if (name.equalsIgnoreCase(wanted)) {
        return value.toString();
      }
    }
    return null;
  }

  private static final byte[] EMPTY_LINE = {'\r', '\n', '\r', '\n'};

  private static int find(byte[] bytes, int from, byte[] wanted) {
    for (int i = from; i <= bytes.length - wanted.length; i++) {
      if (bytes[i] == '\r'
          && Arrays.equals(bytes, i, i + wanted.length, wanted, 0, wanted.length)) {
        return i;
      }
    }
    return -1;
  }

  private static Failure broken(String how) {
    return Failure.invalid("The multipart body " + how + ".");
  }
}
