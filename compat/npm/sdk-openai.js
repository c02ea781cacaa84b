import OpenAI from 'openai';
import { versionOf } from './version.js';

const STOPS = { stop: 'stop', length: 'length', tool_calls: 'tools' };

function client(key) {
  return new OpenAI({ apiKey: key, baseURL: `${process.env.LINTEL_URL}/v1`, maxRetries: 0 });
}

/** The chat API of one of the SDK's clients. */
export const chatSdk = (api, client) => ({
  name: `npm openai ${versionOf('openai')} ${api}`.trim(),
  showsThoughts: true,

  chat({ key, model, stream, system, tools, maxTokens, thinking, schema }) {
    const messages = system ? [{ role: 'system', content: system }] : [];
    const body = {
      model,
      messages,
      ...(tools && {
        tools: tools.map((tool) => ({ type: 'function', function: { ...tool } })),
      }),
      ...(maxTokens && { max_completion_tokens: maxTokens }),
      ...(thinking && { reasoning_effort: 'high' }),
      ...(schema && {
        response_format: { type: 'json_schema', json_schema: { name: 'answer', strict: true, schema } },
      }),
    };
    let thoughts;

    async function completion() {
      thoughts = '';
      if (!stream) {
        const whole = await client(key).chat.completions.create(body);
        thoughts = whole.choices[0].message.reasoning_content ?? '';
        return whole;
      }
      const events = client(key).chat.completions.stream({
        ...body,
        stream_options: { include_usage: true },
      });
      // The SDK's accumulator keeps what it knows; a vendor's own delta is the caller's to add up.
      events.on('chunk', (chunk) => {
        thoughts += chunk.choices[0]?.delta.reasoning_content ?? '';
      });
      return events.finalChatCompletion();
    }

    async function ask() {
      const answer = await completion();
      const { message, finish_reason } = answer.choices[0];
      messages.push(message);
      return {
        text: message.content ?? '',
        thoughts,
        calls: (message.tool_calls ?? []).map((call) => ({
          id: call.id,
          name: call.function.name,
          arguments: JSON.parse(call.function.arguments),
        })),
        stop: STOPS[finish_reason] ?? finish_reason,
        input: answer.usage?.prompt_tokens,
        output: answer.usage?.completion_tokens,
      };
    }

    return {
      say(text, image) {
        const content = image
          ? [
              { type: 'text', text },
              { type: 'image_url', image_url: { url: `data:image/png;base64,${image}` } },
            ]
          : text;
        messages.push({ role: 'user', content });
        return ask();
      },
      give(results) {
        for (const { call, value } of results) {
          messages.push({ role: 'tool', tool_call_id: call.id, content: JSON.stringify(value) });
        }
        return ask();
      },
    };
  },

  // Without a format the SDK asks for base64 and unpacks it.
  async vectors(key, model, texts) {
    const { data, usage } = await client(key).embeddings.create({ model, input: texts, dimensions: 64 });
    return { vectors: data.map(({ embedding }) => embedding), input: usage.prompt_tokens };
  },

  async models(key) {
    const ids = [];
    for await (const model of client(key).models.list()) ids.push(model.id);
    return ids;
  },

  refusal(error) {
    const kinds = [
      [OpenAI.AuthenticationError, 'authentication'],
      [OpenAI.NotFoundError, 'not_found'],
      [OpenAI.RateLimitError, 'rate_limited'],
    ];
    return {
      kind: kinds.find(([type]) => error instanceof type)?.[1],
      status: error.status,
      retryAfter: error.headers?.get('retry-after'),
    };
  },
});

export default chatSdk('', client);
