package dev.lintel.report;

import dev.lintel.Costs.Figure;
import dev.lintel.Json;
import dev.lintel.Measure;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/** How the lines of a cost report are written, one after the other. */
interface CostForm {
  String contentType();

  /**
   * @param by the columns that were asked for
   * @param periods whether each line is of a period
   */
  byte[] begin(List<String> by, boolean periods);

  /**
   * @param first whether it is the first line
   */
  Optional<byte[]> line(CostLine line, boolean first);

  byte[] end();

  /** {@code {data: […], next: null}}, as {@code /usage} writes its rows. */
  CostForm JSON =
      new CostForm() {
        @Override
        public String contentType() {
          return "application/json";
        }

        @Override
        public byte[] begin(List<String> by, boolean periods) {
          return "{\"data\":[".getBytes(StandardCharsets.US_ASCII);
        }

        @Override
        public Optional<byte[]> line(CostLine line, boolean first) {
          ObjectNode row = Json.object();
          line.period().ifPresent(period -> row.put("start", period.start().toString()));
          line.values().forEach((name, value) -> row.put(name, value.isEmpty() ? null : value));
          for (Figure figure : CostLine.ORDER) {
            String name = CostLine.FIGURES.get(figure);
            if (figure == Figure.PICO_USD) {
              row.put(name, Measure.PICO_USD.text(line.get(figure)));
            } else {
              row.put(name, line.get(figure));
            }
          }
          return Optional.of(
              ((first ? "" : ",") + Json.text(row)).getBytes(StandardCharsets.UTF_8));
        }

        @Override
        public byte[] end() {
          return "],\"next\":null}".getBytes(StandardCharsets.US_ASCII);
        }
      };

  /** A line of names, then one of each. */
  CostForm CSV =
      new CostForm() {
        @Override
        public String contentType() {
          return "text/csv; charset=utf-8; header=present";
        }

        @Override
        public byte[] begin(List<String> by, boolean periods) {
          var names = new ArrayList<String>();
          if (periods) {
            names.add("start");
          }
          names.addAll(by);
          CostLine.ORDER.forEach(figure -> names.add(CostLine.FIGURES.get(figure)));
          return Csv.line(names);
        }

        @Override
        public Optional<byte[]> line(CostLine line, boolean first) {
          var cells = new ArrayList<String>();
          line.period().ifPresent(period -> cells.add(period.start().toString()));
          line.values().values().forEach(value -> cells.add(Csv.text(value)));
          for (Figure figure : CostLine.ORDER) {
            long amount = line.get(figure);
            cells.add(
                figure == Figure.PICO_USD ? Measure.PICO_USD.text(amount) : Long.toString(amount));
          }
          return Optional.of(Csv.line(cells));
        }

        @Override
        public byte[] end() {
          return new byte[0];
        }
      };
}
