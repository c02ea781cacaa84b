import Anthropic from '@anthropic-ai/sdk';
import { versionOf } from './version.js';

const STOPS = { end_turn: 'stop', max_tokens: 'length', tool_use: 'tools' };

function client(key) {
  return new Anthropic({ apiKey: key, baseURL: process.env.LINTEL_URL, maxRetries: 0 });
}

function textOf(content, type, field) {
  return content
    .filter((block) => block.type === type)
    .map((block) => block[field])
    .join('');
}

export default {
  name: `npm @anthropic-ai/sdk ${versionOf('@anthropic-ai/sdk')}`,
  showsThoughts: true,

  chat({ key, model, stream, system, tools, maxTokens, thinking, schema }) {
    const messages = [];
    const body = {
      model,
      messages,
      max_tokens: maxTokens ?? 4000,
      ...(system && { system }),
      ...(tools && {
        tools: tools.map(({ name, description, parameters }) => ({
          name,
          description,
          input_schema: parameters,
        })),
      }),
      ...(thinking && { thinking: { type: 'enabled', budget_tokens: 2000 } }),
      ...(schema && { output_config: { format: { type: 'json_schema', schema } } }),
    };

    async function ask() {
      const { messages: api } = client(key);
      const answer = stream ? await api.stream(body).finalMessage() : await api.create(body);
      messages.push({ role: 'assistant', content: answer.content });
      return {
        text: textOf(answer.content, 'text', 'text'),
        thoughts: textOf(answer.content, 'thinking', 'thinking'),
        calls: answer.content
          .filter((block) => block.type === 'tool_use')
          .map(({ id, name, input }) => ({ id, name, arguments: input })),
        stop: STOPS[answer.stop_reason] ?? answer.stop_reason,
        input: answer.usage.input_tokens,
        output: answer.usage.output_tokens,
      };
    }

    return {
      say(text, image) {
        const content = [{ type: 'text', text }];
        if (image) {
          const source = { type: 'base64', media_type: 'image/png', data: image };
          content.push({ type: 'image', source });
        }
        messages.push({ role: 'user', content });
        return ask();
      },
      give(results) {
        const content = results.map(({ call, value }) => ({
          type: 'tool_result',
          tool_use_id: call.id,
          content: JSON.stringify(value),
        }));
        messages.push({ role: 'user', content });
        return ask();
      },
    };
  },

  async models(key) {
    const ids = [];
    for await (const model of client(key).models.list()) ids.push(model.id);
    return ids;
  },

  refusal(error) {
    const kinds = [
      [Anthropic.AuthenticationError, 'authentication'],
      [Anthropic.NotFoundError, 'not_found'],
      [Anthropic.RateLimitError, 'rate_limited'],
    ];
    return {
      kind: kinds.find(([type]) => error instanceof type)?.[1],
      status: error.status,
      retryAfter: error.headers?.get('retry-after'),
    };
  },
};
