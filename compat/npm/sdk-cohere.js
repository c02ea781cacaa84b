import { CohereClientV2, CohereError } from 'cohere-ai';
import { versionOf } from './version.js';

const STOPS = { COMPLETE: 'stop', MAX_TOKENS: 'length', TOOL_CALL: 'tools' };
const KINDS = { 401: 'authentication', 404: 'not_found', 429: 'rate_limited' };

function client(token) {
  return new CohereClientV2({ token, baseUrl: process.env.LINTEL_URL, maxRetries: 0 });
}

/** The SDK gives a stream's events and leaves it to its users to add them up. */
async function whole(events) {
  const message = { role: 'assistant' };
  const content = [];
  const calls = [];
  let end;
  for await (const { type, index, delta } of events) {
    if (type === 'content-start') content[index] = { ...delta.message.content };
    if (type === 'content-delta') {
      const [[field, piece]] = Object.entries(delta.message.content).filter(([, value]) => value);
      content[index][field] = (content[index][field] ?? '') + piece;
    }
    if (type === 'tool-plan-delta') message.toolPlan = (message.toolPlan ?? '') + delta.message.toolPlan;
    if (type === 'tool-call-start') calls[index] = structuredClone(delta.message.toolCalls);
    if (type === 'tool-call-delta') {
      calls[index].function.arguments += delta.message.toolCalls.function.arguments;
    }
    if (type === 'message-end') end = delta;
  }
  if (content.length) message.content = content.filter(Boolean);
  if (calls.length) message.toolCalls = calls.filter(Boolean);
  return { message, finishReason: end?.finishReason, usage: end?.usage };
}

export default {
  name: `npm cohere-ai ${versionOf('cohere-ai')}`,
  showsThoughts: true,

  chat({ key, model, stream, system, tools, maxTokens, thinking, schema }) {
    const messages = system ? [{ role: 'system', content: system }] : [];
    const body = {
      model,
      messages,
      ...(tools && { tools: tools.map((tool) => ({ type: 'function', function: tool })) }),
      ...(maxTokens && { maxTokens }),
      ...(thinking && { thinking: { type: 'enabled', tokenBudget: 2000 } }),
      ...(schema && { responseFormat: { type: 'json_object', jsonSchema: schema } }),
    };

    async function ask() {
      const answer = stream
        ? await whole(await client(key).chatStream(body))
        : await client(key).chat(body);
      const { message, finishReason, usage } = answer;
      messages.push(message);
      const words = (field) => (message.content ?? []).map((item) => item[field] ?? '').join('');
      return {
        text: words('text'),
        thoughts: words('thinking'),
        calls: (message.toolCalls ?? []).map((call) => ({
          id: call.id,
          name: call.function.name,
          arguments: JSON.parse(call.function.arguments),
        })),
        stop: STOPS[finishReason] ?? finishReason,
        input: usage?.billedUnits?.inputTokens,
        output: usage?.billedUnits?.outputTokens,
      };
    }

    return {
      say(text, image) {
        const content = image
          ? [
              { type: 'text', text },
              { type: 'image_url', imageUrl: { url: `data:image/png;base64,${image}` } },
            ]
          : text;
        messages.push({ role: 'user', content });
        return ask();
      },
      give(results) {
        for (const { call, value } of results) {
          messages.push({ role: 'tool', toolCallId: call.id, content: JSON.stringify(value) });
        }
        return ask();
      },
    };
  },

  async vectors(key, model, texts) {
    const { embeddings, meta } = await client(key).embed({
      model,
      texts,
      inputType: 'search_document',
      embeddingTypes: ['float'],
      outputDimension: 64,
    });
    return { vectors: embeddings.float, input: meta?.billedUnits?.inputTokens };
  },

  async models(key) {
    const { models } = await client(key).models.list();
    return models.map(({ name }) => name);
  },

  refusal(error) {
    return {
      kind: error instanceof CohereError ? KINDS[error.statusCode] : undefined,
      status: error.statusCode,
      retryAfter: error.rawResponse?.headers.get('retry-after'),
    };
  },
};
