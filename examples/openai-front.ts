// An NNRP server as an API like OpenAI's, for the client that everybody has: openAiFront(session).listen(8080)
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import { OperationError, type ClientSession } from 'nnrp-rx';

interface Question {
  readonly model?: string;
  readonly messages: readonly { readonly role: string; readonly content: string }[];
  readonly stream?: boolean;
}

export function openAiFront(session: ClientSession): Server {
  return createServer((request, response) => {
    answer(session, request, response).catch((error: unknown) => refuse(response, error));
  });
}

async function answer(session: ClientSession, request: IncomingMessage, response: ServerResponse) {
  const { model = 'small', messages, stream = false } = (await json(request)) as Question;
  const reader = new AbortController();
  response.once('close', () => {
    reader.abort(new Error('the reader has gone'));
  });
  const body = messages.map(({ content }) => content).join('\n');
  const asked = session.submit({ body, signal: reader.signal });
  const head = { id: `chatcmpl-${Date.now()}`, created: Math.floor(Date.now() / 1000), model };
  if (!stream) {
    const { text, usage, finishReason = 'stop' } = await asked.whole();
    const choices = [
      { index: 0, message: { role: 'assistant', content: text }, finish_reason: finishReason },
    ];
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ ...head, object: 'chat.completion', choices, usage: tokensOf(usage) }));
    return;
  }
  const send = (delta: object, finish_reason: string | null, rest = {}): void => {
    if (!response.headersSent) response.setHeader('content-type', 'text/event-stream');
    const chunk = { ...head, object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason }] };
    response.write(`data: ${JSON.stringify({ ...chunk, ...rest })}\n\n`);
  };
  for await (const part of asked.parts$) {
    if (part.kind === 'text') send({ content: part.text }, null);
    if (part.kind === 'summary') send({}, part.finishReason ?? 'stop', { usage: tokensOf(part.usage) });
  }
  response.end('data: [DONE]\n\n');
}

function tokensOf(usage = { inputTokens: 0, outputTokens: 0 }) {
  const { inputTokens: prompt_tokens, outputTokens: completion_tokens } = usage;
  return { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens };
}

function refuse(response: ServerResponse, error: unknown): void {
  const { status = 500, text = '', retryAfterMs = 0 } = error instanceof OperationError ? error : {};
  if (response.headersSent) return void response.destroy();
  if (retryAfterMs > 0) response.setHeader('retry-after', Math.ceil(retryAfterMs / 1000));
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ error: { message: text } }));
}
