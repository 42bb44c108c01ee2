import { firstValueFrom, mergeMap, range, toArray, type Observable } from 'rxjs';
import {
  connect,
  OperationError,
  tcp,
  type Client,
  type ClientOptions,
  type ClientSession,
  type ClientUsage,
  type SessionConnectivity,
  type SessionOptions,
} from '../../../src';
import { describeError } from '../../../src/protocol/runtime-error';
import { checkAnswer, type ExpectedAnswer, type Part } from '../support/answers';
import { parameters, work } from '../support/worker';

export interface ClientsParameters {
  readonly port: number;
  /** Each with a session of its own. */
  readonly connections: number;
  readonly client?: Omit<ClientOptions, 'scheduler' | 'random'>;
  readonly session?: Omit<SessionOptions, 'requestedSessionId'>;
}

export interface RunOptions {
  readonly operations: number;
  /** Operations of one session that are asked for at a time. */
  readonly window: number;
  readonly expected: ExpectedAnswer;
}

/** What became of the operations of a run. */
export interface RunReport {
  /** With the answer that was expected, each part once and in order. */
  readonly completed: number;
  /** What else became of them, and how often: reason and outcome of the error, or what is wrong with the answer. */
  readonly others: Readonly<Record<string, number>>;
  /** Operations that ended more or less often than once. */
  readonly notOnce: number;
  /** Messages of the clients' `violations$`, the first hundred. */
  readonly violations: readonly string[];
}

/** When a session's connectivity changed: milliseconds since the worker was asked to begin. */
export interface Change {
  readonly state: SessionConnectivity;
  readonly at: number;
}

export type ClientsCommands = {
  /** Submits, and resolves when everything has ended. Every body is different. */
  run: (options: RunOptions) => Promise<RunReport>;
  /** How many operations of the run have ended so far. */
  ended: () => number;
  /** What became of the first session's connection, by `Date.now()`. */
  changes: () => readonly Change[];
  usage: () => readonly ClientUsage[];
  close: () => Promise<void>;
};

const { port, connections, client: clientOptions, session: sessionOptions } = parameters<ClientsParameters>();
const violations: string[] = [];
const changes: Change[] = [];
let clients: readonly Client[] = [];
let sessions: readonly ClientSession[] = [];
let ended = 0;
let bodies = 0;

async function start(): Promise<void> {
  clients = await Promise.all(
    Array.from({ length: connections }, async () => {
      const client = await connect(tcp({ port }), clientOptions);
      client.violations$.subscribe(({ message }) => {
        if (violations.length < 100) violations.push(message);
      });
      // A connection that fails is what these tests are about.
      client.ended$.subscribe({ error: () => undefined });
      return client;
    }),
  );
  sessions = await Promise.all(clients.map((client) => client.openSession(sessionOptions)));
  sessions[0]?.state$.subscribe((state) => {
    changes.push({ state, at: Date.now() });
  });
}

async function run({ operations, window, expected }: RunOptions): Promise<RunReport> {
  let completed = 0;
  let notOnce = 0;
  const others: Record<string, number> = {};
  const share = Math.ceil(operations / sessions.length);
  ended = 0;
  const outcomes$ = (session: ClientSession): Observable<unknown> =>
    range(share).pipe(
      mergeMap(async () => {
        const outcomes = await outcomesOf(session, expected);
        if (outcomes.length !== 1) notOnce += 1;
        for (const outcome of outcomes) {
          if (outcome === undefined) completed += 1;
          else others[outcome] = (others[outcome] ?? 0) + 1;
        }
        ended += 1;
      }, window),
      toArray(),
    );
  await Promise.all(sessions.map((session) => firstValueFrom(outcomes$(session))));
  return { completed, others, notOnce, violations };
}

/** How an operation ended, undefined for as it should; a list, so that twice can be told from once. */
function outcomesOf(session: ClientSession, expected: ExpectedAnswer): Promise<(string | undefined)[]> {
  bodies += 1;
  const body = Buffer.from(`${process.pid}/${bodies}`);
  const parts: Part[] = [];
  const outcomes: (string | undefined)[] = [];
  return new Promise((resolve) => {
    const end = (outcome: string | undefined): void => {
      outcomes.push(outcome);
      // What would end it a second time comes with the same packet, or the next.
      setImmediate(() => {
        resolve(outcomes);
      });
    };
    session.submit({ body }).subscribe({
      next: ({ body: part, metadata }) => parts.push({ body: part, resultFlags: metadata.resultFlags }),
      error: (error: unknown) => {
        end(error instanceof OperationError ? `${error.reason}, ${error.outcome}` : describeError(error));
      },
      complete: () => {
        end(checkAnswer(expected, body, parts));
      },
    });
  });
}

const commands: ClientsCommands = {
  run,
  ended: () => ended,
  changes: () => changes,
  usage: () => clients.map(({ usage }) => usage),
  close: async () => {
    await Promise.all(clients.map((client) => client.close()));
  },
};

void start().then(() => {
  work(commands, undefined);
});
