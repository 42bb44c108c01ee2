import { lastValueFrom } from 'rxjs';
import { connect, tcp, type ClientSession, type SessionOptions } from '../../../src';
import { describeError } from '../../../src/protocol/runtime-error';
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

export type SendersCommands = {
  /** Submits as fast as credit allows, for so long: as much as the server has granted is always in flight. */
  send: (options: SendOptions) => Promise<Sent>;
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
      return client.openSession({ requestedSessionId: 0, ...options });
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

const commands: SendersCommands = { send };
void start().then(() => {
  work(commands, undefined);
});
