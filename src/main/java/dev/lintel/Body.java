package dev.lintel;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A JSON object as it came over the wire, checked to be JSON, with the place of each of its
 * top-level members.
 *
 * <p>One pass finds what a call is decided by and lets single members be replaced without
 * rebuilding the rest, so that whatever the gateway does not know reaches the provider as it was
 * written.
 */
public final class Body {
  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.nativeOrder());

  /**
   * One top-level member: {@code name} to {@code end} is the whole of it, {@code value} to {@code
   * end} its value.
   */
  private record Member(
      String key, int name, int value, int end, JsonToken type, boolean objects) {}

  /** An object without members. */
  public static final Body EMPTY = new Body(new byte[] {'{', '}'}, List.of(), 0);

  private final byte[] bytes;
  private final List<Member> members;
  private final int open;

  /** A call's tries may read it at the same time. */
  private volatile @Nullable ObjectNode tree;

  private Body(byte[] bytes, List<Member> members, int open) {
    this.bytes = bytes;
    this.members = members;
    this.open = open;
  }

  /**
   * Reads the whole text once. Throws {@link Failure} {@code INVALID_REQUEST} that says where and
   * why it is not a JSON object.
   */
  public static Body scan(byte[] bytes) {
    checkText(bytes);
    try (JsonParser parser = Json.FACTORY.createParser(ObjectReadContext.empty(), bytes)) {
      JsonToken first = parser.nextToken();
      if (first == null) {
        throw Failure.invalid("The request body is empty; a JSON object is expected.");
      }
      if (first != JsonToken.START_OBJECT) {
        throw Failure.invalid(
            "The request body is a JSON " + word(first) + "; a JSON object is expected.");
      }
      int open = (int) parser.currentTokenLocation().getByteOffset();
      var members = new ArrayList<Member>(12);
      while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
        String key = parser.currentName();
        int name = (int) parser.currentTokenLocation().getByteOffset();
        for (Member earlier : members) {
          if (earlier.key.equals(key)) {
            throw Failure.invalid("The field '" + key + "' is given twice.").at(key);
          }
        }
        JsonToken type = parser.nextToken();
        int value = (int) parser.currentTokenLocation().getByteOffset();
        boolean objects = type == JsonToken.START_ARRAY && elementsAreObjects(parser);
        parser.skipChildren();
        parser.finishToken();
        members.add(
            new Member(
                key, name, value, (int) parser.currentLocation().getByteOffset(), type, objects));
      }
      if (parser.nextToken() != null) {
        throw Failure.invalid("The request body goes on after its JSON object.");
      }
      return new Body(bytes, members, open);
    } catch (JacksonException broken) {
      var at = broken.getLocation();
      throw Failure.invalid(
          "The request body is not valid JSON"
              + (at == null
                  ? ""
                  : " (line " + at.getLineNr() + ", column " + at.getColumnNr() + ")")
              + ": "
              + reason(broken.getOriginalMessage()));
    }
  }

  /** Leaves the parser on the array's end. */
  private static boolean elementsAreObjects(JsonParser parser) {
    boolean all = true;
    for (JsonToken token = parser.nextToken();
        token != JsonToken.END_ARRAY;
        token = parser.nextToken()) {
      if (token == null) {
        return all;
      }
      all &= token == JsonToken.START_OBJECT;
      parser.skipChildren();
    }
    return all;
  }

  /**
   * JSON is UTF-8 (RFC 8259 §8.1); the parser skips strings without decoding them, so this is
   * checked apart.
   */
  private static void checkText(byte[] bytes) {
    int i = 0;
    for (int last = bytes.length - 8; i <= last; i += 8) {
      if (((long) LONGS.get(bytes, i) & 0x8080808080808080L) != 0) {
        break;
      }
    }
    while (i < bytes.length && bytes[i] >= 0) {
      i++;
    }
    if (i == bytes.length) {
      return;
    }
    try {
      StandardCharsets.UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPORT)
          .onUnmappableCharacter(CodingErrorAction.REPORT)
          .decode(ByteBuffer.wrap(bytes, i, bytes.length - i));
    } catch (CharacterCodingException notText) {
      throw Failure.invalid("The request body is not valid UTF-8.");
    }
  }

  public byte[] bytes() {
    return bytes;
  }

  public boolean has(String key) {
    return find(key) != null;
  }

  /** The names of all top-level members, in their order. */
  public List<String> keys() {
    return members.stream().map(Member::key).toList();
  }

  /**
   * The member's text; empty where it is missing or null. A member that is no string is a {@link
   * Failure} naming it.
   */
  public Optional<String> text(String key) {
    Member member = find(key);
    if (member == null || member.type == JsonToken.VALUE_NULL) {
      return Optional.empty();
    }
    if (member.type != JsonToken.VALUE_STRING) {
      throw Failure.invalid("'" + key + "' must be a string, not a " + word(member.type) + ".")
          .at(key);
    }
    int from = member.value + 1;
    int to = member.end - 1;
    for (int i = from; i < to; i++) {
      if (bytes[i] == '\\') {
        return Optional.of(Json.parse(bytes, member.value, member.end - member.value).asString());
      }
    }
    return Optional.of(new String(bytes, from, to - from, StandardCharsets.UTF_8));
  }

  /** True where the member is a string. */
  public boolean isText(String key) {
    Member member = find(key);
    return member != null && member.type == JsonToken.VALUE_STRING;
  }

  /**
   * The member's truth; false where it is missing or null. A member that is no boolean is a {@link
   * Failure} naming it.
   */
  public boolean flag(String key) {
    Member member = find(key);
    if (member == null
        || member.type == JsonToken.VALUE_NULL
        || member.type == JsonToken.VALUE_FALSE) {
      return false;
    }
    if (member.type == JsonToken.VALUE_TRUE) {
      return true;
    }
    throw Failure.invalid("'" + key + "' must be true or false, not a " + word(member.type) + ".")
        .at(key);
  }

  /** Throws a {@link Failure} naming the member unless it is an array of one object or more. */
  public void requireObjects(String key) {
    Member member = find(key);
    if (member == null) {
      throw Failure.invalid("'" + key + "' is missing.").at(key);
    }
    if (member.type != JsonToken.START_ARRAY) {
      throw Failure.invalid("'" + key + "' must be an array, not a " + word(member.type) + ".")
          .at(key);
    }
    if (!member.objects) {
      throw Failure.invalid("'" + key + "' must hold objects only.").at(key);
    }
    for (int i = member.value + 1; i < member.end; i++) {
      if (bytes[i] == ']') {
        throw Failure.invalid("'" + key + "' must not be empty.").at(key);
      }
      if (bytes[i] > ' ') {
        return;
      }
    }
  }

  /** The member's value where it is a whole number of 0 or more in plain digits; else 0. */
  public long number(String key) {
    Member member = find(key);
    if (member == null
        || member.type != JsonToken.VALUE_NUMBER_INT
        || member.end - member.value > 18) {
      return 0;
    }
    long number = 0;
    for (int i = member.value; i < member.end; i++) {
      if (bytes[i] < '0' || bytes[i] > '9') {
        return 0;
      }
      number = number * 10 + bytes[i] - '0';
    }
    return number;
  }

  /**
   * The first elements of a member that is an array of objects, up to the one for which {@code
   * last} holds and with it; what follows is not read. Empty where it is no such array.
   */
  public List<JsonNode> elements(String key, Predicate<JsonNode> last) {
    Member member = find(key);
    if (member == null || !member.objects) {
      return List.of();
    }
    var elements = new ArrayList<JsonNode>();
    try (JsonParser parser =
        Json.MAPPER.createParser(bytes, member.value, member.end - member.value)) {
      parser.nextToken();
      while (parser.nextToken() == JsonToken.START_OBJECT) {
        JsonNode element = Json.PIECES.readTree(parser);
        elements.add(element);
        if (last.test(element)) {
          break;
        }
      }
    }
    return elements;
  }

  /** The value of one member as a tree, parsed anew; empty where it is missing. */
  public Optional<JsonNode> value(String key) {
    Member member = find(key);
    return member == null
        ? Optional.empty()
        : Optional.of(Json.parse(bytes, member.value, member.end - member.value));
  }

  /** The whole as a tree, parsed at the first call and shared: do not change it. */
  public ObjectNode tree() {
    ObjectNode known = tree;
    if (known == null) {
      known = (ObjectNode) Json.parse(bytes, 0, bytes.length);
      tree = known;
    }
    return known;
  }

  /**
   * The same text with some top-level members changed: a value replaces the member or adds it, an
   * empty one removes it. Every other member keeps its bytes. Returns the array it came in where
   * there is nothing to change.
   */
  public byte[] patch(Map<String, Optional<byte[]>> changes) {
    if (changes.isEmpty()) {
      return bytes;
    }
    var out = new Slices();
    out.add(bytes, 0, open + 1);
    for (Member member : members) {
      Optional<byte[]> change = changes.get(member.key);
      if (change == null) {
        out.next().add(bytes, member.name, member.end);
      } else if (change.isPresent()) {
        out.next().add(bytes, member.name, member.value).add(change.get());
      }
    }
    changes.forEach((key, change) -> {
      if (change.isPresent() && !has(key)) {
        out.next().add(Json.string(key)).add(COLON).add(change.get());
      }
    });
    return out.add(CLOSE).joined();
  }

  /** What a patched body is made of, so that it is written once, into an array of its length. */
  private static final class Slices {
    private final List<ByteBuffer> slices = new ArrayList<>();
    private boolean first = true;
    private int length;

    Slices add(byte[] array, int from, int to) {
      slices.add(ByteBuffer.wrap(array, from, to - from));
      length += to - from;
      return this;
    }

    Slices add(byte[] array) {
      return add(array, 0, array.length);
    }

    /** A member follows. */
    Slices next() {
      if (!first) {
        add(COMMA);
      }
      first = false;
      return this;
    }

    byte[] joined() {
      ByteBuffer all = ByteBuffer.allocate(length);
      slices.forEach(all::put);
      return all.array();
    }
  }

  private @Nullable Member find(String key) {
    for (Member member : members) {
      if (member.key.equals(key)) {
        return member;
      }
    }
    return null;
  }

  private static final byte[] COMMA = {','};
  private static final byte[] COLON = {':'};
  private static final byte[] CLOSE = {'}'};

  /** From here on the parser speaks of its own parts. */
  private static final Pattern PLACE = Pattern.compile("\n| \\(start marker at");

  private static final Pattern OPTION = Pattern.compile(", from `[^`]*`");

  private static String word(JsonToken token) {
    return switch (token) {
      case START_OBJECT, END_OBJECT -> "object";
      case START_ARRAY, END_ARRAY -> "array";
      case VALUE_STRING -> "string";
      case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> "number";
      case VALUE_TRUE, VALUE_FALSE -> "boolean";
      case VALUE_NULL -> "null";
      case PROPERTY_NAME, VALUE_EMBEDDED_OBJECT, NOT_AVAILABLE -> "value";
    };
  }

  /** What the parser says, without the names of its own parts. */
  private static String reason(String text) {
    return OPTION.matcher(PLACE.split(text, 2)[0]).replaceAll("");
  }
}
