import { freePort } from '../../support/free-port';
import { pause } from '../../support/until';
import type { Engine } from './fleet';
import { RedisServer } from './redis-server';

const SLOTS = 16384;
const MASTERS = 3;

/** A Redis Cluster: three masters with a third of the slots each, and a replica of each. */
export class RedisShards implements Engine {
  private constructor(
    readonly masters: readonly RedisServer[],
    readonly replicas: readonly RedisServer[],
    /** Where each of all of them talks to the others. */
    private readonly busPorts: readonly number[],
  ) {}

  static async start(): Promise<RedisShards> {
    const servers: RedisServer[] = [];
    const busPorts: number[] = [];
    while (servers.length < 2 * MASTERS) {
      const busPort = await freePort();
      const options = ['--cluster-port', String(busPort), '--cluster-node-timeout', '2000'];
      servers.push(await RedisServer.start('--cluster-enabled', 'yes', ...options));
      busPorts.push(busPort);
    }
    const shards = new RedisShards(servers.slice(0, MASTERS), servers.slice(MASTERS), busPorts);
    await shards.join();
    return shards;
  }

  /** Of some of them: the others are found by those. */
  get url(): readonly string[] {
    return this.masters.map(({ url }) => url);
  }

  /** The keys of a pattern, by the master that has them. */
  async keys(pattern: string): Promise<string[][]> {
    return Promise.all(
      this.masters.map(async (master) => (await master.command('KEYS', pattern)) as string[]),
    );
  }

  /** A master is gone for good: its replica follows it, as soon as the others have noticed. */
  async lose(index: number): Promise<void> {
    await this.masters[index]!.kill();
    await this.replaced(index);
  }

  /** As {@link lose}, where nobody is told: its sockets are as they were. */
  async loseSilently(index: number): Promise<void> {
    this.masters[index]!.freeze();
    await this.replaced(index);
  }

  async end(): Promise<void> {
    await Promise.all([...this.masters, ...this.replicas].map((server) => server.end()));
  }

  private async replaced(index: number): Promise<void> {
    const replica = this.replicas[index]!;
    while ((await replica.info('role')) !== 'master') await pause(50);
  }

  private async join(): Promise<void> {
    const { masters, replicas } = this;
    const ends = masters.map((_, index) => Math.floor(((index + 1) * SLOTS) / MASTERS));
    for (const [index, master] of masters.entries()) {
      await master.command(
        'CLUSTER',
        'ADDSLOTSRANGE',
        String(ends[index - 1] ?? 0),
        String(ends[index]! - 1),
      );
    }
    const all = [...masters, ...replicas];
    for (const [index, server] of all.entries()) {
      await server.command('CLUSTER', 'SET-CONFIG-EPOCH', String(index + 1));
    }
    for (const [index, { port }] of all.entries()) {
      const place = ['127.0.0.1', String(port), String(this.busPorts[index])];
      if (index > 0) await masters[0]!.command('CLUSTER', 'MEET', ...place);
    }
    for (const [index, replica] of replicas.entries()) {
      const master = String(await masters[index]!.command('CLUSTER', 'MYID'));
      while (!String(await replica.command('CLUSTER', 'NODES')).includes(master)) await pause(50);
      await replica.command('CLUSTER', 'REPLICATE', master);
    }
    for (const server of all) {
      while (!String(await server.command('CLUSTER', 'INFO')).includes('cluster_state:ok')) await pause(50);
    }
    for (const replica of replicas) {
      while ((await replica.info('master_link_status')) !== 'up') await pause(50);
    }
  }
}
