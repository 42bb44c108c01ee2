import { filter, firstValueFrom, lastValueFrom, mergeMap, range, toArray } from 'rxjs';
import { connect, tcp } from '../../../src';
import { cuttable } from '../../support/cuttable';
import { parameters, work } from '../support/worker';

export interface CyclesParameters {
  readonly port: number;
}

export interface CyclesOptions {
  readonly cycles: number;
  /** Cycles that go on at a time. */
  readonly concurrency: number;
}

export type CyclesCommands = {
  /** Connects, opens a session, is cut, resumes, submits, closes, so many times. */
  cycle: (options: CyclesOptions) => Promise<void>;
};

const { port } = parameters<CyclesParameters>();
const body = Buffer.from('x');
const session = { reconnect: { minDelayMs: 1 } };

async function oneCycle(): Promise<void> {
  const endpoint = cuttable(tcp({ port }));
  const client = await connect(endpoint);
  const opened = await client.openSession(session);
  const resumed = firstValueFrom(opened.state$.pipe(filter((state) => state === 'resumed')), {
    defaultValue: undefined,
  });
  endpoint.cut();
  if ((await resumed) === undefined) throw new Error('a session was not resumed');
  const result = await lastValueFrom(opened.submit({ body }));
  if (!body.equals(result.body)) throw new Error('the answer is another');
  await opened.close();
  await client.close();
}

const commands: CyclesCommands = {
  cycle: async ({ cycles, concurrency }) => {
    await firstValueFrom(range(cycles).pipe(mergeMap(oneCycle, concurrency), toArray()));
  },
};
work(commands, undefined);
