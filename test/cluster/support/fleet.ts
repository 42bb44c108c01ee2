import { fork, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CloseOptions } from '../../../src/server/options';
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
    const child = fork(join(__dirname, 'node.ts'), {
      execArgv: ['-r', 'ts-node/register'],
      env: { ...process.env, NODE_OPTIONS_JSON: JSON.stringify(options) },
    });
    return new NodeProcess(child, await word(child, 'listening'));
  }

  async usage(): Promise<Usage> {
    const usage = word(this.process, 'usage');
    this.order('usage');
    return usage;
  }

  /** Resolves when the process is gone. */
  async close(options: CloseOptions): Promise<void> {
    const gone = this.gone();
    this.order({ close: options });
    await gone;
  }

  /** As {@link close}, as whoever deploys does it: with SIGTERM. */
  async terminate(): Promise<void> {
    const gone = this.gone();
    this.process.kill('SIGTERM');
    await gone;
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

/** Nodes of one cluster, behind a port for each kind of transport. */
export class Fleet {
  readonly overTcp = new Balancer();
  readonly overWebSocket = new Balancer();
  readonly nodes: NodeProcess[] = [];
  private readonly folder = mkdtempSync(join(tmpdir(), 'nnrp-nodes-'));

  private constructor(
    readonly redis: RedisServer,
    private readonly link: NodeOptions['link'],
    private readonly log: NodeOptions['log'],
  ) {}

  static async start(count: number, link: NodeOptions['link'], log?: NodeOptions['log']): Promise<Fleet> {
    const fleet = new Fleet(await RedisServer.start(), link, log);
    await Promise.all([fleet.overTcp.listen(), fleet.overWebSocket.listen()]);
    await Promise.all(Array.from({ length: count }, () => fleet.add()));
    return fleet;
  }

  async add(): Promise<NodeProcess> {
    const { link, folder, log } = this;
    const node = await NodeProcess.start({ redis: this.redis.url, link, folder, log });
    this.nodes.push(node);
    this.overTcp.add(node.place.tcp);
    this.overWebSocket.add(node.place.webSocket);
    return node;
  }

  /** Nobody is sent to a node any more; connections that it has stay. */
  withdraw({ place }: NodeProcess): void {
    this.overTcp.remove(place.tcp);
    this.overWebSocket.remove(place.webSocket);
  }

  async end(): Promise<void> {
    this.overTcp.close();
    this.overWebSocket.close();
    await Promise.all(this.nodes.map((node) => node.kill()));
    await this.redis.end();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
