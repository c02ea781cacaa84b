import OpenAI from 'openai';
import openai from './sdk-openai.js';
import { versionOf } from './version.js';

const REASONS = { max_output_tokens: 'length' };

function client(key) {
  return new OpenAI({ apiKey: key, baseURL: `${process.env.LINTEL_URL}/v1`, maxRetries: 0 });
}

/** The Responses API of the same SDK, the whole conversation sent each time. */
export default {
  name: `npm openai ${versionOf('openai')} Responses`,
  showsThoughts: true,

  chat({ key, model, stream, system, tools, maxTokens, thinking, schema }) {
    const input = [];
    const body = {
      model,
      input,
      store: false,
      ...(system && { instructions: system }),
      ...(tools && { tools: tools.map((tool) => ({ type: 'function', strict: true, ...tool })) }),
      ...(maxTokens && { max_output_tokens: maxTokens }),
      ...(thinking && {
        reasoning: { effort: 'high', summary: 'auto' },
        include: ['reasoning.encrypted_content'],
      }),
      ...(schema && {
        text: { format: { type: 'json_schema', name: 'answer', strict: true, schema } },
      }),
    };

    async function ask() {
      const answer = stream
        ? await client(key).responses.stream(body).finalResponse()
        : await client(key).responses.create(body);
      input.push(...answer.output);
      const calls = answer.output.filter((item) => item.type === 'function_call');
      const done = calls.length ? 'tools' : 'stop';
      return {
        text: answer.output
          .flatMap((item) => (item.type === 'message' ? item.content : []))
          .map((part) => part.text ?? '')
          .join(''),
        thoughts: answer.output
          .flatMap((item) => (item.type === 'reasoning' ? item.summary : []))
          .map((part) => part.text)
          .join(''),
        calls: calls.map((call) => ({
          id: call.call_id,
          name: call.name,
          arguments: JSON.parse(call.arguments),
        })),
        stop:
          answer.status === 'completed'
            ? done
            : (REASONS[answer.incomplete_details?.reason] ?? answer.status),
        input: answer.usage?.input_tokens,
        output: answer.usage?.output_tokens,
      };
    }

    return {
      say(text, image) {
        const content = [{ type: 'input_text', text }];
        if (image) {
          content.push({
            type: 'input_image',
            detail: 'auto',
            image_url: `data:image/png;base64,${image}`,
          });
        }
        input.push({ role: 'user', content });
        return ask();
      },
      give(results) {
        for (const { call, value } of results) {
          input.push({
            type: 'function_call_output',
            call_id: call.id,
            output: JSON.stringify(value),
          });
        }
        return ask();
      },
    };
  },

  refusal: openai.refusal,
};
