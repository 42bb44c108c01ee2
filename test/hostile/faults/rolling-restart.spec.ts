import { firstValueFrom, from, lastValueFrom, mergeMap, toArray } from 'rxjs';
import { connect, decodeText, OperationError, tcp, type Client, type ClientSession } from '../../../src';
import { pause, until } from '../../support/until';
import { figure } from '../support/figure';
import { startServer, type ServerProcess } from '../support/stage';
import { endWorkers } from '../support/worker-process';

const CLIENTS = 100;
const TOKEN_MS = 1_000;
const options = { maxInFlightOperations: 4, grantedOperationCredit: 4 };
const settings = { handler: 'soon', expiring: true, options } as const;

/** A client that asks one thing after the other, for as long as the test lasts. */
class Asker {
  readonly completed = new Map<string, number>();
  readonly unknown = new Set<string>();
  readonly others: unknown[] = [];
  readonly states: string[] = [];
  isStopped = false;

  private constructor(
    private readonly name: number,
    readonly client: Client,
    private readonly session: ClientSession,
  ) {
    session.state$.subscribe((state) => this.states.push(state));
  }

  static async start(name: number, port: number): Promise<Asker> {
    const auth = async (): Promise<string> => {
      await pause(5);
      return String(Date.now() + TOKEN_MS);
    };
    const client = await connect(tcp({ port }), { auth, reconnect: { waitOnFirstConnect: true } });
    return new Asker(name, client, await client.openSession({ defaultDeadlineMs: 0 }));
  }

  async ask(): Promise<void> {
    for (let turn = 0; !this.isStopped; turn += 1) {
      const body = `${this.name}/${turn}`;
      try {
        await firstValueFrom(this.session.submit({ body }).pipe(decodeText()));
        this.completed.set(body, performance.now());
      } catch (error) {
        const isUnknown = error instanceof OperationError && error.outcome === 'unknown';
        if (isUnknown) this.unknown.add(body);
        else {
          this.others.push(error);
          return;
        }
      }
    }
  }
}

describe('a server that is put in the place of another, under a hundred clients whose tokens expire', () => {
  const running: Asker[] = [];
  const stop = (): void => {
    for (const asker of running.splice(0)) asker.isStopped = true;
  };

  afterEach(async () => {
    stop();
    await endWorkers();
  });

  it.each([
    ['killed', (server: ServerProcess) => server.kill('SIGKILL')],
    ['closed in good order', (server: ServerProcess) => server.kill('SIGTERM')],
  ])('has all of them within two seconds, and runs nothing again: %s', async (_, end) => {
    let server = await startServer({ ...settings, graceMs: 200 });
    const { port } = server.ready;
    // Ten at a time: a token that is asked for is to be shown before it expires, on a slow machine, too.
    const names$ = from(Array.from({ length: CLIENTS }, (__, name) => name));
    const started$ = names$.pipe(
      mergeMap(async (name) => Asker.start(name, port), 10),
      toArray(),
    );
    const askers = await lastValueFrom(started$);
    running.push(...askers);
    const asking = askers.map((asker) => asker.ask());
    for (let round = 1; round <= 2; round += 1) {
      await until(() => askers.every(({ completed }) => completed.size >= 2), 'answers');
      await pause(TOKEN_MS);
      const before = await server.ask('ran');
      const endedAt = performance.now();
      await end(server);
      server = await startServer({ ...settings, graceMs: 200, port });
      const since = performance.now();
      const isServed = ({ completed }: Asker): boolean => Math.max(...completed.values()) > since;
      // A client that has failed never has an answer: what it failed with is told at once.
      const hasFailed = ({ others }: Asker): boolean => others.length > 0;
      await until(
        () => askers.every(isServed) || askers.some(hasFailed),
        'an answer for each client',
        10_000,
      );
      expect(askers.flatMap(({ others }) => others)).toEqual([]);
      const firsts = askers.map(({ completed }) =>
        Math.min(...[...completed.values()].filter((at) => at > since)),
      );
      figure({
        name: 'the last client has an answer of the new process',
        value: Math.max(...firsts) - since,
        unit: 'ms',
        // Whoever has to wait longer for the server waits longer between two looks.
        atMost: 2_000 + Math.max(0, since - endedAt - 1_000),
      });
      const again = new Set(await server.ask('ran'));
      const ended = askers.flatMap(({ unknown }) => [...unknown]);
      expect([...before, ...ended].filter((body) => again.has(body))).toEqual([]);
      expect((await server.ask('tally')).doubled).toEqual([]);
    }
    stop();
    await Promise.all(asking);
    expect(askers.flatMap(({ others }) => others)).toEqual([]);
    expect(
      new Set(askers.map(({ states }) => states.filter((state) => state === 'reopened').length)),
    ).toEqual(new Set([2]));
    await Promise.all(askers.map(({ client }) => client.close()));
  });
});
