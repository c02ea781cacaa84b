// node load.mjs SECONDS: some six calls a second, now more, now fewer, by whom and for what chance decides.
const seconds = Number(process.argv[2]);
const begun = Date.now();
// Key, models, share of the calls.
const mix = [
  ['sk-acme-support-0001', { chat: 5, reasoning: 1, small: 3, assist: 2 }, 5],
  ['sk-acme-search-0001', { small: 6, chat: 1 }, 3],
  ['sk-globex-site-0001', { chat: 2, assist: 2, draft: 2 }, 2],
  ['sk-globex-research-0001', { reasoning: 4, chat: 1 }, 1],
  ['sk-initech-desk-0001', { draft: 4, small: 2, nosuch: 0.1 }, 2],
  ['sk-nobody-0001', { chat: 1 }, 0.12],
];

function pick(pairs) {
  let at = Math.random() * pairs.reduce((sum, [, weight]) => sum + weight, 0);
  return pairs.find(([, weight]) => (at -= weight) < 0)[0];
}

let open = 0;
async function call() {
  const [key, models] = pick(mix.map((who) => [who, who[2]]));
  const model = pick(Object.entries(models));
  const tokens = 20 + Math.floor(Math.random() ** 2 * 250);
  open++;
  try {
    const reply = await fetch('http://127.0.0.1:17070/v1/chat/completions', {
      method: 'POST',
      // One caller in a hundred does not wait for the end.
      signal: AbortSignal.timeout(Math.random() < 0.01 ? 400 : 30000),
      headers: {
        authorization: `Bearer ${key}`,
        'content-type': 'application/json',
        ...(Math.random() < 0.9 && { 'x-lintel-use-case': pick([['faq', 3], ['tickets', 2]]) }),
      },
      body: JSON.stringify({
        model,
        stream: Math.random() < 0.7,
        ...(model === 'chat' && Math.random() < 0.3 && { reasoning_effort: 'low' }),
        max_tokens: tokens,
        user: `u${Math.floor(Math.random() * 20)}`,
        messages: [{ role: 'user', content: 'word '.repeat(10 + Math.floor(Math.random() ** 2 * 900)) }],
      }),
    });
    await reply.text();
  } catch {
    // Who left, or was left: the gateway's figures tell.
  } finally {
    open--;
  }
}

(function next() {
  const at = (Date.now() - begun) / 1000;
  if (at > seconds) return;
  const rush = at % 240 > 180 && at % 240 < 205 ? 6 : 0;
  const rate = 5 + 2.5 * Math.sin(at / 70) + 1.5 * Math.sin(at / 23) + rush;
  if (open < 60) call();
  setTimeout(next, (-Math.log(1 - Math.random()) * 1000) / Math.max(rate, 0.5));
})();
