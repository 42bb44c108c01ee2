import {
  createClient,
  createCluster,
  RedisClient,
  RESP_TYPES,
  type RedisClusterOptions,
} from '@redis/client';
import { BehaviorSubject, Subscription, type Observable } from 'rxjs';
import { ignoreRejection } from '../../protocol/ignore-rejection';
import { monotonicScheduler } from '../../transport/time/monotonic-scheduler';
import { scheduleIn } from '../../transport/time/schedule-in';
import { answeredIn } from './answered-in';
import { RedisFault } from './redis-fault';
import { connectAnew, isAnswer, isReadOnly, ServerWatch } from './server-watch';

/** Milliseconds that a call may take before it counts as unanswered, and that a connection to a replica is kept. */
const COMMAND_TIMEOUT_MS = 1000;

/** Milliseconds between two PINGs, and after which a socket is given up over which nothing has passed. */
const PING_MS = 1500;
const IDLE_MS = 4000;

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
  /** What Redis answers to a call. One that is not answered rejects, soon. */
  ask<T>(call: (commands: RedisCommands) => Promise<T>): Promise<T>;
  /** Now, then at each change: whether every server is there that keys may be at. */
  readonly isUp$: BehaviorSubject<boolean>;
  /** Why calls are not answered: the last that was heard of that. */
  readonly fault$: Observable<string | undefined>;
  close(): void;
}

/** How a server is connected to, and again: after so many milliseconds, or not any more. */
interface SocketOptions {
  readonly connectTimeout: number;
  readonly socketTimeout: number;
  readonly reconnectStrategy: (retries: number) => number | false;
}

const SOCKET: SocketOptions = {
  connectTimeout: 2000,
  // So that one which takes a connection, and says nothing then, is not waited for.
  socketTimeout: IDLE_MS,
  reconnectStrategy: (retries) => Math.min(50 * 2 ** retries, 1000),
};

/** What cannot be answered now is told so now, and a socket that works is never idle. */
const CLIENT = { disableOfflineQueue: true, pingInterval: PING_MS } as const;

const TIMED = { timeout: COMMAND_TIMEOUT_MS } as const;

const BYTES = { [RESP_TYPES.BLOB_STRING]: Buffer } as const;

/** A single server, or what shows itself as one. */
export function connectServer(url: string): RedisConnection {
  const client = createClient({ url, ...CLIENT, socket: { ...SOCKET }, commandOptions: TIMED });
  const commands = client.withTypeMapping(BYTES);
  const isUp$ = new BehaviorSubject(false);
  const fault = new RedisFault(passwordsOf(url));
  const tell = teller(isUp$);
  const watch = new ServerWatch();
  let isClosed = false;
  let isReplica = false;
  let readyAt = 0;
  const lookForPrimary = async (): Promise<void> => {
    try {
      isReplica = String((await client.hello()).role) === 'replica';
    } catch (error) {
      // One that has not answered is asked again, where it is there yet.
      isReplica = !isAnswer(error);
      if (isReplica && client.isReady) void connectAnew(client);
    }
    if (!isReplica) tell(true);
  };
  // It says the rest by `isReady`; without a listener an error would end the process.
  client.on('error', (error: unknown) => {
    fault.note(error);
    tell(client.isReady && !isReplica);
  });
  client.on('ready', () => {
    readyAt = monotonicScheduler.now();
    // A socket that was about to be connected is there only now.
    if (isClosed) client.destroy();
    else if (isReplica) void lookForPrimary();
    else tell(true);
  });
  const failed = (error: unknown): void => {
    fault.note(error);
    if (isReadOnly(error)) {
      isReplica = true;
      tell(false);
      // Whoever is in its place may be there only later.
      const isNew = monotonicScheduler.now() - readyAt < COMMAND_TIMEOUT_MS;
      if (client.isReady && !isNew) void connectAnew(client);
    } else if (!isAnswer(error)) {
      watch.look(client, () => {
        tell(false);
        void connectAnew(client);
      });
    }
  };
  ignoreRejection(client.connect());
  return {
    ask: (call) => answered(call(commands), failed),
    isUp$,
    fault$: fault.text$,
    close: () => {
      isClosed = true;
      isUp$.complete();
      fault.close();
      client.destroy();
    },
  };
}

