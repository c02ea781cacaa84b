import assert from 'node:assert/strict';

export const KEY = 'sk-compat-0001';
/** Of the same app: AWS's SDKs sign with it. */
export const AWS_PAIR = { id: 'AKIDCOMPAT0001', secret: 'compat-secret-0001' };
const WEATHER = {
  name: 'get_weather',
  description: 'The weather of a city',
  parameters: {
    type: 'object',
    properties: {
      city: { type: 'string' },
      unit: { type: 'string', enum: ['celsius', 'fahrenheit'] },
    },
    required: ['city', 'unit'],
    additionalProperties: false,
  },
};
const CLOCK = {
  name: 'read_clock',
  description: 'The time of a zone',
  parameters: {
    type: 'object',
    properties: { zone: { type: 'string' }, seconds: { type: 'boolean' } },
    required: ['zone', 'seconds'],
    additionalProperties: false,
  },
};
const PING = {
  name: 'ping_server',
  description: 'Whether the server is there',
  parameters: { type: 'object', properties: {}, additionalProperties: false },
};
const CITY = {
  type: 'object',
  properties: { city: { type: 'string' }, inhabitants: { type: 'integer' } },
  required: ['city', 'inhabitants'],
  additionalProperties: false,
};
const PNG =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==';

function counted(answer) {
  assert.ok(answer.input > 0, `input tokens are ${answer.input}`);
  assert.ok(answer.output > 0, `output tokens are ${answer.output}`);
}

function complete(answer, word) {
  assert.ok(answer.text.includes(word), `no "${word}" in: ${answer.text}`);
  assert.equal(answer.stop, 'stop');
  counted(answer);
}

function asksForBoth(answer) {
  assert.equal(answer.stop, 'tools');
  assert.deepEqual(answer.calls.map((call) => call.name).sort(), ['get_weather', 'read_clock']);
  const given = Object.fromEntries(answer.calls.map((call) => [call.name, call.arguments]));
  assert.equal(typeof given.get_weather.city, 'string');
  assert.ok(['celsius', 'fahrenheit'].includes(given.get_weather.unit), given.get_weather.unit);
  assert.equal(typeof given.read_clock.zone, 'string');
  assert.equal(typeof given.read_clock.seconds, 'boolean');
  counted(answer);
}

function results(answer) {
  const values = { get_weather: { sky: 'cloudless' }, read_clock: { time: 'midnight' } };
  return answer.calls.map((call) => ({ call, value: values[call.name] }));
}

/** The simulated provider refuses what comes back without the signatures that it gave. */
async function thinkingLoop(sdk, settings) {
  const chat = sdk.chat({ ...settings, thinking: true, tools: [WEATHER, CLOCK] });
  for (const question of ['What say weather and clock in Oslo?', 'And weather and clock in Rome?']) {
    const asked = await chat.say(question);
    asksForBoth(asked);
    if (sdk.showsThoughts) assert.ok(asked.thoughts.length > 0, 'no thoughts');
    complete(await chat.give(results(asked)), 'cloudless');
  }
}

async function refused(sdk, settings, kind, status) {
  const error = await sdk
    .chat(settings)
    .say('Hello')
    .then(
      (answer) => assert.fail(`answered: ${answer.text}`),
      (thrown) => thrown,
    );
  const refusal = sdk.refusal(error);
  assert.equal(refusal.kind, kind, String(error));
  assert.equal(refusal.status, status);
  return refusal;
}

async function neverLooksComplete(sdk, settings) {
  let answer;
  try {
    answer = await sdk.chat(settings).say('Tell me of gates');
  } catch (broken) {
    assert.equal(sdk.refusal(broken).kind, undefined, String(broken));
    return;
  }
  assert.ok(!['stop', 'length', 'tools'].includes(answer.stop), `complete: ${answer.text}`);
}

