import { Subscription } from 'rxjs';
import { DEFAULT_SERVER_LIMITS } from '../../../../src/server/limits/server-limits';
import { ServerReports } from '../../../../src/server/reports';
import type { ServerContext } from '../../../../src/server/server-context';
import type { Admission } from '../../../../src/server/session/submits/admission/admission';
import { KeptSlots } from '../../../../src/server/session/submits/admission/kept-slots';
import type { SessionParts } from '../../../../src/server/session/submits/session-parts';
import type { ReceivedSubmit } from '../../../../src/server/session/submits/submit';
import { VirtualTime } from '../../../support/virtual-time';

/** The slots that a session of two keeps, and all that it hears of them. */
class Stage {
  readonly time = new VirtualTime();
  readonly timers = new Subscription();
  readonly log: string[] = [];
  readonly kept: KeptSlots;

  constructor() {
    const reports = new ServerReports();
    reports.limits.subscribe(({ limit, observed }) => this.log.push(`${limit}: ${observed}`));
    const server: Partial<ServerContext> = {
      settings: {
        limits: { ...DEFAULT_SERVER_LIMITS, unsettledMs: 2000, maxUnsettledMs: 30_000 },
      } as ServerContext['settings'],
      scheduler: this.time,
      lasting: this.timers,
      reports,
    };
    const parts: Partial<SessionParts> = {
      server: server as ServerContext,
      granted: { maxInFlightOperations: 2 },
      outlet: { peer: 'here' } as Partial<SessionParts['outlet']> as SessionParts['outlet'],
    };
    const admission: Partial<Admission> = { freeSlot: () => this.log.push('free') };
    this.kept = new KeptSlots(parts as SessionParts, admission as Admission, { startNext: () => undefined });
  }

  /** So many operations have ended, whose handlers go on. */
  keep(count: number, isAborted = false): ReceivedSubmit[] {
    const submits = Array.from({ length: count }, (_, frameId) => ({ frameId, isAborted }) as ReceivedSubmit);
    for (const submit of submits) this.kept.keep(submit);
    return submits;
  }

  /** What was heard within so many milliseconds. */
  after(ms: number): string[] {
    this.time.advance(ms);
    return this.log.splice(0);
  }
}

describe('the slot of an operation that has ended', () => {
  it('is free when its handler has settled, and needs no timer then', () => {
    const stage = new Stage();
    const [one] = stage.keep(1);
    stage.kept.settled(one!);
    expect(stage.after(0)).toEqual(['free']);
    expect(stage.after(60_000)).toEqual([]);
  });

  it('is given back after 2 s where its handler has not settled, once', () => {
    const stage = new Stage();
    const [one] = stage.keep(1);
    expect(stage.after(1999)).toEqual([]);
    expect(stage.after(1)).toEqual(['free', 'unsettledMs: 2000']);
    stage.kept.settled(one!);
    expect(stage.after(60_000)).toEqual([]);
  });

  it('waits for 30 s where the session has as many handlers that go on as it has slots', () => {
    const stage = new Stage();
    stage.keep(3);
    expect(stage.after(2000)).toEqual(['free', 'unsettledMs: 2000', 'free', 'unsettledMs: 2000']);
    expect(stage.after(27_999)).toEqual([]);
    expect(stage.after(1)).toEqual(['free', 'maxUnsettledMs: 30000']);
  });

  it('takes the place of one that has settled', () => {
    const stage = new Stage();
    const [first] = stage.keep(3);
    stage.after(5000);
    stage.kept.settled(first!);
    expect(stage.after(0)).toEqual(['free', 'unsettledMs: 5000']);
    expect(stage.after(60_000)).toEqual([]);
  });

  it('is told of in the order in which the operations ended', () => {
    const stage = new Stage();
    stage.keep(1);
    stage.after(500);
    stage.keep(1);
    expect(stage.after(1500)).toEqual(['free', 'unsettledMs: 2000']);
    expect(stage.after(500)).toEqual(['free', 'unsettledMs: 2000']);
  });

  it('is free at once where it was aborted, as often as the session has slots', () => {
    const stage = new Stage();
    const [first] = stage.keep(3, true);
    expect(stage.after(0)).toEqual(['free', 'free']);
    expect(stage.after(29_999)).toEqual([]);
    stage.kept.settled(first!);
    expect(stage.after(0)).toEqual(['free', 'unsettledMs: 29999']);
  });

  it('keeps no timer of a server that has closed', () => {
    const stage = new Stage();
    stage.keep(1);
    stage.timers.unsubscribe();
    stage.keep(1);
    expect(stage.after(60_000)).toEqual([]);
  });
});
