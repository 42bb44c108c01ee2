import { Subject } from 'rxjs';
import { settled } from '../support/async';
import { endServed, Served, told } from '../support/served';
import { VirtualTime } from '../support/virtual-time';

const LOST = expect.objectContaining({ reason: 'connection-lost', outcome: 'unknown' }) as unknown;

afterEach(endServed);

/** A client that may tell its server what it has received, and a handler that answers `held` as it is told to. */
async function stage(announce: boolean) {
  const scheduler = new VirtualTime();
  const served = new Served({ scheduler });
  const answer$ = new Subject<string>();
  const ran: string[] = [];
  served.server.sessions$.subscribe((session) =>
    session.respond((submit) => {
      ran.push(submit.text);
      return submit.text === 'held' ? answer$ : `to ${submit.text}`;
    }),
  );
  const client = await served.connect({ scheduler });
  const session = await client.openSession({ announce, reconnect: {} });
  const resumed = async (): Promise<void> => {
    served.endpoint.cut();
    for (let turn = 0; turn < 20; turn++) {
      await settled();
      scheduler.advance(500);
    }
    expect(told(session.state$)).toEqual(['resumed']);
  };
  return { served, client, session, answer$, ran, resumed };
}

describe.each([
  ['counts its results', true],
  ['cannot say what it has received', false],
])('a session that is resumed and %s', (_, counts) => {
  it('has an outcome for a submit that was lost', async () => {
    const { session, ran, resumed } = await stage(counts);
    const seen = told(session.submit({ body: 'x' }).text$);
    await resumed();
    expect({ seen, ran }).toEqual(counts ? { seen: ['to x', '|'], ran: ['x'] } : { seen: [LOST], ran: [] });
  });

  it('has an outcome for an answer whose end was lost', async () => {
    const { session, answer$, resumed } = await stage(counts);
    const seen = told(session.submit({ body: 'held' }).text$);
    await settled();
    answer$.next('a');
    await settled();
    answer$.next('b');
    answer$.complete();
    await resumed();
    expect(seen).toEqual(counts ? ['a', 'b', '|'] : ['a', LOST]);
  });

  it('has no answer with a gap, and goes on', async () => {
    const { served, client, session, answer$, resumed } = await stage(counts);
    const seen = told(session.submit({ body: 'held' }).text$);
    await settled();
    answer$.next('a');
    await settled();
    answer$.next('b');
    await resumed();
    answer$.next('c');
    answer$.complete();
    await settled();
    expect(seen).toEqual(counts ? ['a', 'b', 'c', '|'] : ['a', LOST]);
    const next = told(session.submit({ body: 'next' }).text$);
    await settled();
    expect(next).toEqual(['to next', '|']);
    expect(client.usage.operationsInFlight).toBe(0);
    expect(served.server.usage.operationsInFlight).toBe(0);
    expect({ limits: served.limits, violations: served.violations }).toEqual({ limits: [], violations: [] });
  });

  it('sends what has waited, and was never sent', async () => {
    const { served, session, resumed } = await stage(counts);
    const first = told(session.submit({ body: 'held' }).text$);
    await settled();
    served.endpoint.cut();
    await settled();
    const waits = told(session.submit({ body: 'y' }).text$);
    await resumed();
    expect(waits).toEqual(['to y', '|']);
    expect(first).toEqual(counts ? [] : [LOST]);
  });
});
