import { build } from 'esbuild';
import { once } from 'node:events';
import { createServer as createWebServer, type Server as WebServer } from 'node:http';
import { createServer as createSecureWebServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { interval, map, take, tap, type Observable } from 'rxjs';
import { createServer, webSocket, type RuntimeError, type Server, type ServerOptions } from '../../src';
import { FaultProxy } from '../support/fault-proxy/fault-proxy';

const PARTS_APART_MS = 50;
export const FLOOD_PARTS = 2_000;
export const FLOOD_PART_BYTES = 16_384;

export interface SiteOptions {
  /** The script of the page, of those in page/. Default `client`. */
  readonly page?: 'client' | 'react';
  readonly server?: Partial<ServerOptions>;
  readonly certificate?: { readonly cert: string; readonly key: string };
}

/** A web server with a page, and beside it NNRP on `/nnrp`; both behind a proxy that cuts. */
export class Site {
  /** Parts that handlers have given. */
  given = 0;
  /** Handlers that were started, and that were unsubscribed before they were through. */
  started = 0;
  stopped = 0;
  readonly failures: RuntimeError[] = [];

  private constructor(
    private readonly web: WebServer,
    private readonly scheme: 'http' | 'https',
    readonly server: Server,
    readonly proxy: FaultProxy,
  ) {
    server.failures$.subscribe((failure) => this.failures.push(failure));
    server.sessions$.subscribe((session) => {
      session.respond(({ body }) => {
        const asked = new TextDecoder().decode(body);
        return asked === 'flood' ? this.flood() : this.answer(partsAsked(asked));
      });
    });
  }

  static async open({ page = 'client', server: options, certificate }: SiteOptions = {}): Promise<Site> {
    const html = '<!doctype html><title>test</title><div id="root"></div><script src="/page.js"></script>';
    const files = new Map([
      ['/', { type: 'text/html', body: html }],
      ['/page.js', { type: 'text/javascript', body: await bundle(page) }],
      ['/worker.js', { type: 'text/javascript', body: await bundle('worker') }],
    ]);
    const web = certificate === undefined ? createWebServer() : createSecureWebServer(certificate);
    web.on('request', (request, response) => {
      const file = files.get(request.url ?? '');
      response.writeHead(file === undefined ? 404 : 200, { 'content-type': file?.type ?? 'text/plain' });
      response.end(file?.body);
    });
    await once(web.listen(0, '127.0.0.1'), 'listening');
    const { port } = web.address() as AddressInfo;
    const proxy = await FaultProxy.listen({ port });
    const server = createServer({ listen: webSocket({ server: web, path: '/nnrp' }), ...options });
    await server.listening();
    return new Site(web, certificate === undefined ? 'http' : 'https', server, proxy);
  }

  /** Of the page. */
  get url(): string {
    return `${this.scheme}://localhost:${this.proxy.port}/`;
  }

  /** What a page gives to `connect`. */
  get endpoint(): string {
    return `${this.url.replace('http', 'ws')}nnrp`;
  }

  async close(): Promise<void> {
    await this.server.close({ graceMs: 0 });
    await this.proxy.close();
    this.web.closeAllConnections();
    await once(this.web.close(), 'close');
  }

  /** As fast as the client takes it. */
  private async *flood(): AsyncGenerator<string> {
    this.started += 1;
    for (let part = 0; part < FLOOD_PARTS; part++) {
      this.given += 1;
      yield await Promise.resolve('x'.repeat(FLOOD_PART_BYTES));
    }
  }

  /** So many parts, "0 ", "1 " and so on. */
  private answer(parts: number): Observable<string> {
    this.started += 1;
    return interval(PARTS_APART_MS).pipe(
      take(parts),
      map((part) => `${part} `),
      tap({
        next: () => (this.given += 1),
        unsubscribe: () => (this.stopped += 1),
      }),
    );
  }
}

/** The parts of an answer, as they were given. */
export function parts(count: number): string[] {
  return Array.from({ length: count }, (_, part) => `${part} `);
}

/** Asked for as it is, or by a chat of the AI SDK. */
function partsAsked(asked: string): number {
  const request = JSON.parse(asked) as number | { messages: { parts: { text?: string }[] }[] };
  return typeof request === 'number' ? request : Number(request.messages.at(-1)?.parts[0]?.text);
}

async function bundle(name: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(__dirname, 'page', name)],
    bundle: true,
    write: false,
    platform: 'browser',
    format: 'iife',
    globalName: 'nnrp',
    target: 'es2022',
    // React's StrictMode mounts twice in development only.
    define: { 'process.env.NODE_ENV': '"development"' },
  });
  return outputFiles[0]!.text;
}