/** What every SDK must manage with every provider, whole and streamed. */
export const withProvider = {
  async 'plain text'(sdk, settings) {
    complete(await sdk.chat(settings).say('Tell me of gates'), 'gates');
  },

  async 'system prompt'(sdk, settings) {
    const bare = await sdk.chat(settings).say('Tell me of gates');
    const system = 'You are a lintel above a door and speak of nothing but stone.';
    const guided = await sdk.chat({ ...settings, system }).say('Tell me of gates');
    complete(guided, 'gates');
    assert.ok(guided.input > bare.input, `${guided.input} input tokens, ${bare.input} without`);
  },

  async 'parallel tools and their results'(sdk, settings) {
    const chat = sdk.chat({ ...settings, tools: [WEATHER, CLOCK, PING] });
    const asked = await chat.say('What say weather and clock in Oslo?');
    asksForBoth(asked);
    const told = await chat.give(results(asked));
    complete(told, 'cloudless');
    complete(told, 'midnight');
  },

  async 'tool without arguments'(sdk, settings) {
    const chat = sdk.chat({ ...settings, tools: [PING] });
    const asked = await chat.say('Please ping it');
    assert.equal(asked.stop, 'tools');
    assert.deepEqual(
      asked.calls.map((call) => [call.name, call.arguments]),
      [['ping_server', {}]],
    );
    complete(await chat.give([{ call: asked.calls[0], value: { pong: 'indeed' } }]), 'indeed');
  },

  async 'structured output'(sdk, settings) {
    const answer = await sdk.chat({ ...settings, schema: CITY }).say('Name a city');
    const value = JSON.parse(answer.text);
    assert.deepEqual(Object.keys(value).sort(), ['city', 'inhabitants']);
    assert.equal(typeof value.city, 'string');
    assert.ok(Number.isInteger(value.inhabitants));
    assert.equal(answer.stop, 'stop');
  },

  async 'thinking in a tool loop'(sdk, settings) {
    await thinkingLoop(sdk, settings);
  },

  async 'thinking while providers change'(sdk, settings) {
    await thinkingLoop(sdk, { ...settings, model: `${settings.model}-relay` });
  },

  async 'image'(sdk, settings) {
    const bare = await sdk.chat(settings).say('What is seen here?');
    const answer = await sdk.chat(settings).say('What is seen here?', PNG);
    complete(answer, 'seen');
    assert.ok(answer.input > bare.input + 100, `${answer.input} input tokens, ${bare.input} without`);
  },

  async 'stop by length'(sdk, settings) {
    const answer = await sdk.chat({ ...settings, maxTokens: 5 }).say('Tell me of gates at length');
    assert.equal(answer.stop, 'length');
    assert.ok(answer.text.length > 0);
    counted(answer);
  },

  async 'rate limited'(sdk, settings) {
    const model = `${settings.model}-limited`;
    const { retryAfter } = await refused(sdk, { ...settings, model }, 'rate_limited', 429);
    assert.equal(retryAfter, '7');
  },

  async 'broken: connection reset'(sdk, settings) {
    await neverLooksComplete(sdk, { ...settings, model: `${settings.model}-reset` });
  },

  async 'broken: no end'(sdk, settings) {
    await neverLooksComplete(sdk, { ...settings, model: `${settings.model}-unterminated` });
  },

  async 'broken: error amid'(sdk, settings) {
    await neverLooksComplete(sdk, { ...settings, model: `${settings.model}-error` });
  },

  async 'failover'(sdk, settings) {
    const model = `${settings.model}-failover`;
    complete(await sdk.chat({ ...settings, model }).say('Tell me of gates'), 'gates');
  },
};

/** What the gateway itself answers, whoever the provider is. */
export const withGateway = {
  async vectors(sdk, settings) {
    const texts = ['a heavy beam', 'a small cat'];
    let first;
    for (const provider of ['openai', 'gemini', 'cohere']) {
      const { vectors, input } = await sdk.vectors(settings.key, `sim-${provider}/embed`, texts);
      assert.equal(vectors.length, 2);
      assert.equal(vectors[1].length, 64);
      assert.notDeepEqual(vectors[0], vectors[1]);
      assert.ok(input === undefined || input > 0, `input tokens are ${input}`);
      first ??= vectors;
      vectors.flat().forEach((value, i) => assert.equal(Math.fround(value), Math.fround(first.flat()[i])));
    }
  },

  async 'wrong key'(sdk, settings) {
    const wrong = { ...settings, model: 'openai', key: 'sk-nobody-0000' };
    await refused(sdk, wrong, 'authentication', sdk.unauthenticated ?? 401);
  },

  async 'unknown model'(sdk, settings) {
    await refused(sdk, { ...settings, model: 'no-such-model' }, 'not_found', 404);
  },

  async 'list of models'(sdk, settings) {
    const ids = await sdk.models(settings.key);
    for (const id of ['openai', 'anthropic', 'gemini', 'bedrock-failover']) {
      assert.ok(ids.includes(id), `no ${id} in ${ids}`);
    }
  },
};
