// Draws the panels of a Grafana dashboard's JSON by Grafana's own published components. This is not Grafana.
import { createRoot } from 'react-dom/client';
import { FieldType, ThemeContext, createTheme, dateTime, getDisplayProcessor, getValueFormats, toDataFrame } from '@grafana/data';
import { BigValue, GlobalStyles, PanelChrome, TimeSeries } from '@grafana/ui';

const { board, queries, from, to, step, note } = window.evidence;
const theme = createTheme({ colors: { mode: 'light' } });
const timeZone = 'utc';
const units = new Set(getValueFormats().flatMap((group) => group.submenu.map((unit) => unit.value)));
const column = 1600 / 24;
const row = 38;

// What Grafana's panel takes where the JSON says nothing.
const usual = { drawStyle: 'line', lineInterpolation: 'linear', lineWidth: 1, pointSize: 5, barAlignment: 0, gradientMode: 'none', axisPlacement: 'auto', spanNulls: false };

/** One frame a series, as Grafana's data source for Prometheus makes them. */
function frames(panel) {
  const { custom, ...defaults } = panel.fieldConfig.defaults;
  if (!units.has(defaults.unit)) throw new Error(`${panel.title}: Grafana has no unit ${defaults.unit}`);
  const series = panel.targets.flatMap((target) =>
    queries[target.expr].map(({ metric, values }) => ({
      name: target.legendFormat.replace(/{{\s*(\w+)\s*}}/g, (_, label) => metric[label] ?? ''),
      values,
    })),
  );
  return series.map(({ name, values }, seriesIndex) => {
    const frame = toDataFrame({
      fields: [
        { name: 'Time', type: FieldType.time, values: values.map(([at]) => at * 1000), config: { interval: step } },
        // No number is a gap in the line, as it is for Grafana.
        { name: 'Value', type: FieldType.number, values: values.map(([, value]) => (value === 'NaN' ? null : Number(value))), labels: {} },
      ],
    });
    const field = frame.fields[1];
    field.config = { ...defaults, color: defaults.color ?? { mode: 'palette-classic' }, displayName: name, custom: { ...usual, ...custom } };
    const real = field.values.filter((value) => value !== null);
    const [min, max] = [Math.min(...real), Math.max(...real)];
    field.state = { seriesIndex, displayName: name, range: { min, max, delta: max - min } };
    field.display = getDisplayProcessor({ field, theme, timeZone });
    return frame;
  });
}

const nothing = <div style={{ padding: 40, textAlign: 'center', color: theme.colors.text.secondary }}>No data</div>;

const kinds = {
  timeseries: (panel, data, width, height) => (
    <TimeSeries
      frames={data}
      width={width}
      height={height}
      timeZone={timeZone}
      timeRange={{ from: dateTime(from), to: dateTime(to), raw: { from: dateTime(from), to: dateTime(to) } }}
      legend={{ calcs: [], ...panel.options.legend }}
      options={{}}
    />
  ),
  stat: (panel, [frame], width, height) => {
    const field = frame.fields[1];
    const value = field.values.findLast((one) => one !== null);
    return <BigValue theme={theme} width={width} height={height} value={field.display(value)} sparkline={{ x: frame.fields[0], y: field }} colorMode="value" graphMode="area" justifyMode="auto" textMode="auto" />;
  },
};

function place({ gridPos: { x, y, w, h } }) {
  return { position: 'absolute', left: x * column, top: y * row, width: w * column - 8, height: h * row - 8 };
}

function Board() {
  const rows = Math.max(...board.panels.map(({ gridPos }) => gridPos.y + gridPos.h));
  return (
    <ThemeContext.Provider value={theme}>
      <GlobalStyles />
      <div style={{ padding: 16, width: 1600 - 8 + 32, background: theme.colors.background.canvas }}>
        <div style={{ font: '13px sans-serif', height: 28 }}>{note}</div>
        <div style={{ position: 'relative', height: rows * row }}>
          {board.panels.map((panel) =>
            panel.type === 'row' ? (
              <div key={panel.id} className="band" style={{ ...place(panel), fontSize: 18, fontWeight: 500 }}>
                {panel.title}
                {panel === board.panels.filter(({ type }) => type === 'row')[3] && <span style={{ font: '11px sans-serif', marginLeft: 24 }}>{note}</span>}
              </div>
            ) : (
              <div key={panel.id} style={place(panel)}>
                <PanelChrome title={panel.title} width={place(panel).width} height={place(panel).height}>
                  {(width, height) => {
                    const data = frames(panel);
                    return data.length ? kinds[panel.type](panel, data, width, height) : nothing;
                  }}
                </PanelChrome>
              </div>
            ),
          )}
        </div>
      </div>
    </ThemeContext.Provider>
  );
}

createRoot(document.getElementById('board')).render(<Board />);
