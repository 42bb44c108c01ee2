import { createClient, RESP_TYPES, type RedisClientOptions } from '@redis/client';
import { BehaviorSubject } from 'rxjs';
import { ignoreRejection } from '../../protocol/ignore-rejection';
import type { ClusterStore } from '../cluster';
import { monotonicScheduler } from '../../transport/time/monotonic-scheduler';
import type { SessionLog } from '../session-log';
import { answeredIn } from './answered-in';
import { RedisLog } from './redis-log';

/** Milliseconds that a call may take before it counts as unanswered. */
const COMMAND_TIMEOUT_MS = 1000;

/** A call that is not answered rejects, soon. */
function soon<T>(call: Promise<T>): Promise<T> {
  return answeredIn(COMMAND_TIMEOUT_MS, monotonicScheduler, call);
}

/** What begins the keys of every cluster. */
export const DEFAULT_PREFIX = 'nnrp:';

/** A store in Redis or Valkey, over one connection that is made anew where it is lost. */
export class RedisStore implements ClusterStore {
  readonly isUp$ = new BehaviorSubject(false);
  /** Over the same connection. */
  readonly log: SessionLog;
  private readonly client;

  constructor(
    url: string,
    private readonly prefix: string,
    options: RedisClientOptions = {},
  ) {
    const client = createClient({
      ...options,
      url,
      // What cannot be answered now is told so now.
      disableOfflineQueue: true,
      socket: { connectTimeout: 2000, reconnectStrategy: (retries) => Math.min(50 * 2 ** retries, 1000) },
      commandOptions: { timeout: COMMAND_TIMEOUT_MS },
    });
    // A value is bytes.
    this.client = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
    this.log = new RedisLog(
      {
        eval: (script, call) => soon(this.client.eval(script, call)),
        evalSha: (sha, call) => soon(this.client.evalSha(sha, call)),
        hmGet: (key, fields) => soon(this.client.hmGet(key, fields)),
      },
      prefix,
    );
    // It says the rest by `isReady`; without a listener an error would end the process.
    client.on('error', () => {
      this.isUp$.next(client.isReady);
    });
    client.on('ready', () => {
      this.isUp$.next(true);
    });
    ignoreRejection(client.connect());
  }

  async claim(key: string, value: Uint8Array, ttlMs: number): Promise<boolean> {
    const condition = 'NX';
    const expiration = { type: 'PX', value: Math.ceil(ttlMs) } as const;
    const asked = this.client.set(this.prefix + key, Buffer.from(value), { condition, expiration });
    return (await soon(asked)) !== null;
  }

  async put(key: string, value: Uint8Array, ttlMs: number): Promise<void> {
    const expiration = { type: 'PX', value: Math.ceil(ttlMs) } as const;
    await soon(this.client.set(this.prefix + key, Buffer.from(value), { expiration }));
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    return (await soon(this.client.get(this.prefix + key))) ?? undefined;
  }

  async remove(keys: readonly string[]): Promise<void> {
    // One by one, as they may be of several slots; they leave together all the same.
    await Promise.all(keys.map((key) => soon(this.client.del(this.prefix + key))));
  }

  close(): void {
    this.isUp$.complete();
    this.client.destroy();
  }
}
