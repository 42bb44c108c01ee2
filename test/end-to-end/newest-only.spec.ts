import { interval, map, switchMap, take } from 'rxjs';
import { settled } from '../support/async';
import { endServed, Served, told } from '../support/served';
import { VirtualTime } from '../support/virtual-time';

const PER_SECOND = 60;
const SECONDS = 60;

afterEach(endServed);

describe('a client that wants the newest answer only', () => {
  it('takes 60 submits a second back for a minute, within its credit, and is not cut', async () => {
    const scheduler = new VirtualTime();
    const served = new Served({ scheduler });
    const begun: unknown[] = [];
    served.server.sessions$.subscribe((session) => {
      session.respond((submit) => {
        begun.push(submit.frameId);
        return interval(1, scheduler).pipe(map((part) => `${part}`));
      });
    });
    const client = await served.connect({ scheduler });
    const session = await client.openSession();
    const frames$ = interval(1000 / PER_SECOND, scheduler).pipe(take(PER_SECOND * SECONDS));
    const seen = told(frames$.pipe(switchMap(() => session.submit({ body: 'frame' }))));
    for (let frame = 0; frame <= PER_SECOND * SECONDS; frame++) {
      scheduler.advance(1000 / PER_SECOND);
      await settled();
      expect(client.usage.operationsInFlight).toBeLessThanOrEqual(1);
    }
    expect(seen.filter((each) => each instanceof Error)).toEqual([]);
    expect(begun).toHaveLength(PER_SECOND * SECONDS);
    expect({ limits: served.limits, violations: served.violations }).toEqual({ limits: [], violations: [] });
    expect(served.server.usage).toMatchObject({ connections: 1, operationsInFlight: 1 });
  });
});
