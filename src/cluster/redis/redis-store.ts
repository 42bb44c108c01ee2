import type { BehaviorSubject } from 'rxjs';
import { monotonicScheduler } from '../../transport/time/monotonic-scheduler';
import type { ClusterStore } from '../cluster';
import { answeredIn } from './answered-in';
import { COMMAND_TIMEOUT_MS, type RedisCommands, type RedisConnection } from './redis-connection';

/** A store in Redis or Valkey. */
export class RedisStore implements ClusterStore {
  constructor(
    private readonly connection: RedisConnection,
    private readonly prefix: string,
  ) {}

  get isUp$(): BehaviorSubject<boolean> {
    return this.connection.isUp$;
  }

  async claim(key: string, value: Uint8Array, ttlMs: number): Promise<boolean> {
    const condition = 'NX';
    const expiration = { type: 'PX', value: Math.ceil(ttlMs) } as const;
    const asked = this.commands.set(this.prefix + key, Buffer.from(value), { condition, expiration });
    return (await soon(asked)) !== null;
  }

  async put(key: string, value: Uint8Array, ttlMs: number): Promise<void> {
    const expiration = { type: 'PX', value: Math.ceil(ttlMs) } as const;
    await soon(this.commands.set(this.prefix + key, Buffer.from(value), { expiration }));
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    return (await soon(this.commands.get(this.prefix + key))) ?? undefined;
  }

  async remove(keys: readonly string[]): Promise<void> {
    // One by one, as they may be of several slots; they leave together all the same.
    await Promise.all(keys.map((key) => soon(this.commands.del(this.prefix + key))));
  }

  close(): void {
    this.connection.close();
  }

  private get commands(): RedisCommands {
    return this.connection.commands;
  }
}

/** A call that is not answered rejects, soon. */
export function soon<T>(call: Promise<T>): Promise<T> {
  return answeredIn(COMMAND_TIMEOUT_MS, monotonicScheduler, call);
}
