import { fork, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CloseOptions } from '../../../src/server/options';
import type { ConnectEndpoint } from '../../../src/transport/endpoint';
import { tcp } from '../../../src/transport/tcp/tcp';
import { webSocket } from '../../../src/transport/web-socket/web-socket';
import type { RevisionName } from '../../../src/wire/message';
import { pause } from '../../support/until';
import { Asking } from './asking';
import { Balancer } from './balancer';
import type { NodeOptions, NodeOrder, NodeWord } from './node';
import { RedisServer } from './redis-server';

type Usage = Extract<NodeWord, { readonly kind: 'usage' }>;
type Place = Extract<NodeWord, { readonly kind: 'listening' }>;

/** A process that is a node. */
export class NodeProcess {
  private constructor(
    readonly process: ChildProcess,
    readonly place: Place,
  ) {}

  static async start(options: NodeOptions): Promise<NodeProcess> {
    const child = fork(join(process.env['CLUSTER_PROGRAMS'] ?? '', 'node.js'), {
      execArgv: ['--expose-gc', '--enable-source-maps'],
      env: { ...process.env, NODE_OPTIONS_JSON: JSON.stringify(options) },
    });
    return new NodeProcess(child, await word(child, 'listening'));
  }

  async usage(): Promise<Usage> {
    const usage = word(this.process, 'usage');
    this.order('usage');
    return usage;
  }

  /** Bytes that it holds. */
  async heap(): Promise<number> {
    const memory = word(this.process, 'memory');
    this.order('memory');
    return (await memory).heap;
  }

  /** Resolves when the process is gone. */
  async close(options: CloseOptions): Promise<void> {
    const gone = this.gone();
    this.order({ close: options });
    await gone;
  }

  /** As {@link close}, as whoever deploys does it: with SIGTERM. Milliseconds that it took. */
  async terminate(): Promise<number> {
    const since = performance.now();
    const gone = this.gone();
    this.process.kill('SIGTERM');
    await gone;
    return performance.now() - since;
  }

  async kill(): Promise<void> {
    const gone = this.gone();
    this.process.kill('SIGKILL');
    await gone;
  }

  /** Nothing of it runs, until it is continued. */
  stop(): void {
    this.process.kill('SIGSTOP');
  }

  continue(): void {
    this.process.kill('SIGCONT');
  }

  private order(order: NodeOrder): void {
    this.process.send(order);
  }

  private gone(): Promise<unknown> {
    const { process: child } = this;
    if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
    return new Promise((resolve) => {
      child.once('exit', resolve);
    });
  }
}

function word<Kind extends NodeWord['kind']>(
  child: ChildProcess,
  kind: Kind,
): Promise<Extract<NodeWord, { readonly kind: Kind }>> {
  return new Promise((resolve, reject) => {
    const onWord = (said: NodeWord): void => {
      if (said.kind !== kind) return;
      child.off('message', onWord).off('exit', onExit);
      resolve(said as Extract<NodeWord, { readonly kind: Kind }>);
    };
    const onExit = (code: number | null): void => {
      reject(new Error(`a node ended with ${code} before it said ${kind}`));
    };
    child.on('message', onWord).once('exit', onExit);
  });
}

/** What the nodes share. */
export interface Engine {
  /** As `redisCluster` takes it. */
  readonly url: string | readonly string[] | undefined;
  end(): Promise<void>;
}

/** Nothing: a server is by itself. */
export const NO_ENGINE: Engine = { url: undefined, end: () => Promise.resolve() };

/** How the nodes of a fleet are. */
interface FleetOptions {
  readonly link?: NodeOptions['link'];
  readonly log?: NodeOptions['log'];
}

/** Nodes of one cluster, behind a port for each kind of transport. */
export class Fleet<E extends Engine = RedisServer> {
  readonly overTcp = new Balancer();
  readonly overWebSocket = new Balancer();
  readonly nodes: NodeProcess[] = [];
  private readonly folder = mkdtempSync(join(tmpdir(), 'nnrp-nodes-'));

  private constructor(
    readonly redis: E,
    private readonly options: FleetOptions,
  ) {}

  /** Over a Redis of its own. */
  static async start(count: number, options: FleetOptions = {}): Promise<Fleet> {
    return Fleet.over(await RedisServer.start(), count, options);
  }

  static async over<E extends Engine>(
    engine: E,
    count: number,
    options: FleetOptions = {},
  ): Promise<Fleet<E>> {
    const fleet = new Fleet(engine, options);
    await Promise.all([fleet.overTcp.listen(), fleet.overWebSocket.listen()]);
    await Promise.all(Array.from({ length: count }, () => fleet.add()));
    return fleet;
  }

  /** Where clients connect: one after the other by another kind of transport, and in another revision. */
  way(index: number): { readonly endpoint: ConnectEndpoint; readonly revision: RevisionName } {
    const isOverTcp = index % 2 === 0;
    const endpoint = isOverTcp
      ? tcp({ port: this.overTcp.port })
      : webSocket({ port: this.overWebSocket.port });
    return { endpoint, revision: (index >> 1) % 2 === 0 ? 'preview3' : 'preview4' };
  }

  /** A client that asks, by the way of its index. */
  come(index: number): Promise<Asking> {
    const { endpoint, revision } = this.way(index);
    return Asking.open(endpoint, { revision });
  }

  /** So many of them, few at a time. */
  async clients(count: number): Promise<Asking[]> {
    const clients: Asking[] = [];
    while (clients.length < count) {
      const next = Array.from({ length: Math.min(10, count - clients.length) }, (_, turn) =>
        this.come(clients.length + turn),
      );
      clients.push(...(await Promise.all(next)));
    }
    return clients;
  }

  async add(): Promise<NodeProcess> {
    const { link = 'tcp', log } = this.options;
    const node = await NodeProcess.start({ redis: this.redis.url, link, folder: this.folder, log });
    this.nodes.push(node);
    this.welcome(node);
    return node;
  }

  /** Nobody is sent to a node any more; connections that it has stay. */
  withdraw({ place }: NodeProcess): void {
    this.overTcp.remove(place.tcp);
    this.overWebSocket.remove(place.webSocket);
  }

  /** Clients are sent to a node. */
  welcome({ place }: NodeProcess): void {
    this.overTcp.add(place.tcp);
    this.overWebSocket.add(place.webSocket);
  }

  /** Cuts a share of all connections, each for itself. */
  cut(share = 1): void {
    this.overTcp.cut(share);
    this.overWebSocket.cut(share);
  }

  /** What nodes have failed in. */
  async failures(nodes: readonly NodeProcess[] = this.nodes): Promise<string[]> {
    return (await Promise.all(nodes.map((node) => node.usage()))).flatMap(({ failures }) => failures);
  }

  /** Sessions of each node. */
  async sessions(nodes: readonly NodeProcess[] = this.nodes): Promise<number[]> {
    return (await Promise.all(nodes.map((node) => node.usage()))).map(({ sessions }) => sessions);
  }

  /** Until every node says that the store is so. */
  async untilStores(store: 'up' | 'down'): Promise<void> {
    for (let left = 200; left > 0; left--) {
      const usages = await Promise.all(this.nodes.map((node) => node.usage()));
      if (usages.every(({ health }) => health.store === store)) return;
      await pause(100);
    }
    throw new Error(`the store is not ${store} for every node`);
  }

  async end(): Promise<void> {
    this.overTcp.close();
    this.overWebSocket.close();
    await Promise.all(this.nodes.map((node) => node.kill()));
    await this.redis.end();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
