import {
  createClient,
  createCluster,
  RedisClient,
  RESP_TYPES,
  type RedisClusterOptions,
} from '@redis/client';
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

/** How a server is connected to, and again: after so many milliseconds, or not any more. */
interface SocketOptions {
  readonly connectTimeout: number;
  readonly reconnectStrategy: (retries: number) => number | false;
}

const SOCKET: SocketOptions = {
  connectTimeout: 2000,
  reconnectStrategy: (retries) => Math.min(50 * 2 ** retries, 1000),
};

/** What cannot be answered now is told so now. */
const SOON = { disableOfflineQueue: true } as const;

const TIMED = { timeout: COMMAND_TIMEOUT_MS } as const;

const BYTES = { [RESP_TYPES.BLOB_STRING]: Buffer } as const;

/** A single server, or what shows itself as one. */
export function connectServer(url: string): RedisConnection {
  const client = createClient({ url, ...SOON, socket: { ...SOCKET }, commandOptions: TIMED });
  const isUp$ = new BehaviorSubject(false);
  // It says the rest by `isReady`; without a listener an error would end the process.
  client.on('error', () => {
    isUp$.next(client.isReady);
  });
  client.on('ready', () => {
    isUp$.next(true);
  });
  const connecting = client.connect();
  const destroy = (): void => {
    client.destroy();
  };
  ignoreRejection(connecting);
  return {
    commands: client.withTypeMapping(BYTES),
    isUp$,
    close: () => {
      isUp$.complete();
      destroy();
      // A socket that was about to be connected is there only now.
      connecting.then(destroy, destroy);
    },
  };
}

/** A Redis Cluster, by the URLs of some of its servers. */
export function connectCluster(urls: readonly string[]): RedisConnection {
  const isUp$ = new BehaviorSubject(false);
  const searching = new Subscription();
  const begin = (): ClusterSearch =>
    searchCluster(urls, (isUp) => {
      if (isUp !== isUp$.value) isUp$.next(isUp);
    });
  let search = begin();
  const beginAgainUntilFound = (): void => {
    search.found.catch(() => {
      if (searching.closed) return;
      search.end();
      const timer = scheduleIn(monotonicScheduler, FIND_AGAIN_MS, () => {
        searching.remove(timer);
        search = begin();
        beginAgainUntilFound();
      });
      searching.add(timer);
    });
  };
  beginAgainUntilFound();
  return {
    get commands() {
      return search.commands;
    },
    isUp$,
    close: () => {
      searching.unsubscribe();
      isUp$.complete();
      search.end();
    },
  };
}

/** One search for the servers of a Redis Cluster, and the way to them once it has found all. */
interface ClusterSearch {
  readonly commands: RedisCommands;
  /** Rejects where they are not found in time: it is to be ended, and another one may find them. */
  readonly found: Promise<unknown>;
  end(): void;
}

/** What comes late of a search changes nothing for the next: each has a client of its own. */
function searchCluster(urls: readonly string[], tell: (isUp: boolean) => void): ClusterSearch {
  let isOver = false;
  const socket: SocketOptions = {
    ...SOCKET,
    reconnectStrategy: (retries) => !isOver && SOCKET.reconnectStrategy(retries),
  };
  const cluster = createCluster({
    // One that stands still has no answer for whoever asks it for the others.
    rootNodes: urls.map((url) => ({ url, socket: { socketTimeout: FIND_MS } })),
    defaults: { ...SOON, ...credentialsOf(urls[0]!, socket) },
    commandOptions: TIMED,
    // A server that is gone may have been replaced.
    topologyRefreshOnReconnectionAttemptStrategy: COMMAND_TIMEOUT_MS,
  });
  const away = new Set<string>();
  const look = (): void => {
    if (!isOver) tell(cluster.isReady && away.size === 0);
  };
  const lost = ({ host, port }: Server): void => {
    away.add(`${host}:${port}`);
    look();
  };
  const back = ({ host, port }: Server): void => {
    away.delete(`${host}:${port}`);
    look();
  };
  // Of those that cannot be found at all there is no other word; without a listener an error would end the process.
  cluster.on('error', look);
  cluster.on('connect', look);
  cluster.on('node-error', (_: unknown, server: Server) => {
    lost(server);
  });
  cluster.on('node-reconnecting', lost);
  cluster.on('node-ready', back);
  cluster.on('node-disconnect', back);
  const connecting = cluster.connect();
  const inTime = (): Promise<unknown> => answeredIn(FIND_MS, monotonicScheduler, connecting);
  const destroy = (): void => {
    cluster.destroy();
  };
  return {
    commands: cluster.withTypeMapping(BYTES),
    found: inTime(),
    end: () => {
      isOver = true;
      // Not before: it knows nothing of a server any more that it finds, or has connected to, after that.
      inTime().then(destroy, destroy);
      connecting.then(destroy, destroy);
    },
  };
}

interface Server {
  readonly host: string;
  readonly port: number;
}

/** What a URL says besides where: servers of a cluster that were found by another one need it, too. */
function credentialsOf(url: string, socket: SocketOptions): RedisClusterOptions['defaults'] & object {
  const { socket: place, username, password } = RedisClient.parseURL(url);
  return {
    socket: place.tls ? { ...socket, tls: true } : socket,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
  };
}

/** Whether it is a URL that the client takes. What that throws has the URL in it. */
export function isServerUrl(value: unknown): boolean {
  try {
    RedisClient.parseURL(value as string);
    return true;
  } catch {
    return false;
  }
}
