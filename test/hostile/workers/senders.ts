import { lastValueFrom } from 'rxjs';
import { connect, DEFAULT_SERVER_LIMITS, tcp, type ClientSession, type SessionOptions } from '../../../src';
import { describeError } from '../../../src/protocol/runtime-error';
import { CacheObjectKind } from '../../../src/wire/messages/cache';
import { parameters, work } from '../support/worker';

export interface SendersParameters {
  readonly port: number;
  /** Each a connection with a session of its own. */
  readonly senders: number;
  readonly session?: Omit<SessionOptions, 'requestedSessionId'>;
}

export interface SendOptions {
  readonly ms: number;
  /** Bytes of each submit. */
  readonly bodyBytes: number;
}

export interface Sent {
  readonly operations: number;
  readonly bytes: number;
  /** What else became of operations, and what the clients complained of. */
  readonly faults: readonly string[];
}

export interface Asked {
  readonly cancels: number;
  readonly patches: number;
  readonly cachePuts: number;
}

export type SendersCommands = {
  /** Submits as fast as credit allows, for so long: as much as the server has granted is always in flight. */
  send: (options: SendOptions) => Promise<Sent>;
  /** Cancels, patches and caches on the first session, nine times for every ten that it may, for so long. */
  ask: (ms: number) => Promise<Asked>;
};

const { port, senders, session: options } = parameters<SendersParameters>();
const faults: string[] = [];
let sessions: readonly ClientSession[] = [];

function note(fault: string): void {
  if (faults.length < 100) faults.push(fault);
}

async function start(): Promise<void> {
  sessions = await Promise.all(
    Array.from({ length: senders }, async () => {
      const client = await connect(tcp({ port }));
      client.violations$.subscribe(({ message }) => {
        note(message);
      });
      client.ended$.subscribe({
        error: (error: unknown) => {
          note(describeError(error));
        },
      });
      return client.openSession(options);
    }),
  );
}

async function send({ ms, bodyBytes }: SendOptions): Promise<Sent> {
  const body = new Uint8Array(bodyBytes);
  const until = performance.now() + ms;
  let operations = 0;
  const lane = async (session: ClientSession): Promise<void> => {
    while (performance.now() < until) {
      try {
        await lastValueFrom(session.submit({ body }));
        operations += 1;
      } catch (error) {
        note(describeError(error));
        return;
      }
    }
  };
  // More than may be in flight: some always wait for credit.
  const lanes = sessions.flatMap((session) =>
    Array.from({ length: session.granted.grantedOperationCredit + 2 }, () => lane(session)),
  );
  await Promise.all(lanes);
  return { operations, bytes: operations * bodyBytes, faults };
}

async function ask(ms: number): Promise<Asked> {
  const [session] = sessions;
  if (session === undefined) throw new Error('there is no session');
  const done = { cancels: 0, patches: 0, cachePuts: 0 };
  const times = async (what: keyof Asked, perSecond: number, work: () => Promise<unknown>): Promise<void> => {
    for (const until = performance.now() + ms; performance.now() < until; done[what] += 1) {
      const next = pause(1000 / (0.9 * perSecond));
      await work();
      await next;
    }
  };
  await Promise.all([
    times('cancels', DEFAULT_SERVER_LIMITS.cancels.perSecond, async () => {
      const submitted = session.submit({ body: 'not wanted' }).subscribe({ error: () => undefined });
      await pause(1);
      submitted.unsubscribe();
    }),
    times('patches', DEFAULT_SERVER_LIMITS.patches.perSecond, () => session.patch({ patchMask: 1 })),
    times('cachePuts', DEFAULT_SERVER_LIMITS.cachePuts.perSecond, () =>
      session.cachePut(
        { objectKind: CacheObjectKind.PromptSegment, cacheKeyLo: done.cachePuts % 16, ttlMs: 60_000 },
        new Uint8Array(1000),
      ),
    ),
  ]);
  return done;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

const commands: SendersCommands = { send, ask };
void start().then(() => {
  work(commands, undefined);
});
