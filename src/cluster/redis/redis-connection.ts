import { createClient, createCluster, RESP_TYPES, type RedisClusterOptions } from '@redis/client';
import { BehaviorSubject, Subscription } from 'rxjs';
import { ignoreRejection } from '../../protocol/ignore-rejection';
import { monotonicScheduler } from '../../transport/time/monotonic-scheduler';
import { scheduleIn } from '../../transport/time/schedule-in';
import { answeredIn } from './answered-in';

/** Milliseconds that a call may take before it counts as unanswered. */
export const COMMAND_TIMEOUT_MS = 1000;

/** Milliseconds in which all servers of a Redis Cluster are to be found, and between two attempts. */
const FIND_MS = 5000;
const FIND_AGAIN_MS = 500;

/** How keys expire, and whether they may be there already. */
export interface SetOptions {
  readonly expiration: { readonly type: 'PX'; readonly value: number };
  readonly condition?: 'NX';
}

/** What a script is given. In a Redis Cluster its first key says which server runs it. */
export interface ScriptCall {
  readonly keys: string[];
  readonly arguments: (string | Buffer)[];
}

/** The commands that are asked of Redis. What it answers is bytes. */
export interface RedisCommands {
  set(key: string, value: Buffer, options: SetOptions): Promise<unknown>;
  get(key: string): Promise<Uint8Array | null>;
  del(key: string): Promise<unknown>;
  eval(script: string, call: ScriptCall): Promise<unknown>;
  evalSha(sha: string, call: ScriptCall): Promise<unknown>;
  hmGet(key: string, fields: string[]): Promise<(Uint8Array | null)[]>;
}

/** A way to Redis that is made anew where it is lost. */
export interface RedisConnection {
  readonly commands: RedisCommands;
  /** Now, then at each change: whether every server is there that keys may be at. */
  readonly isUp$: BehaviorSubject<boolean>;
  close(): void;
}

const SOCKET = {
  connectTimeout: 2000,
  reconnectStrategy: (retries: number): number => Math.min(50 * 2 ** retries, 1000),
};

/** What cannot be answered now is told so now. */
const SOON = { disableOfflineQueue: true } as const;

const TIMED = { timeout: COMMAND_TIMEOUT_MS } as const;

const BYTES = { [RESP_TYPES.BLOB_STRING]: Buffer } as const;

/** A single server, or what shows itself as one. */
export function connectServer(url: string): RedisConnection {
  const client = createClient({ url, ...SOON, socket: SOCKET, commandOptions: TIMED });
  const isUp$ = new BehaviorSubject(false);
  // It says the rest by `isReady`; without a listener an error would end the process.
  client.on('error', () => {
    isUp$.next(client.isReady);
  });
  client.on('ready', () => {
    isUp$.next(true);
  });
  ignoreRejection(client.connect());
  return {
    commands: client.withTypeMapping(BYTES),
    isUp$,
    close: () => {
      isUp$.complete();
      client.destroy();
    },
  };
}

/** A Redis Cluster, by the URLs of some of its servers. */
export function connectCluster(urls: readonly string[]): RedisConnection {
  const cluster = createCluster({
    rootNodes: urls.map((url) => ({ url })),
    defaults: { ...SOON, ...credentialsOf(urls[0]!) },
    commandOptions: TIMED,
    // A server that is gone may have been replaced.
    topologyRefreshOnReconnectionAttemptStrategy: COMMAND_TIMEOUT_MS,
  });
  const isUp$ = new BehaviorSubject(false);
  const away = new Set<string>();
  const searching = new Subscription();
  const tell = (): void => {
    const isUp = cluster.isReady && away.size === 0;
    if (isUp !== isUp$.value) isUp$.next(isUp);
  };
  const lost = ({ host, port }: Server): void => {
    away.add(`${host}:${port}`);
    tell();
  };
  const back = ({ host, port }: Server): void => {
    away.delete(`${host}:${port}`);
    tell();
  };
  // Of those that cannot be found at all there is no other word; without a listener an error would end the process.
  cluster.on('error', tell);
  cluster.on('connect', tell);
  cluster.on('node-error', (_: unknown, server: Server) => {
    lost(server);
  });
  cluster.on('node-reconnecting', lost);
  cluster.on('node-ready', back);
  cluster.on('node-disconnect', back);
  const find = (): void => {
    answeredIn(FIND_MS, monotonicScheduler, cluster.connect()).catch(() => {
      if (searching.closed) return;
      // It waits for each server that it has heard of, also for one that will never be back.
      cluster.destroy();
      const timer = scheduleIn(monotonicScheduler, FIND_AGAIN_MS, () => {
        searching.remove(timer);
        find();
      });
      searching.add(timer);
    });
  };
  find();
  return {
    commands: cluster.withTypeMapping(BYTES),
    isUp$,
    close: () => {
      searching.unsubscribe();
      isUp$.complete();
      cluster.destroy();
    },
  };
}

interface Server {
  readonly host: string;
  readonly port: number;
}

/** What a URL says besides where: servers of a cluster that were found by another one need it, too. */
function credentialsOf(url: string): RedisClusterOptions['defaults'] & object {
  const { protocol, username, password } = new URL(url);
  return {
    socket: protocol === 'rediss:' ? { ...SOCKET, tls: true } : SOCKET,
    ...(username !== '' && { username: decodeURIComponent(username) }),
    ...(password !== '' && { password: decodeURIComponent(password) }),
  };
}
