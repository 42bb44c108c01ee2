import { concatMap, defer, delay, finalize, map, of, range, type Observable } from 'rxjs';
import { redisCluster } from '../../../src/cluster/redis';
import { createServer } from '../../../src/server/server';
import { tcp } from '../../../src/transport/tcp/tcp';
import { ipc } from '../../../src/transport/ipc/ipc';
import { pause } from '../../support/until';
import { webSocket } from '../../../src/transport/web-socket/web-socket';
import type { ServerHealth } from '../../../src/server/health';
import type { CloseOptions } from '../../../src/server/options';

/** What a node is told as it starts. */
export interface NodeOptions {
  /** Undefined for a server that is by itself; several are of a Redis Cluster. */
  readonly redis: string | readonly string[] | undefined;
  readonly link: 'unix' | 'tcp';
  /** Of a folder for its socket. */
  readonly folder: string;
  /** Whether sessions outlive their node; `continued` where the operations do, too, `retained` where answers are kept. */
  readonly log?: 'logged' | 'continued' | 'retained' | undefined;
}

/** What a node is told as it runs. */
export type NodeOrder = { readonly close: CloseOptions } | 'usage' | 'memory';

/** What a node tells. */
export type NodeWord =
  | { readonly kind: 'listening'; readonly tcp: number; readonly webSocket: number }
  | {
      readonly kind: 'usage';
      readonly sessions: number;
      readonly connections: number;
      readonly cpuMs: number;
      readonly handlers: number;
      readonly failures: readonly string[];
      readonly health: ServerHealth;
    }
  | { readonly kind: 'memory'; readonly heap: number };

const { redis, link, folder, log } = JSON.parse(process.env.NODE_OPTIONS_JSON!) as NodeOptions;
const failures: string[] = [];

const cluster =
  redis &&
  redisCluster({
    url: redis,
    log: log !== undefined,
    link: link === 'tcp' ? tcp({ port: 0 }) : ipc({ path: `${folder}/${process.pid}.sock` }),
  });
const server = createServer({
  listen: [tcp({ port: 0 }), webSocket({ port: 0 })],
  ...(log === 'retained' && { retain: {} }),
  tokenKey: 'a key that every node of this cluster has',
  ...(cluster && { cluster }),
});
server.failures$.subscribe((failure) => failures.push(failure.message));
server.violations$.subscribe(({ error }) => failures.push(error.message));
let health: ServerHealth;
server.health$.subscribe((now) => {
  health = now;
});
let handlers = 0;
server.sessions$.subscribe((session) => {
  const goesOn = log === 'continued' || log === 'retained';
  session.respond(({ text }) => answer(text), {
    ...(goesOn && { continueWith: ({ text }, sent) => answer(text, sent.count) }),
  });
});

/** `count ms`: so many parts but for those before, each so late. */
function answer(text: string, before = 0): Observable<string> {
  const [count = 0, ms = 0] = text.split(' ').map(Number);
  const parts = range(before, count - before).pipe(map((index) => `${index} `));
  return defer(() => {
    handlers += 1;
    return parts.pipe(
      concatMap((part) => of(part).pipe(delay(ms))),
      finalize(() => {
        handlers -= 1;
      }),
    );
  });
}

/** Bytes that are held, once everything is collected that is not. */
async function heap(): Promise<number> {
  for (let time = 0; time < 3; time++) {
    globalThis.gc?.();
    await pause(50);
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const tell = (word: NodeWord): void => void process.send?.(word);

process.on('message', (order: NodeOrder) => {
  if (order === 'usage') {
    const { sessionCount: sessions, connectionCount: connections } = server;
    const { user, system } = process.cpuUsage();
    const cpuMs = (user + system) / 1000;
    tell({ kind: 'usage', sessions, connections, cpuMs, handlers, failures, health });
  } else if (order === 'memory') void heap().then((bytes) => tell({ kind: 'memory', heap: bytes }));
  else void server.close(order.close).then(() => process.exit(0));
});
// As a service does.
process.once('SIGTERM', () => {
  void server.close({ handOver: true, graceMs: 120_000 }).then(() => process.exit(0));
});
process.on('disconnect', () => process.exit(0));

void server.listening().then(([overTcp, overWebSocket]) => {
  tell({ kind: 'listening', tcp: overTcp!.port, webSocket: overWebSocket!.port });
});
