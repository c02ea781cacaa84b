import { ApiError, GoogleGenAI } from '@google/genai';
import { versionOf } from './version.js';

const STOPS = { STOP: 'stop', MAX_TOKENS: 'length' };
const KINDS = { 401: 'authentication', 404: 'not_found', 429: 'rate_limited' };

function client(key) {
  // The SDK retries only where retryOptions ask for it.
  return new GoogleGenAI({ apiKey: key, httpOptions: { baseUrl: process.env.LINTEL_URL } });
}

export default {
  name: `npm @google/genai ${versionOf('@google/genai')}`,
  showsThoughts: true,

  chat({ key, model, stream, system, tools, maxTokens, thinking, schema }) {
    const contents = [];
    const config = {
      ...(system && { systemInstruction: system }),
      ...(tools && {
        tools: [
          {
            functionDeclarations: tools.map(({ name, description, parameters }) => ({
              name,
              description,
              parametersJsonSchema: parameters,
            })),
          },
        ],
      }),
      ...(maxTokens && { maxOutputTokens: maxTokens }),
      ...(thinking && { thinkingConfig: { includeThoughts: true, thinkingBudget: 2000 } }),
      ...(schema && { responseMimeType: 'application/json', responseJsonSchema: schema }),
    };

    async function chunks() {
      const { models } = client(key);
      if (!stream) return [await models.generateContent({ model, contents, config })];
      const all = [];
      for await (const chunk of await models.generateContentStream({ model, contents, config })) {
        all.push(chunk);
      }
      return all;
    }

    async function ask() {
      const all = await chunks();
      const parts = all.flatMap((chunk) => chunk.candidates?.[0]?.content?.parts ?? []);
      contents.push({ role: 'model', parts });
      const words = (thought) =>
        parts
          .filter((part) => part.text && !!part.thought === thought)
          .map((part) => part.text)
          .join('');
      const calls = parts
        .filter((part) => part.functionCall)
        .map(({ functionCall: { id, name, args } }) => ({ id, name, arguments: args }));
      const reason = all.map((chunk) => chunk.candidates?.[0]?.finishReason).findLast(Boolean);
      const usage = all.map((chunk) => chunk.usageMetadata).findLast(Boolean);
      return {
        text: words(false),
        thoughts: words(true),
        calls,
        stop: reason === 'STOP' && calls.length > 0 ? 'tools' : (STOPS[reason] ?? reason),
        input: usage?.promptTokenCount,
        output: usage?.candidatesTokenCount,
      };
    }

    return {
      say(text, image) {
        const parts = [{ text }];
        if (image) parts.push({ inlineData: { mimeType: 'image/png', data: image } });
        contents.push({ role: 'user', parts });
        return ask();
      },
      give(results) {
        const parts = results.map(({ call: { id, name }, value }) => ({
          functionResponse: { id, name, response: value },
        }));
        contents.push({ role: 'user', parts });
        return ask();
      },
    };
  },

  async vectors(key, model, texts) {
    const { embeddings } = await client(key).models.embedContent({
      model,
      contents: texts,
      config: { outputDimensionality: 64, taskType: 'RETRIEVAL_DOCUMENT' },
    });
    return { vectors: embeddings.map(({ values }) => values) };
  },

  async models(key) {
    const ids = [];
    for await (const model of await client(key).models.list()) {
      ids.push(model.name.replace(/^models\//, ''));
    }
    return ids;
  },

  refusal(error) {
    // This SDK has one exception for all refusals, and of the reply only the body: the wait is there as RetryInfo.
    return {
      kind: error instanceof ApiError ? KINDS[error.status] : undefined,
      status: error.status,
      retryAfter: /"retryDelay":\s*"(\d+)s"/.exec(error.message)?.[1],
    };
  },
};
