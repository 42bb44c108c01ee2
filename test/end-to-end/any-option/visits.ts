import { setTimeout as pause } from 'node:timers/promises';
import { config, lastValueFrom, timeout, toArray } from 'rxjs';
import { connect } from '../../../src/client/client';
import type { ClientOptions, SessionOptions } from '../../../src/client/options';
import type { ServerOptions } from '../../../src/server/options';
import { createServer, type Server } from '../../../src/server/server';
import type { ConnectEndpoint, ListenEndpoint } from '../../../src/transport/endpoint';

/** What must come of every value: no call takes longer. */
const SOON_MS = 3000;

/** What would have ended the process. */
const uncaught: unknown[] = [];
const caught = (error: unknown): void => {
  uncaught.push(error);
};

/** Gathers it, for the tests of a file. */
export function watchUncaught(): void {
  beforeAll(() => {
    config.onUnhandledError = caught;
    process.on('unhandledRejection', caught);
  });
  afterAll(() => {
    config.onUnhandledError = null;
    process.off('unhandledRejection', caught);
  });
}

/** Rejects where a call hangs. */
export async function soon<T>(what: string, call: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`${what} hangs`));
    }, SOON_MS);
  });
  try {
    return await Promise.race([call, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Whether a value was taken; an error that refuses it names the option. */
export function isTaken(name: string, give: () => void): boolean {
  try {
    give();
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(Error);
    expect((error as Error).message).toContain(name);
    return false;
  }
}

export function serve(options: Partial<ServerOptions>, listen: ListenEndpoint): Server {
  const server = createServer({ limits: { closeOvertimeMs: 100 }, ...options, listen });
  server.sessions$.subscribe({
    next: (session) => session.respond(() => 'answer'),
    // A listener that cannot listen ends them, as documented.
    error: () => undefined,
  });
  return server;
}

/** A client that opens a session and asks: whether it is answered, or why not. */
export async function visit(
  endpoint: ConnectEndpoint,
  options: { readonly client?: ClientOptions; readonly session?: SessionOptions } = {},
): Promise<string> {
  try {
    const client = await soon(
      'connect',
      connect(endpoint, { openTimeoutMs: 500, closeTimeoutMs: 100, ...options.client }),
    );
    client.ended$.subscribe({ error: () => undefined });
    try {
      const asked = { requestedSessionId: 0, maxInFlightOperations: 0, ...options.session };
      const session = await soon('openSession', client.openSession(asked));
      const answer$ = session.submit({ body: 'x' }).pipe(toArray(), timeout({ first: 500 }));
      return await lastValueFrom(answer$).then(
        () => 'answered',
        (error: unknown) => String(error),
      );
    } finally {
      await soon('client.close', client.close());
    }
  } catch (error) {
    if (error instanceof Error && error.message.endsWith(' hangs')) throw error;
    expect(error).toBeInstanceOf(Error);
    return String(error);
  }
}

export async function expectNothingUncaught(): Promise<void> {
  await pause(2);
  expect(uncaught.splice(0)).toEqual([]);
}
