// node draw.mjs PROMETHEUS MINUTES BUNDLE FOLDER: asks a Prometheus every query of deploy/grafana/lintel.json and draws the answers into PNGs.
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const [prometheus, minutes, bundle, folder] = process.argv.slice(2);
const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const board = JSON.parse(await readFile(here('../../deploy/grafana/lintel.json'), 'utf8'));
const step = 10;
const to = Math.floor(Date.now() / 1000 / step) * step;
const from = to - minutes * 60;

async function ask(path, query) {
  const answer = await (await fetch(`${prometheus}/api/v1/${path}?${new URLSearchParams(query)}`)).json();
  if (answer.status !== 'success') throw new Error(`${query.query}: ${answer.error}`);
  return answer.data;
}

const queries = {};
let empty = 0;
for (const panel of board.panels) {
  for (const { expr } of panel.targets ?? []) {
    // All of everything, and the interval that Grafana takes for a scrape each 10 s.
    const query = expr.replace(/\$(instance|model|tenant)\b/g, '.*').replaceAll('$__rate_interval', '40s');
    queries[expr] = (await ask('query_range', { query, start: from, end: to, step })).result;
    if (!queries[expr].length) {
      empty++;
      console.log(`no data: ${panel.title}: ${query}`);
    }
  }
}
const { version } = await ask('status/buildinfo', {});
const library = JSON.parse(await readFile(here('node_modules/@grafana/ui/package.json'), 'utf8')).version;
const note = `Not Grafana: deploy/grafana/lintel.json, drawn by compat/dashboard with Grafana's component library @grafana/ui ${library}; data of Prometheus ${version}, scraping a Lintel between simulated providers, ${new Date(from * 1000).toISOString().slice(0, 16)} to ${new Date(to * 1000).toISOString().slice(11, 16)} UTC.`;

const evidence = JSON.stringify({ board, queries, from: from * 1000, to: to * 1000, step: step * 1000, note }).replaceAll('<', '\\u003c');
const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-lcd-text', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
try {
  const page = await browser.newPage({ viewport: { width: 1624, height: 1200 } });
  const faults = [];
  page.on('pageerror', (fault) => faults.push(fault.stack));
  await page.route('**/*', (route) =>
    route.request().url() === 'http://127.0.0.1/' ? route.fulfill({ contentType: 'text/html', body: '<!doctype html><body><div id="board"></div>' }) : route.abort(),
  );
  await page.goto('http://127.0.0.1/');
  await page.addScriptTag({ content: `window.evidence = ${evidence}` });
  await page.addStyleTag({ path: `${bundle}/board.css` });
  await page.addScriptTag({ path: `${bundle}/board.js` });
  await page.waitForTimeout(3000);
  if (faults.length) throw new Error(faults.join('\n'));
  const { height } = await page.locator('#board > div').boundingBox();
  const half = (await page.locator('.band').nth(3).boundingBox()).y - 8;
  const shot = (name, y, tall) => page.screenshot({ path: `${folder}/${name}`, fullPage: true, clip: { x: 0, y, width: 1624, height: tall } });
  await shot('dashboard-1.png', 0, half);
  await shot('dashboard-2.png', half, height - half);
} finally {
  await browser.close();
}
console.log(`${Object.keys(queries).length} queries, ${empty} without data`);
