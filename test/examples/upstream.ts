import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import OpenAI from 'openai';

/** How an upstream answers that is asked so. */
export type Manner = 'whole' | 'not-found' | 'busy' | 'cut' | 'stall';

/** An API like OpenAI's over real HTTP, which answers as the last message says. */
export class Upstream {
  /** Answers that are under way. */
  open = 0;
  private readonly server: Server = createServer((request, response) => {
    void text(request).then((asked) => {
      const { messages } = JSON.parse(asked) as {
        readonly messages: readonly { readonly content: Manner }[];
      };
      this.answer(messages.at(-1)!.content, response);
    });
  });

  async start(): Promise<OpenAI> {
    await once(this.server.listen(0, '127.0.0.1'), 'listening');
    const { port } = this.server.address() as AddressInfo;
    return new OpenAI({ baseURL: `http://127.0.0.1:${port}/v1`, apiKey: 'none' });
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  private answer(manner: Manner, response: ServerResponse): void {
    if (manner === 'not-found') refuse(response, 404, 'no such model');
    else if (manner === 'busy') refuse(response, 429, 'slow down', { 'retry-after': '2' });
    else this.stream(manner, response);
  }

  private stream(manner: Manner, response: ServerResponse): void {
    this.open += 1;
    response.once('close', () => (this.open -= 1));
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const word of ['Call', ' me']) send(response, { choices: [{ index: 0, delta: { content: word } }] });
    if (manner === 'cut') setTimeout(() => response.destroy(), 20);
    if (manner !== 'whole') return;
    send(response, { choices: [{ index: 0, delta: {}, finish_reason: 'length' }] });
    send(response, { choices: [], usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 } });
    response.end('data: [DONE]\n\n');
  }
}

function send(response: ServerResponse, chunk: object): void {
  response.write(
    `data: ${JSON.stringify({ id: '1', model: 'small', object: 'chat.completion.chunk', ...chunk })}\n\n`,
  );
}

function refuse(response: ServerResponse, status: number, message: string, headers = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify({ error: { message } }));
}
