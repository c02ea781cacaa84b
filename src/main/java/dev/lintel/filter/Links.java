package dev.lintel.filter;

import dev.lintel.Block;
import dev.lintel.Body;
import dev.lintel.Call;
import dev.lintel.Chat;
import dev.lintel.Embed;
import dev.lintel.Failure;
import dev.lintel.Filter;
import dev.lintel.Handler;
import dev.lintel.Inbound;
import dev.lintel.Live;
import dev.lintel.Reach;
import dev.lintel.Relay;
import dev.lintel.Request;
import dev.lintel.Rerank;
import dev.lintel.Sink;
import dev.lintel.Stored;
import dev.lintel.Turn;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/**
 * Refuses links to private addresses, whoever would follow them: the gateway, or a provider that
 * may stand in the same network. What a name resolves to is not asked here; the gateway asks when
 * it follows a link itself.
 */
public final class Links implements Filter {
  /** The fields in which the dialects carry links. */
  private static final Set<String> FIELDS =
      Set.of("url", "uri", "image_url", "file_url", "video_url", "fileUri", "file_uri");

  /** Below these stands what nobody follows: a model's words to a tool, and what a tool is. */
  private static final Set<String> NOT_FOLLOWED =
      Set.of("input", "arguments", "args", "tools", "functions", "parameters", "response");

  private final Reach reach;

  public Links(Reach reach) {
    this.reach = reach;
  }

  @Override
  public void apply(Call call, Sink sink, Handler next) {
    body(call.request()).ifPresent(body -> check(call.request(), body));
    next.handle(call, sink);
  }

  private static Optional<Body> body(Request request) {
    return switch (request) {
      case Chat chat -> chat.original().map(Inbound::body);
      case Relay relay ->
          relay.content() instanceof Relay.Content.Json json
              ? Optional.of(json.body())
              : Optional.empty();
      case Embed embed -> embed.original().map(Inbound::body);
      case Rerank rerank -> Optional.empty();
      case Live live -> Optional.empty();
      case Stored stored -> Optional.empty();
      case Request.Count count -> body(count.chat());
      case Request.Unread unread -> Optional.empty();
    };
  }

  private void check(Request request, Body body) {
    LinkScan.find(body.bytes(), url -> reach.refuses(url) && isFollowed(request, body, url))
        .ifPresent(url -> {
          String place = place(body.tree(), url).orElse("url");
          throw Failure.invalid(
                  "'"
                      + place
                      + "' links to a private address. Such links are refused unless the configuration allows their network under 'fetch.allow'.")
              .at(place);
        });
  }

  private static boolean isFollowed(Request request, Body body, String url) {
    if (request instanceof Request.Count count) {
      return isFollowed(count.chat(), body, url);
    }
    if (request instanceof Chat chat) {
      try {
        return chat.prompt().turns().stream().anyMatch(turn -> links(turn, url));
      } catch (Failure unreadable) {
        // The provider may understand what the gateway does not: the fields' names must do.
        return place(body.tree(), url).isPresent();
      }
    }
    return place(body.tree(), url).isPresent();
  }

  private static boolean links(Turn turn, String url) {
    return turn.blocks().stream().anyMatch(block -> links(block, url));
  }

  private static boolean links(Block block, String url) {
    return switch (block) {
      case Block.Media media ->
          (media.source() instanceof Block.Media.Source.Link link && same(link.url(), url))
              || (media.source() instanceof Block.Media.Source.Stored stored
                  && same(stored.id(), url))
              || place(media.extra().fields(), url).isPresent();
      case Block.ToolResult result ->
          result.content().stream().anyMatch(inner -> links(inner, url));
      case Block.Native known -> place(known.extra().fields(), url).isPresent();
      case Block.Text text -> place(text.extra().fields(), url).isPresent();
      case Block.Thought thought -> false;
      case Block.ToolUse use -> false;
      case Block.Refusal refusal -> false;
    };
  }

  /**
   * @param found by the scan, which cuts what is very long
   */
  private static boolean same(String given, String found) {
    return LinkScan.plain(given).startsWith(found);
  }

  /** Where the link stands, such as {@code messages[0].content[1].image_url.url}. */
  private static Optional<String> place(JsonNode node, String url) {
    return place(node, url, "", "");
  }

  private static Optional<String> place(JsonNode node, String url, String place, String name) {
    if (node.isString()) {
      return FIELDS.contains(name) && same(node.asString(), url)
          ? Optional.of(place)
          : Optional.empty();
    }
    if (node.isArray()) {
      for (int i = 0; i < node.size(); i++) {
        Optional<String> found = place(node.get(i), url, place + "[" + i + "]", name);
        if (found.isPresent()) {
          return found;
        }
      }
    }
    for (var field : node.properties()) {
      if (!NOT_FOLLOWED.contains(field.getKey()) || !field.getValue().isObject()) {
        String inner = place.isEmpty() ? field.getKey() : place + "." + field.getKey();
        Optional<String> found = place(field.getValue(), url, inner, field.getKey());
        if (found.isPresent()) {
          return found;
        }
      }
    }
    return Optional.empty();
  }

  /** Where a call's body has that link, as its caller would name the place. */
  static String place(Chat chat, String url) {
    return chat.original()
        .flatMap(original -> place(original.body().tree(), url))
        .orElse("messages");
  }
}
