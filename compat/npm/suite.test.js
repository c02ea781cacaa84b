import { appendFileSync } from 'node:fs';
import { test } from 'node:test';
import { KEY, withGateway, withProvider } from './cases.js';
import ai from './sdk-ai.js';
import anthropic from './sdk-anthropic.js';
import bedrock from './sdk-bedrock.js';
import cohere from './sdk-cohere.js';
import google from './sdk-google.js';
import azure from './sdk-openai-azure.js';
import responses from './sdk-openai-responses.js';
import openai from './sdk-openai.js';

const PROVIDERS = ['openai', 'responses', 'anthropic', 'gemini', 'cohere', 'bedrock'];

/** A part of an SDK's name, to ask by that alone. */
const ONLY = process.env.COMPAT_ONLY ?? '';

function check(sdk, provider, stream, name, body) {
  if (!sdk.name.includes(ONLY)) return;
  const mode = stream ? 'streamed' : 'whole';
  test(`${sdk.name}, ${provider}, ${mode}: ${name}`, { timeout: 20_000 }, async () => {
    const line = (outcome, detail) =>
      appendFileSync(
        process.env.COMPAT_RESULTS,
        [sdk.name, provider, mode, name, outcome, detail.replaceAll(/\s+/g, ' ').slice(0, 400)].join('\t') + '\n',
      );
    try {
      await body(sdk, { key: KEY, model: provider, stream });
    } catch (failure) {
      line('failed', String(failure?.message ?? failure));
      throw failure;
    }
    line('passed', '');
  });
}

for (const sdk of [openai, responses, azure, anthropic, google, cohere, bedrock, ...ai]) {
  for (const stream of [false, true]) {
    for (const provider of PROVIDERS) {
      for (const [name, body] of Object.entries(withProvider)) {
        check(sdk, provider, stream, name, body);
      }
    }
    for (const [name, body] of Object.entries(withGateway)) {
      // The AI SDK and AWS's have no list of models, and the Responses API's is the chat API's;
      // Anthropic has no vectors, Converse neither, and nobody streams those.
      if (name === 'list of models' && !sdk.models) continue;
      if (name === 'vectors' && (stream || !sdk.vectors)) continue;
      check(sdk, 'gateway', stream, name, body);
    }
  }
}
