import { pause } from '../../support/until';
import { Balancer } from './balancer';
import type { Engine } from './fleet';
import { RedisServer } from './redis-server';

/** A Redis and its replica behind one address, as a managed one shows itself. */
export class RedisPair implements Engine {
  private constructor(
    private readonly front: Balancer,
    private readonly primary: RedisServer,
    private readonly replication: Balancer,
    private readonly replica: RedisServer,
  ) {}

  static async start(): Promise<RedisPair> {
    const [front, replication] = [new Balancer(), new Balancer()];
    await Promise.all([front.listen(), replication.listen()]);
    const primary = await RedisServer.start('--repl-diskless-sync-delay', '0');
    front.add(primary.port);
    replication.add(primary.port);
    const replica = await RedisServer.start('--replicaof', `127.0.0.1 ${replication.port}`);
    while ((await replica.info('master_link_status')) !== 'up') await pause(50);
    return new RedisPair(front, primary, replication, replica);
  }

  get url(): string {
    return `redis://127.0.0.1:${this.front.port}`;
  }

  /** The replica hears nothing any more of what is written. */
  partReplica(): void {
    this.replication.remove(this.primary.port);
    this.replication.cut(1);
  }

  /** The primary is gone, and the replica in its place, with what it has heard. */
  async failOver(): Promise<void> {
    await this.primary.kill();
    this.front.remove(this.primary.port);
    this.front.cut(1);
    await this.promote();
    this.front.add(this.replica.port);
  }

  /** The primary says nothing any more, and after a while the replica is in its place: no connection is cut. */
  async failOverSilently(afterMs: number): Promise<void> {
    this.primary.freeze();
    await this.promote();
    await pause(afterMs);
    this.replace();
  }

  /** The primary is a replica of its own one, which is in its place after a while: no connection is cut. */
  async changePlaces(afterMs: number): Promise<void> {
    await this.promote();
    await this.primary.command('REPLICAOF', '127.0.0.1', String(this.replica.port));
    await pause(afterMs);
    this.replace();
  }

  async end(): Promise<void> {
    this.front.close();
    this.replication.close();
    await Promise.all([this.primary.end(), this.replica.end()]);
  }

  private async promote(): Promise<void> {
    await this.replica.command('REPLICAOF', 'NO', 'ONE');
  }

  private replace(): void {
    this.front.remove(this.primary.port);
    this.front.add(this.replica.port);
  }
}
