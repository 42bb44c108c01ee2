import {
  createServer,
  tcp,
  type Server,
  type ServerOptions,
  type ServerUsage,
  type TcpOptions,
} from '../../../src';
import { parameters, work } from '../support/worker';
import { HANDLERS, type HandlerName } from '../support/handlers';

export interface ServerParameters {
  /** What answers the submits. */
  readonly handler: HandlerName;
  /** 0, the default, for any. */
  readonly port?: number;
  /** Closes with so much grace on SIGTERM, as a service does, and ends the process. Default: just ends. */
  readonly graceMs?: number;
  readonly tcp?: Partial<TcpOptions>;
  /** Lets in who shows a time that is not over yet, in milliseconds since 1970. Default: everybody. */
  readonly expiring?: boolean;
  readonly options?: Partial<Omit<ServerOptions, 'listen' | 'scheduler'>>;
}

export interface ServerReady {
  readonly port: number;
}

/** What has happened at the server so far. */
export interface ServerTally {
  /** Handlers that were started. */
  readonly runs: number;
  /** Bodies for which a handler was started more than once. */
  readonly doubled: readonly string[];
  /** Messages of `violations$` and `failures$`, the first hundred. */
  readonly violations: readonly string[];
  readonly failures: readonly string[];
  /** How often each limit was met, by its name and what became of it. */
  readonly limits: Readonly<Record<string, number>>;
}

export type ServerCommands = {
  usage: () => ServerUsage;
  tally: () => ServerTally;
  /** The bodies for which handlers were started. */
  ran: () => readonly string[];
  /** Closes the server, and resolves with how many milliseconds it took. */
  close: (graceMs: number) => Promise<number>;
};

const parameter = parameters<ServerParameters>();
const { handler, port = 0, graceMs, tcp: transport = {}, expiring = false, options = {} } = parameter;
const server: Server = createServer({
  listen: tcp({ ...transport, port }),
  ...(expiring && { policy: ({ auth }) => Number(Buffer.from(auth).toString()) > Date.now() }),
  ...options,
});
const runs = new Map<string, number>();
const violations: string[] = [];
const failures: string[] = [];
const limits: Record<string, number> = {};

function note(list: string[], message: string): void {
  if (list.length < 100) list.push(message);
}

server.sessions$.subscribe((session) => {
  session.respond((submit) => {
    const name = Buffer.from(submit.body.subarray(0, 32)).toString('latin1');
    runs.set(name, (runs.get(name) ?? 0) + 1);
    return HANDLERS[handler](submit);
  });
});
server.violations$.subscribe(({ error }) => {
  note(violations, error.message);
});
server.limits$.subscribe(({ limit, consequence }) => {
  const name = `${limit}: ${consequence}`;
  limits[name] = (limits[name] ?? 0) + 1;
});
server.failures$.subscribe((error) => {
  note(failures, error.message);
});

const commands: ServerCommands = {
  usage: () => server.usage,
  tally: () => ({
    runs: [...runs.values()].reduce((sum, count) => sum + count, 0),
    doubled: [...runs].filter(([, count]) => count > 1).map(([name]) => name),
    violations,
    failures,
    limits,
  }),
  ran: () => [...runs.keys()],
  close: async (graceMs) => {
    const start = performance.now();
    await server.close({ graceMs });
    return performance.now() - start;
  },
};

if (graceMs !== undefined) {
  process.on('SIGTERM', () => {
    void server.close({ graceMs }).then(() => process.exit(0));
  });
}

void server.listening().then(([address]) => {
  work(commands, { port: address!.port } satisfies ServerReady);
});
