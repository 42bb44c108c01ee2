import { firstValueFrom, type Observable } from 'rxjs';
import { connect, type Client } from '../../src/client/client';
import type { ClientOptions, SessionOptions } from '../../src/client/options';
import type { ClientSession } from '../../src/client/session/session';
import type { RuntimeError } from '../../src/protocol/runtime-error';
import type { LimitTripped } from '../../src/server/limits/limit-tripped';
import type { ServerOptions } from '../../src/server/options';
import type { Violation } from '../../src/server/reports';
import { createServer, type Server } from '../../src/server/server';
import type { ServerSession } from '../../src/server/session/session';
import { memory } from '../../src/transport/memory';
import { cuttable } from './cuttable';

const running = new Set<Served>();

/** Ends every server and client that a test has made, also where it failed: for `afterEach`. */
export async function endServed(): Promise<void> {
  await Promise.all([...running].map((served) => served.end()));
}

/** A server inside the process, what it reports, and clients of it. */
export class Served {
  readonly listen = memory();
  /** The same place, whose connections can be cut. */
  readonly endpoint = cuttable(this.listen);
  readonly server: Server;
  readonly failures: RuntimeError[] = [];
  readonly violations: Violation[] = [];
  readonly limits: LimitTripped[] = [];
  private readonly clients: Client[] = [];

  constructor(options: Partial<ServerOptions> = {}) {
    this.server = createServer({ listen: this.listen, ...options });
    running.add(this);
    this.server.failures$.subscribe((failure) => this.failures.push(failure));
    this.server.violations$.subscribe((violation) => this.violations.push(violation));
    this.server.limits$.subscribe((tripped) => this.limits.push(tripped));
  }

  async connect(options?: ClientOptions): Promise<Client> {
    const client = await connect(this.endpoint, options);
    this.clients.push(client);
    return client;
  }

  /** A session of a client of its own. */
  async open(options?: SessionOptions, client?: ClientOptions): Promise<ClientSession> {
    return (await this.connect(client)).openSession(options);
  }

  /** Both ends of a session; nobody may have subscribed to `sessions$`. */
  async session(
    options?: SessionOptions,
    connecting?: ClientOptions,
  ): Promise<{ client: ClientSession; server: ServerSession }> {
    const [server, client] = await Promise.all([
      firstValueFrom(this.server.sessions$),
      this.open(options, connecting),
    ]);
    return { client, server };
  }

  async end(): Promise<void> {
    running.delete(this);
    await Promise.all(this.clients.map((client) => client.close()));
    await this.server.close({ graceMs: 0 });
  }
}

/** What a stream tells: values, `'|'` for its completion, the error where it errors. */
export function told<T>(stream$: Observable<T>): unknown[] {
  const seen: unknown[] = [];
  stream$.subscribe({
    next: (value) => seen.push(value),
    error: (error: unknown) => seen.push(error),
    complete: () => seen.push('|'),
  });
  return seen;
}
