import { createAnthropic } from '@ai-sdk/anthropic';
import { createCohere } from '@ai-sdk/cohere';
import { createGoogle } from '@ai-sdk/google';
import { createOpenAI } from '@ai-sdk/openai';
import { APICallError, Output, generateText, jsonSchema, streamText, tool } from 'ai';
import { versionOf } from './version.js';

const STOPS = { stop: 'stop', length: 'length', 'tool-calls': 'tools' };
const KINDS = { 401: 'authentication', 404: 'not_found', 429: 'rate_limited' };

/** One provider package of the AI SDK, under the one API that they all share. */
function sdk({ name, api = '', showsThoughts, languageModel, thinkingOptions }) {
  return {
    name: `npm ai ${versionOf('ai')} + ${name} ${versionOf(name)}${api}`,
    showsThoughts,

    chat({ key, model, stream, system, tools, maxTokens, thinking, schema }) {
      const messages = [];
      const settings = {
        model: languageModel(key)(model),
        messages,
        maxRetries: 0,
        ...(system && { instructions: system }),
        ...(tools && {
          tools: Object.fromEntries(
            tools.map(({ name: id, description, parameters }) => [
              id,
              tool({ description, inputSchema: jsonSchema(parameters) }),
            ]),
          ),
        }),
        ...(maxTokens && { maxOutputTokens: maxTokens }),
        ...(thinking && { providerOptions: thinkingOptions }),
        ...(schema && { output: Output.object({ schema: jsonSchema(schema) }) }),
      };

      async function result() {
        if (!stream) return generateText(settings);
        const streamed = streamText({ ...settings, onError() {} });
        for await (const part of streamed.fullStream) {
          if (part.type === 'error') throw part.error;
        }
        return streamed;
      }

      async function ask() {
        const answer = await result();
        messages.push(...(await answer.response).messages);
        const reason = await answer.finishReason;
        const usage = await answer.usage;
        if (schema) await answer.output;
        return {
          text: await answer.text,
          thoughts: (await answer.reasoningText) ?? '',
          calls: (await answer.toolCalls).map(({ toolCallId, toolName, input }) => ({
            id: toolCallId,
            name: toolName,
            arguments: input,
          })),
          stop: STOPS[reason] ?? reason,
          input: usage.inputTokens,
          output: usage.outputTokens,
        };
      }

      return {
        say(text, image) {
          const content = [{ type: 'text', text }];
          if (image) {
            content.push({ type: 'file', mediaType: 'image/png', data: image });
          }
          messages.push({ role: 'user', content });
          return ask();
        },
        give(results) {
          const content = results.map(({ call, value }) => ({
            type: 'tool-result',
            toolCallId: call.id,
            toolName: call.name,
            output: { type: 'json', value },
          }));
          messages.push({ role: 'tool', content });
          return ask();
        },
      };
    },

    refusal(error) {
      return {
        kind: APICallError.isInstance(error) ? KINDS[error.statusCode] : undefined,
        status: error.statusCode,
        retryAfter: error.responseHeaders?.['retry-after'],
      };
    },
  };
}

export default [
  sdk({
    name: '@ai-sdk/openai',
    // Its chat model has no field for thoughts; that they survive is seen by the provider taking them back.
    showsThoughts: false,
    languageModel: (apiKey) =>
      createOpenAI({ apiKey, baseURL: `${process.env.LINTEL_URL}/v1` }).chat,
    thinkingOptions: { openai: { reasoningEffort: 'high', forceReasoning: true } },
  }),
  sdk({
    // What it uses unless told otherwise: the Responses API, with references to earlier items.
    name: '@ai-sdk/openai',
    api: ' Responses',
    showsThoughts: true,
    languageModel: (apiKey) => createOpenAI({ apiKey, baseURL: `${process.env.LINTEL_URL}/v1` }),
    thinkingOptions: {
      openai: { reasoningEffort: 'high', reasoningSummary: 'auto', forceReasoning: true },
    },
  }),
  sdk({
    name: '@ai-sdk/anthropic',
    showsThoughts: true,
    languageModel: (apiKey) =>
      createAnthropic({ apiKey, baseURL: `${process.env.LINTEL_URL}/v1` }),
    thinkingOptions: { anthropic: { thinking: { type: 'enabled', budgetTokens: 2000 } } },
  }),
  sdk({
    name: '@ai-sdk/google',
    showsThoughts: true,
    languageModel: (apiKey) =>
      createGoogle({ apiKey, baseURL: `${process.env.LINTEL_URL}/v1beta` }),
    thinkingOptions: { google: { thinkingConfig: { includeThoughts: true, thinkingBudget: 2000 } } },
  }),
  sdk({
    name: '@ai-sdk/cohere',
    showsThoughts: true,
    languageModel: (apiKey) => createCohere({ apiKey, baseURL: `${process.env.LINTEL_URL}/v2` }),
    thinkingOptions: { cohere: { thinking: { type: 'enabled', tokenBudget: 2000 } } },
  }),
];
