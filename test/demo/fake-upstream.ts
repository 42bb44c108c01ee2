import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What was asked of it. */
export interface Asked {
  readonly url: string | undefined;
  readonly authorization: string | undefined;
  readonly body: unknown;
}

type Answer = (response: ServerResponse) => void;

/** A server with OpenAI's API, whose answers a test writes. */
export class FakeUpstream {
  readonly asked: Asked[] = [];
  /** Requests whose client has left in the middle. */
  left = 0;
  answer: Answer = streamed(['Call ', 'me ', 'Ishmael.']);
  private readonly server: Server;

  private constructor() {
    this.server = createServer((request, response) => {
      response.once('close', () => {
        if (!response.writableFinished) this.left += 1;
      });
      void this.take(request, response);
    });
  }

  static async start(): Promise<FakeUpstream> {
    const upstream = new FakeUpstream();
    await once(upstream.server.listen(0, '127.0.0.1'), 'listening');
    return upstream;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/v1`;
  }

  async end(): Promise<void> {
    this.server.closeAllConnections();
    await once(this.server.close(), 'close');
  }

  private async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { url, headers } = request;
    const body: unknown = JSON.parse(Buffer.concat(chunks).toString());
    this.asked.push({ url, authorization: headers.authorization, body });
    this.answer(response);
  }
}

/** An answer in such pieces; without an end it goes on for ever. */
export function streamed(pieces: readonly string[], end: 'end' | 'open' = 'end'): Answer {
  return (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const content of pieces) {
      response.write(`data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }] })}\n\n`);
    }
    if (end === 'end') response.end('data: [DONE]\n\n');
  };
}

export function refused(status: number, message: string, headers: Record<string, string> = {}): Answer {
  return (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify({ error: { message } }));
  };
}
