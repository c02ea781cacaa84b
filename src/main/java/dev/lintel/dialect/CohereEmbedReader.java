package dev.lintel.dialect;

import dev.lintel.Block;
import dev.lintel.Body;
import dev.lintel.Dialect;
import dev.lintel.Embed;
import dev.lintel.Embed.Format;
import dev.lintel.Embed.Purpose;
import dev.lintel.Extra;
import dev.lintel.Failure;
import dev.lintel.Inbound;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/** Reads the body of a request for Cohere's vectors; one reader a body. */
final class CohereEmbedReader {
  private static final Fields.Manner MANNER =
      new Fields.Manner(CohereEmbeddings.NAME, false, false);

  private final Inbound inbound;
  private final Fields fields;

  CohereEmbedReader(Inbound inbound) {
    this.inbound = inbound;
    Body body = inbound.body();
    fields =
        Fields.of(MANNER, body.tree())
            .ignore("model")
            .ignore(Fit.gatewayFields(body).toArray(String[]::new))
            .ignoreEmpty();
  }

  Embed read(Dialect dialect) {
    String model = OpenAiChat.model(inbound);
    List<Format> formats = formats();
    OptionalInt dimensions =
        fields
            .integer("output_dimension")
            .map(number -> OptionalInt.of(EmbedWords.positive("output_dimension", number)))
            .orElse(OptionalInt.empty());
    Optional<Purpose> purpose = purpose();
    Map<String, List<Embed.Content>> contents = contents();
    var options = new Embed.Options(dimensions, purpose, "", fields.extra());
    var inputs = new ArrayList<Embed.Input>();
    contents.forEach((field, list) -> {
      EmbedWords.count(field, list.size(), CohereEmbeddings.MOST);
      for (Embed.Content content : list) {
        inputs.add(new Embed.Input(field + "[" + inputs.size() + "]", content, options));
      }
    });
    return new Embed(dialect, model, inputs, formats, Optional.of(inbound));
  }

  private List<Format> formats() {
    var formats = new LinkedHashSet<Format>();
    for (String word : fields.texts("embedding_types")) {
      formats.add(format(word));
    }
    return formats.isEmpty() ? List.of(Format.FLOAT) : List.copyOf(formats);
  }

  private Optional<Purpose> purpose() {
    Optional<String> type = fields.textIfAny("input_type");
    Optional<Purpose> purpose = type.flatMap(CohereEmbeddings::purpose);
    if (type.isPresent() && purpose.isEmpty()) {
      throw fields.unknown(
          "input_type", "search_document, search_query, classification, clustering or image");
    }
    return purpose;
  }

  /** What is to be embedded, by the one field in which it stands. */
  private Map<String, List<Embed.Content>> contents() {
    var contents = new HashMap<String, List<Embed.Content>>();
    contents.put("texts", texts());
    contents.put("images", images());
    contents.put("inputs", mixed());
    contents.values().removeIf(List::isEmpty);
    if (contents.size() != 1) {
      String place =
          contents.isEmpty() ? "texts" : contents.containsKey("inputs") ? "inputs" : "images";
      throw Failure.invalid("One of 'texts', 'images' and 'inputs' is needed, and not empty.")
          .at(place);
    }
    return contents;
  }

  private Format format(String word) {
    for (Format format : Format.values()) {
      if (format.word().equals(word)) {
        return format;
      }
    }
    throw fields.unknown("embedding_types", "of float, base64, int8, uint8, binary and ubinary");
  }

  private List<Embed.Content> texts() {
    var contents = new ArrayList<Embed.Content>();
    for (String text : fields.texts("texts")) {
      contents.add(EmbedWords.given("texts[" + contents.size() + "]", text));
    }
    return contents;
  }

  private List<Embed.Content> images() {
    var contents = new ArrayList<Embed.Content>();
    for (String url : fields.texts("images")) {
      contents.add(new Embed.Blocks(List.of(image(url, "images[" + contents.size() + "]"))));
    }
    return contents;
  }

  private List<Embed.Content> mixed() {
    var contents = new ArrayList<Embed.Content>();
    for (Fields input : fields.objects("inputs")) {
      var blocks = new ArrayList<Block>();
      for (Fields piece : input.objects("content")) {
        blocks.add(
            switch (piece.text("type")) {
              case "text" -> new Block.Text(piece.text("text"));
              case "image_url" ->
                  image(piece.neededObject("image_url").text("url"), piece.place("image_url.url"));
              default -> new Block.Native(piece.extra(piece.whole()));
            });
      }
      if (blocks.isEmpty()) {
        throw Failure.invalid("'" + input.place("content") + "' must not be empty.")
            .at(input.place("content"));
      }
      contents.add(new Embed.Blocks(blocks));
    }
    return contents;
  }

  private static Block image(String url, String place) {
    Optional<MediaData> data = MediaData.parse(url, place);
    Block.Media.Source source =
        data.isPresent()
            ? new Block.Media.Source.Inline(data.get().base64())
            : new Block.Media.Source.Link(url);
    return new Block.Media(
        Block.Media.Kind.IMAGE,
        data.map(MediaData::mime).orElse(""),
        source,
        "",
        Block.Cache.NONE,
        Extra.NONE);
  }
}
