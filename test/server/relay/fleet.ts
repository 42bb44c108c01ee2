import { defer, throwError } from 'rxjs';
import { connect, type Client } from '../../../src/client/client';
import type { ClientOptions } from '../../../src/client/options';
import { memoryCluster, type MemoryCluster } from '../../../src/cluster/memory-cluster';
import type { ServerOptions } from '../../../src/server/options';
import { createServer, type Server } from '../../../src/server/server';
import type { ServerSession } from '../../../src/server/session/session';
import type { ConnectEndpoint } from '../../../src/transport/endpoint';
import { memory } from '../../../src/transport/memory';
import { cuttable } from '../../support/cuttable';

const tokenKey = 'a key that every node of this cluster has';

export interface Node {
  readonly server: Server;
  readonly place: ReturnType<typeof memory>;
}

/** Servers of one cluster behind one endpoint, as long as they are among those that it goes round. */
export class Fleet {
  readonly failures: unknown[] = [];
  readonly nodes: Node[] = [];
  private readonly clients: Client[] = [];
  private turn = 0;
  readonly endpoint = cuttable({
    kind: 'memory',
    url: 'memory:',
    connect: () =>
      defer(() => {
        const node = this.nodes[this.turn++ % this.nodes.length];
        return node === undefined ? throwError(() => new Error('nobody is there')) : node.place.connect();
      }),
  } satisfies ConnectEndpoint);

  constructor(
    /** What each node does with its sessions. */
    private readonly serve: (session: ServerSession) => unknown,
    private readonly options: Partial<ServerOptions> = {},
    readonly cluster: MemoryCluster = memoryCluster(),
  ) {}

  start(): Node {
    const place = memory();
    const server = createServer({ listen: place, cluster: this.cluster, tokenKey, ...this.options });
    server.failures$.subscribe((failure) => this.failures.push(failure));
    server.violations$.subscribe((violation) => this.failures.push(violation));
    server.sessions$.subscribe((session) => void this.serve(session));
    const node = { server, place };
    this.nodes.push(node);
    return node;
  }

  /** Nobody is sent to a node any more. */
  withdraw(node: Node): void {
    this.nodes.splice(this.nodes.indexOf(node), 1);
  }

  async connect(options?: ClientOptions): Promise<Client> {
    const client = await connect(this.endpoint, options);
    this.clients.push(client);
    return client;
  }

  async end(): Promise<void> {
    await Promise.all(this.clients.map((client) => client.close()));
    await Promise.all(this.nodes.map(({ server }) => server.close({ graceMs: 0 })));
  }
}
