package dev.lintel.filter;

import dev.lintel.Block;
import dev.lintel.Block.Media;
import dev.lintel.Block.Media.Source;
import dev.lintel.Call;
import dev.lintel.Chat;
import dev.lintel.Dialect;
import dev.lintel.Failure;
import dev.lintel.Fetcher;
import dev.lintel.Filter;
import dev.lintel.Handler;
import dev.lintel.Prompt;
import dev.lintel.Reach;
import dev.lintel.Sink;
import dev.lintel.Turn;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Follows links for a provider that does not follow them itself, and puts the bytes in their place.
 * A provider that speaks the caller's own dialect gets what the caller wrote.
 */
public final class Inline implements Filter {
  private final Fetcher fetcher;
  private final Reach reach;

  public Inline(Fetcher fetcher, Reach reach) {
    this.fetcher = fetcher;
    this.reach = reach;
  }

  @Override
  public void apply(Call call, Sink sink, Handler next) {
    next.handle(inlined(call), sink);
  }

  private Call inlined(Call call) {
    Dialect dialect = call.target().map(Call.Choice::dialect).orElse(null);
    if (dialect == null
        || !(call.request() instanceof Chat chat)
        || chat.dialect().name().equals(dialect.name())) {
      return call;
    }
    Prompt prompt = chat.prompt();
    if (prompt.turns().stream().noneMatch(turn -> needs(turn.blocks(), dialect))) {
      return call;
    }
    var known = new HashMap<String, Fetcher.Fetched>();
    var turns = new ArrayList<Turn>(prompt.turns().size());
    for (Turn turn : prompt.turns()) {
      turns.add(
          needs(turn.blocks(), dialect)
              ? new Turn(
                  turn.role(), inlined(turn.blocks(), dialect, call, chat, known), turn.extra())
              : turn);
    }
    return call.with(chat.with(prompt.turns(turns)));
  }

  private static boolean needs(List<Block> blocks, Dialect dialect) {
    for (Block block : blocks) {
      if ((block instanceof Media media && needs(media, dialect))
          || (block instanceof Block.ToolResult result && needs(result.content(), dialect))) {
        return true;
      }
    }
    return false;
  }

  private static boolean needs(Media media, Dialect dialect) {
    return media.source() instanceof Source.Link link
        && Reach.host(link.url()).isPresent()
        && !dialect.follows(media);
  }

  private List<Block> inlined(
      List<Block> blocks,
      Dialect dialect,
      Call call,
      Chat chat,
      Map<String, Fetcher.Fetched> known) {
    var all = new ArrayList<Block>(blocks.size());
    for (Block block : blocks) {
      if (block instanceof Media media && needs(media, dialect)) {
        all.add(inlined(media, call, chat, known));
      } else if (block instanceof Block.ToolResult result && needs(result.content(), dialect)) {
        all.add(
            new Block.ToolResult(
                result.id(),
                result.name(),
                inlined(result.content(), dialect, call, chat, known),
                result.error(),
                result.cache(),
                result.extra()));
      } else {
        all.add(block);
      }
    }
    return all;
  }

  private Media inlined(Media media, Call call, Chat chat, Map<String, Fetcher.Fetched> known) {
    if (!(media.source() instanceof Source.Link link)) {
      return media;
    }
    Fetcher.Fetched fetched = known.get(link.url());
    if (fetched == null) {
      fetched = fetch(link.url(), call, chat);
      known.put(link.url(), fetched);
    }
    String declared = media.mime().isEmpty() ? fetched.type() : media.mime();
    boolean text =
        media.kind() == Media.Kind.DOCUMENT
            && declared.toLowerCase(Locale.ROOT).startsWith("text/");
    Source source =
        text
            ? new Source.Plain(new String(fetched.bytes(), StandardCharsets.UTF_8))
            : new Source.Inline(Base64.getEncoder().encodeToString(fetched.bytes()));
    return new Media(media.kind(), declared, source, media.name(), media.cache(), media.extra());
  }

  private Fetcher.Fetched fetch(String url, Call call, Chat chat) {
    try {
      return fetcher.fetch(url, reach, call.deadline());
    } catch (Failure failure) {
      if (failure.kind() != Failure.Kind.INVALID_REQUEST) {
        throw failure;
      }
      String place = Links.place(chat, url);
      throw Failure.of(
              Failure.Kind.INVALID_REQUEST, "'" + place + "' " + failure.message(), failure)
          .at(place)
          // Another provider may follow the link itself.
          .again(Failure.Again.ELSEWHERE);
    }
  }
}
