import { merge, Observable } from 'rxjs';
import { createServer, tcp, tls, webSocket, type ListenEndpoint } from '../../../src';
import { certificate } from '../../bare/certificate';
import { parameters } from '../../harness/program';
import { clusterOptions, type ClusterPeer } from '../cluster';
import { HANDSHAKE_MS, LIMITS } from '../limits';
import { Model } from './model';

export interface NnrpTokens {
  readonly transport: 'tcp' | 'tls' | 'ws';
  /** What the handler makes of a token: the string itself, or its bytes, of an Observable; or a string that a generator yields. */
  readonly parts: 'strings' | 'bytes' | 'generated';
  /** Default: a server by itself. */
  readonly cluster?: ClusterPeer;
}

const { transport, parts, cluster } = parameters<NnrpTokens>();
const model = new Model();
const limits = { ...LIMITS, maxConnections: 4096 };

async function listen(): Promise<ListenEndpoint> {
  switch (transport) {
    case 'tcp':
      return tcp({ port: 0, backlog: 4096 });
    case 'tls':
      return tls({ port: 0, backlog: 4096, handshakeTimeoutMs: HANDSHAKE_MS, ...(await certificate()) });
    case 'ws':
      return webSocket({ port: 0 });
  }
}

/** As a handler has it whose model is an iterable. */
async function* generated(): AsyncGenerator<string> {
  const tokens: string[] = [];
  let wake = (): void => undefined;
  const stop = model.answer((token) => {
    tokens.push(token);
    wake();
  });
  try {
    for (;;) {
      yield* tokens.splice(0);
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    stop();
  }
}

function answer(): Observable<string | Uint8Array> | AsyncGenerator<string> {
  switch (parts) {
    case 'generated':
      return generated();
    case 'strings':
      return new Observable((subscriber) =>
        model.answer((token) => {
          subscriber.next(token);
        }),
      );
    case 'bytes':
      return new Observable((subscriber) =>
        model.answer((_, bytes) => {
          subscriber.next(bytes);
        }),
      );
  }
}

async function serve(): Promise<void> {
  // A raw load answers no WebSocket ping.
  const server = createServer({
    listen: await listen(),
    limits,
    maxInFlightOperations: 64,
    // A client of this project heeds it: all of its answers are to be under way at once.
    grantedOperationCredit: 64,
    keepAlive: { idleMs: 0 },
    ...clusterOptions(cluster),
  });
  server.sessions$.subscribe((session) => {
    session.respond(answer);
  });
  merge(server.failures$, server.violations$).subscribe((fault) => {
    console.error(fault);
    process.exit(1);
  });
  const [address] = await server.listening();
  model.serve(address!.port);
}

void serve();
