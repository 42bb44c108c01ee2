import { concatMap, defer, delay, firstValueFrom, from, lastValueFrom, of, reduce, timer } from 'rxjs';
import { connect, type Client } from '../../../src/client/client';
import type { ClientSession } from '../../../src/client/session/session';
import type { SubmitRequest } from '../../../src/client/submissions/submission';
import type { ServerOptions } from '../../../src/server/options';
import { createServer, type Server } from '../../../src/server/server';
import { memoryCluster, type MemoryCluster } from '../../../src/cluster/memory-cluster';
import type { ConnectEndpoint } from '../../../src/transport/endpoint';
import { memory } from '../../../src/transport/memory';
import { until } from '../../support/until';
import { cuttable, type CuttableEndpoint } from '../../support/cuttable';

const tokenKey = 'a key that every node of this cluster has';

/** Several servers behind one endpoint, which goes round them with each connection. */
class Nodes {
  readonly servers: Server[];
  readonly endpoint: CuttableEndpoint;
  readonly failures: unknown[] = [];
  private readonly clients: Client[] = [];
  /** Which server the next connection goes to. */
  turn = 0;

  constructor(
    readonly cluster: MemoryCluster,
    count: number,
    options: Partial<ServerOptions> = {},
  ) {
    const places = Array.from({ length: count }, () => memory());
    this.servers = places.map((listen) => createServer({ listen, cluster, tokenKey, ...options }));
    for (const server of this.servers) {
      server.failures$.subscribe((failure) => this.failures.push(failure));
      server.violations$.subscribe((violation) => this.failures.push(violation));
    }
    const balanced: ConnectEndpoint = {
      kind: 'memory',
      url: 'memory:',
      connect: () => defer(() => places[this.turn++ % count]!.connect()),
    };
    this.endpoint = cuttable(balanced);
  }

  async connect(): Promise<Client> {
    const client = await connect(this.endpoint);
    this.clients.push(client);
    return client;
  }

  serve(): void {
    for (const server of this.servers) {
      server.sessions$.subscribe((session) => session.respond((submit) => parts(submit.text)));
    }
  }

  async end(): Promise<void> {
    await Promise.all(this.clients.map((client) => client.close()));
    await Promise.all(this.servers.map((server) => server.close({ graceMs: 0 })));
  }
}

const parts = (count: string) =>
  from(Array.from({ length: Number(count) }, (_, index) => `${index} `)).pipe(
    concatMap((part) => of(part).pipe(delay(5))),
  );

const answerOf = (session: ClientSession, request: SubmitRequest): Promise<string> =>
  lastValueFrom(session.submit(request).text$.pipe(reduce((text, part) => text + part, '')));

const whole = (count: number) => Array.from({ length: count }, (_, index) => `${index} `).join('');

let nodes: Nodes;

afterEach(() => nodes.end());

describe('a client that comes back to another node', () => {
  it('is carried to the one that has its session, cut after cut', async () => {
    nodes = new Nodes(memoryCluster(), 3);
    nodes.serve();
    const client = await nodes.connect();
    const session = await client.openSession({
      requestedSessionId: 0,
      reconnect: { minDelayMs: 5, maxDelayMs: 20 },
    });

    const answer = answerOf(session, { body: '60' });
    for (let cuts = 0; cuts < 4; cuts++) {
      await firstValueFrom(timer(60));
      nodes.endpoint.cut();
    }

    expect(await answer).toBe(whole(60));
    expect(await answerOf(session, { body: '3' })).toBe(whole(3));
    expect(nodes.servers.map(({ sessionCount }) => sessionCount)).toEqual([1, 0, 0]);
    expect(nodes.endpoint.transports.length).toBeGreaterThanOrEqual(5);
    expect(nodes.failures).toEqual([]);
  });

  it('closes its session there, over whichever node', async () => {
    nodes = new Nodes(memoryCluster(), 2);
    nodes.serve();
    const client = await nodes.connect();
    const session = await client.openSession({ reconnect: { minDelayMs: 5 } });
    nodes.endpoint.cut();
    await until(() => nodes.servers[1]!.connectionCount === 1, 'the other node');
    expect(await answerOf(session, { body: '2' })).toBe(whole(2));

    await session.close();

    await until(() => nodes.servers[0]!.sessionCount === 0, 'its end');
    expect(nodes.failures).toEqual([]);
  });
});
