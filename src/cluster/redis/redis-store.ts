import type { BehaviorSubject, Observable } from 'rxjs';
import type { ClusterStore } from '../cluster';
import type { RedisConnection } from './redis-connection';

/** A store in Redis or Valkey. */
export class RedisStore implements ClusterStore {
  constructor(
    private readonly connection: RedisConnection,
    private readonly prefix: string,
  ) {}

  get isUp$(): BehaviorSubject<boolean> {
    return this.connection.isUp$;
  }

  get fault$(): Observable<string | undefined> {
    return this.connection.fault$;
  }

  async claim(key: string, value: Uint8Array, ttlMs: number): Promise<boolean> {
    const options = { condition: 'NX', expiration: expiresIn(ttlMs) } as const;
    const bytes = Buffer.from(value);
    return (
      (await this.connection.ask((commands) => commands.set(this.prefix + key, bytes, options))) !== null
    );
  }

  async put(key: string, value: Uint8Array, ttlMs: number): Promise<void> {
    const options = { expiration: expiresIn(ttlMs) };
    const bytes = Buffer.from(value);
    await this.connection.ask((commands) => commands.set(this.prefix + key, bytes, options));
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    return (await this.connection.ask((commands) => commands.get(this.prefix + key))) ?? undefined;
  }

  async remove(keys: readonly string[]): Promise<void> {
    // One by one, as they may be of several slots; they leave together all the same.
    await Promise.all(keys.map((key) => this.connection.ask((commands) => commands.del(this.prefix + key))));
  }

  close(): void {
    this.connection.close();
  }
}

function expiresIn(ttlMs: number): { readonly type: 'PX'; readonly value: number } {
  return { type: 'PX', value: Math.ceil(ttlMs) };
}
