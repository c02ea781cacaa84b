import {
  AccessDeniedException,
  BedrockRuntimeClient,
  ConverseCommand,
  ConverseStreamCommand,
  ResourceNotFoundException,
  ThrottlingException,
} from '@aws-sdk/client-bedrock-runtime';
import { AWS_PAIR, KEY } from './cases.js';
import { versionOf } from './version.js';

const STOPS = { end_turn: 'stop', max_tokens: 'length', tool_use: 'tools' };
const clients = new Map();

/** Signs with the pair that belongs to the suites' key, and with a wrong one for another key. */
function client(key) {
  if (!clients.has(key)) {
    const secretAccessKey = key === KEY ? AWS_PAIR.secret : key;
    clients.set(
      key,
      new BedrockRuntimeClient({
        region: 'eu-central-1',
        endpoint: process.env.LINTEL_URL,
        credentials: { accessKeyId: AWS_PAIR.id, secretAccessKey },
        maxAttempts: 1,
      }),
    );
  }
  return clients.get(key);
}

/** The SDK gives a stream's events and leaves it to its users to add them up. */
async function whole(events) {
  const content = [];
  let stopReason;
  let usage;
  for await (const event of events) {
    const { contentBlockStart, contentBlockDelta, contentBlockStop, messageStop, metadata } = event;
    if (contentBlockStart?.start?.toolUse) {
      content[contentBlockStart.contentBlockIndex] = {
        toolUse: { ...contentBlockStart.start.toolUse, input: '' },
      };
    }
    if (contentBlockDelta) {
      const { contentBlockIndex: index, delta } = contentBlockDelta;
      content[index] ??= delta.reasoningContent ? { reasoningContent: {} } : { text: '' };
      const block = content[index];
      if (delta.text) block.text += delta.text;
      if (delta.toolUse) block.toolUse.input += delta.toolUse.input;
      const { text, signature, redactedContent } = delta.reasoningContent ?? {};
      if (redactedContent) block.reasoningContent.redactedContent = redactedContent;
      if (text || signature) {
        const thought = (block.reasoningContent.reasoningText ??= { text: '' });
        thought.text += text ?? '';
        if (signature) thought.signature = signature;
      }
    }
    const ended = contentBlockStop && content[contentBlockStop.contentBlockIndex];
    if (ended?.toolUse) ended.toolUse.input = JSON.parse(ended.toolUse.input);
    if (messageStop) stopReason = messageStop.stopReason;
    if (metadata) usage = metadata.usage;
  }
  return { output: { message: { role: 'assistant', content } }, stopReason, usage };
}

export default {
  name: `npm @aws-sdk/client-bedrock-runtime ${versionOf('@aws-sdk/client-bedrock-runtime')}`,
  showsThoughts: true,
  unauthenticated: 403,

  chat({ key, model, stream, system, tools, maxTokens, thinking, schema }) {
    const messages = [];
    const body = {
      modelId: model,
      messages,
      inferenceConfig: { maxTokens: maxTokens ?? 4000 },
      ...(system && { system: [{ text: system }] }),
      ...(tools && {
        toolConfig: {
          tools: tools.map(({ name, description, parameters }) => ({
            toolSpec: { name, description, inputSchema: { json: parameters } },
          })),
        },
      }),
      ...(thinking && {
        additionalModelRequestFields: { thinking: { type: 'enabled', budget_tokens: 2000 } },
      }),
      ...(schema && {
        outputConfig: {
          textFormat: {
            type: 'json_schema',
            structure: { jsonSchema: { name: 'answer', schema: JSON.stringify(schema) } },
          },
        },
      }),
    };

    async function ask() {
      const answer = stream
        ? await whole((await client(key).send(new ConverseStreamCommand(body))).stream)
        : await client(key).send(new ConverseCommand(body));
      const { output, stopReason, usage } = answer;
      const { content } = output.message;
      messages.push(output.message);
      return {
        text: content.map((block) => block.text ?? '').join(''),
        thoughts: content.map((block) => block.reasoningContent?.reasoningText?.text ?? '').join(''),
        calls: content
          .filter((block) => block.toolUse)
          .map(({ toolUse: { toolUseId, name, input } }) => ({ id: toolUseId, name, arguments: input })),
        stop: STOPS[stopReason] ?? stopReason,
        input: usage?.inputTokens,
        output: usage?.outputTokens,
      };
    }

    return {
      say(text, image) {
        const content = [{ text }];
        if (image) content.push({ image: { format: 'png', source: { bytes: Buffer.from(image, 'base64') } } });
        messages.push({ role: 'user', content });
        return ask();
      },
      give(results) {
        const content = results.map(({ call, value }) => ({
          toolResult: { toolUseId: call.id, content: [{ json: value }] },
        }));
        messages.push({ role: 'user', content });
        return ask();
      },
    };
  },

  refusal(error) {
    const kinds = [
      [AccessDeniedException, 'authentication'],
      [ResourceNotFoundException, 'not_found'],
      [ThrottlingException, 'rate_limited'],
    ];
    return {
      kind: kinds.find(([type]) => error instanceof type)?.[1],
      status: error.$metadata?.httpStatusCode,
      retryAfter: error.$response?.headers['retry-after'],
    };
  },
};