/** Says what has changed. */
function teller(isUp$: BehaviorSubject<boolean>): (isUp: boolean) => void {
  return (isUp) => {
    if (isUp !== isUp$.value) isUp$.next(isUp);
  };
}

async function answered<T>(call: Promise<T>, failed: (error: unknown) => void): Promise<T> {
  try {
    return await answeredIn(COMMAND_TIMEOUT_MS, monotonicScheduler, call);
  } catch (error) {
    failed(error);
    throw error;
  }
}

/** A Redis Cluster, by the URLs of some of its servers. */
export function connectCluster(urls: readonly string[]): RedisConnection {
  const isUp$ = new BehaviorSubject(false);
  const fault = new RedisFault(urls.flatMap(passwordsOf));
  const searching = new Subscription();
  const begin = (): ClusterSearch => searchCluster(urls, teller(isUp$), fault);
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
    ask: (call) => search.ask(call),
    isUp$,
    fault$: fault.text$,
    close: () => {
      searching.unsubscribe();
      isUp$.complete();
      fault.close();
      search.end();
    },
  };
}

/** One search for the servers of a Redis Cluster, and the way to them once it has found all. */
interface ClusterSearch {
  readonly ask: RedisConnection['ask'];
  /** Rejects where they are not found in time: it is to be ended, and another one may find them. */
  readonly found: Promise<unknown>;
  end(): void;
}

/** What comes late of a search changes nothing for the next: each has a client of its own. */
function searchCluster(
  urls: readonly string[],
  tell: (isUp: boolean) => void,
  fault: RedisFault,
): ClusterSearch {
  let isOver = false;
  const socket: SocketOptions = {
    ...SOCKET,
    reconnectStrategy: (retries) => !isOver && SOCKET.reconnectStrategy(retries),
  };
  const cluster = createCluster({
    rootNodes: urls.map((url) => ({ url })),
    defaults: { ...CLIENT, ...credentialsOf(urls[0]!, socket) },
    commandOptions: TIMED,
    // A server that is gone may have been replaced.
    topologyRefreshOnReconnectionAttemptStrategy: COMMAND_TIMEOUT_MS,
  });
  const commands = cluster.withTypeMapping(BYTES);
  const away = new Set<string>();
  const look = (): void => {
    // Of a server that has been replaced nobody says that it is back.
    for (const address of away) if (!cluster.nodeByAddress.has(address)) away.delete(address);
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
  cluster.on('error', (error: unknown) => {
    fault.note(error);
    look();
  });
  cluster.on('connect', look);
  cluster.on('node-error', (error: unknown, server: Server) => {
    fault.note(error);
    // A PING may have failed whose connection is there: nobody would say that it is back.
    const { host, port } = server;
    if (cluster.nodeByAddress.get(`${host}:${port}`)?.client?.isReady !== true) lost(server);
  });
  cluster.on('node-reconnecting', lost);
  cluster.on('node-ready', back);
  cluster.on('node-disconnect', back);
  const watch = new ServerWatch();
  const failed = (error: unknown): void => {
    fault.note(error);
    if (isAnswer(error)) return;
    // Whose call it was is not known.
    for (const master of cluster.masters) {
      const { client } = master;
      if (client === undefined) continue;
      watch.look(client, () => {
        void connectAnew(client).then(() => {
          if (isOver) client.destroy();
        });
        lost(master);
      });
    }
  };
  const connecting = cluster.connect();
  const inTime = (): Promise<unknown> => answeredIn(FIND_MS, monotonicScheduler, connecting);
  const destroy = (): void => {
    cluster.destroy();
  };
  return {
    ask: (call) => {
      if (away.size > 0) look();
      return answered(call(commands), failed);
    },
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

/** As they stand in a URL, and as they are. */
function passwordsOf(url: string): readonly string[] {
  const { password = '' } = RedisClient.parseURL(url);
  return password === '' ? [] : [password, encodeURIComponent(password)];
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
