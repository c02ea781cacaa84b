import assert from 'node:assert/strict';
import { appendFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { BedrockRuntimeClient, ConverseCommand } from '@aws-sdk/client-bedrock-runtime';
import Anthropic from '@anthropic-ai/sdk';
import { GoogleGenAI } from '@google/genai';
import { CohereClientV2 } from 'cohere-ai';
import OpenAI, { toFile } from 'openai';
import { KEY } from './cases.js';
import { versionOf } from './version.js';

const client = new OpenAI({ apiKey: KEY, baseURL: `${process.env.LINTEL_URL}/v1`, maxRetries: 0 });
const model = 'openai';

/** One case of one package; `provider` is who answers, or the gateway itself. */
function checkOf(name, provider, stream, title, body) {
  const sdk = `npm ${name} ${versionOf(name)}`;
  if (!sdk.includes(process.env.COMPAT_ONLY ?? '')) return;
  test(`${sdk}: ${title}`, { timeout: 20_000 }, async () => {
    const line = (outcome, detail) =>
      appendFileSync(
        process.env.COMPAT_RESULTS,
        [sdk, provider, stream ? 'streamed' : 'whole', title, outcome, detail.replaceAll(/\s+/g, ' ').slice(0, 400)].join('\t') + '\n',
      );
    try {
      await body();
    } catch (failure) {
      line('failed', String(failure?.message ?? failure));
      throw failure;
    }
    line('passed', '');
  });
}

const check = (title, stream, body) => checkOf('openai', 'openai', stream, title, body);

const sound = (size) => toFile(Buffer.alloc(size), 'a.mp3', { type: 'audio/mpeg' });

check('picture', false, async () => {
  const reply = await client.images.generate({ model, prompt: 'red', n: 2 });
  assert.equal(reply.data.length, 2);
  assert.equal(Buffer.from(reply.data[0].b64_json, 'base64').subarray(1, 4).toString(), 'PNG');
});

check('picture', true, async () => {
  const events = await client.images.generate({ model, prompt: 'red', stream: true, partial_images: 2 });
  const types = [];
  for await (const event of events) types.push(event.type);
  assert.equal(types.length, 3);
  assert.equal(types.at(-1), 'image_generation.completed');
});

check('edit of a picture', false, async () => {
  const image = await toFile(Buffer.alloc(100), 'a.png', { type: 'image/png' });
  const reply = await client.images.edit({ model, image, prompt: 'blue' });
  assert.equal(reply.data.length, 1);
});

check('speech', true, async () => {
  const reply = await client.audio.speech.create({ model, input: 'Hello', voice: 'alloy' });
  assert.equal(reply.headers.get('content-type'), 'audio/mpeg');
  assert.equal((await reply.arrayBuffer()).byteLength, 444);
});

check('transcription, file first', false, async () => {
  const reply = await client.audio.transcriptions.create({ file: await sound(3_000_000), model });
  assert.match(reply.text, /I heard 300/);
});

check('transcription', true, async () => {
  const events = await client.audio.transcriptions.create({ model, file: await sound(5000), stream: true });
  const types = [];
  for await (const event of events) types.push(event.type);
  assert.deepEqual(types, ['transcript.text.delta', 'transcript.text.done']);
});

check('translation', false, async () => {
  const reply = await client.audio.translations.create({ model, file: await sound(5000), response_format: 'text' });
  assert.match(String(reply), /I heard/);
});

check('moderation', false, async () => {
  const reply = await client.moderations.create({ model, input: 'violence' });
  assert.equal(reply.results[0].flagged, true);
});

check('legacy completion', false, async () => {
  const reply = await client.completions.create({ model, prompt: 'Tell me of gates' });
  assert.match(reply.choices[0].text, /gates/);
});

checkOf('openai', 'gateway', false, 'files and a batch over two providers', async () => {
  const lines = ['anthropic', 'gemini'].map((provider) => ({
    custom_id: provider,
    method: 'POST',
    url: '/v1/chat/completions',
    body: { model: provider, messages: [{ role: 'user', content: `Tell me of gates, ${provider}` }] },
  }));
  const file = await client.files.create({
    purpose: 'batch',
    file: await toFile(Buffer.from(lines.map((line) => JSON.stringify(line)).join('\n')), 'requests.jsonl'),
  });
  let batch = await client.batches.create({
    input_file_id: file.id,
    endpoint: '/v1/chat/completions',
    completion_window: '24h',
  });
  while (!['completed', 'failed', 'expired', 'cancelled'].includes(batch.status)) {
    await wait(100);
    batch = await client.batches.retrieve(batch.id);
  }
  assert.equal(batch.status, 'completed');
  assert.deepEqual(batch.request_counts, { total: 2, completed: 2, failed: 0 });
  const output = await (await client.files.content(batch.output_file_id)).text();
  for (const line of output.trim().split('\n').map((text) => JSON.parse(text))) {
    assert.match(line.response.body.choices[0].message.content, new RegExp(`gates, ${line.custom_id}`));
  }
  assert.equal((await client.files.delete(file.id)).deleted, true);
});

for (const provider of ['openai', 'cohere']) {
  checkOf('cohere-ai', provider, false, 'reranking', async () => {
    const cohere = new CohereClientV2({ token: KEY, baseUrl: process.env.LINTEL_URL, maxRetries: 0 });
    const { results } = await cohere.rerank({
      model: `sim-${provider}/rank`,
      query: 'what is above the gate?',
      documents: ['a small cat', 'a heavy beam above a gate'],
    });
    assert.deepEqual(results.map(({ index }) => index), [1, 0]);
    assert.ok(results[0].relevanceScore > results[1].relevanceScore);
  });
}

for (const provider of ['openai', 'anthropic', 'gemini']) {
  checkOf('@anthropic-ai/sdk', provider, false, 'counted tokens', async () => {
    const anthropic = new Anthropic({ apiKey: KEY, baseURL: process.env.LINTEL_URL, maxRetries: 0 });
    const messages = [{ role: 'user', content: 'Tell me of gates' }];
    const { input_tokens: tokens } = await anthropic.messages.countTokens({ model: provider, messages });
    assert.ok(tokens > 0, `${tokens} tokens`);
  });
  checkOf('@google/genai', provider, false, 'counted tokens', async () => {
    const google = new GoogleGenAI({ apiKey: KEY, httpOptions: { baseUrl: process.env.LINTEL_URL } });
    const { totalTokens } = await google.models.countTokens({ model: provider, contents: 'Tell me of gates' });
    assert.ok(totalTokens > 0, `${totalTokens} tokens`);
  });
}

checkOf('@aws-sdk/client-bedrock-runtime', 'gateway', false, 'a key as bearer token', async () => {
  const aws = new BedrockRuntimeClient({
    region: 'eu-central-1',
    endpoint: process.env.LINTEL_URL,
    token: { token: KEY },
    authSchemePreference: ['httpBearerAuth'],
    maxAttempts: 1,
  });
  const messages = [{ role: 'user', content: [{ text: 'Tell me of gates' }] }];
  const { output } = await aws.send(new ConverseCommand({ modelId: 'openai', messages }));
  assert.match(output.message.content[0].text, /gates/);
});
