import assert from 'node:assert/strict';
import { appendFileSync } from 'node:fs';
import { test } from 'node:test';
import OpenAI, { toFile } from 'openai';
import { KEY } from './cases.js';
import { versionOf } from './version.js';

const sdk = `npm openai ${versionOf('openai')}`;
const client = new OpenAI({ apiKey: KEY, baseURL: `${process.env.LINTEL_URL}/v1`, maxRetries: 0 });
const model = 'openai';

function check(name, stream, body) {
  test(`${sdk}: ${name}`, { timeout: 20_000 }, async () => {
    const line = (outcome, detail) =>
      appendFileSync(
        process.env.COMPAT_RESULTS,
        [sdk, 'openai', stream ? 'streamed' : 'whole', name, outcome, detail.replaceAll(/\s+/g, ' ').slice(0, 400)].join('\t') + '\n',
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
