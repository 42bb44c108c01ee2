import fc from 'fast-check';
import type { Subscription } from 'rxjs';
import { ConnectionCredit } from '../../../src/client/link/connection-credit';
import type { Submission, SubmitRequest } from '../../../src/client/submissions/submission';
import { Submissions, type Credit } from '../../../src/client/submissions/submissions';
import { completeResult, partialResult } from '../../../src/protocol/operation/result';
import {
  BackpressureLevel,
  FlowFlag,
  FlowScope,
  FlowUpdateMetadata,
  FlowUpdateReason,
} from '../../../src/wire/messages/flow-update';
import { SessionOpenAckMetadata } from '../../../src/wire/messages/session-open';
import { text } from '../../support/packets';
import { VirtualTime } from '../../support/virtual-time';

interface Grant {
  readonly credit?: number;
  readonly maxInFlight?: number;
}

function ackOf({ credit = 2, maxInFlight = 4 }: Grant): SessionOpenAckMetadata {
  return SessionOpenAckMetadata.of({ grantedOperationCredit: credit, maxInFlightOperations: maxInFlight });
}

/** Submissions of session 7, everything that they send, and what becomes of each submit. */
class Stage {
  readonly time = new VirtualTime();
  readonly sent: string[] = [];
  readonly outcomes = new Map<string, unknown[]>();
  readonly subscriptions = new Map<string, Subscription>();
  idleCount = 0;
  sendSubmit: (submission: Submission) => void = ({ frameId }) => {
    this.sent.push(`submit ${frameId}`);
  };
  readonly submissions: Submissions;
  private epoch = 0;

  constructor(grant: Grant = {}) {
    this.submissions = new Submissions(
      {
        sessionId: 7,
        scheduler: this.time,
        sendSubmit: (submission) => {
          this.sendSubmit(submission);
        },
        sendCancel: (frameId) => this.sent.push(`cancel ${frameId}`),
        idle: () => {
          this.idleCount += 1;
        },
      },
      ackOf(grant),
      new ConnectionCredit(),
    );
  }

  submit(name: string, request: SubmitRequest = {}): void {
    const seen: unknown[] = [];
    this.outcomes.set(name, seen);
    this.subscriptions.set(
      name,
      this.submissions.submit({ body: name, ...request }).subscribe({
        next: ({ body }) => seen.push(new TextDecoder().decode(body)),
        error: (error: unknown) => seen.push(error),
        complete: () => seen.push('|'),
      }),
    );
  }

  unsubscribe(name: string): void {
    this.subscriptions.get(name)?.unsubscribe();
  }

  complete(frameId: number): void {
    this.submissions.take(completeResult(frameId, text('end')));
  }

  /** A FLOW_UPDATE of the session, of the next epoch. */
  flow(fields: Partial<FlowUpdateMetadata>): void {
    this.epoch += 1;
    this.submissions.applyFlow(
      FlowUpdateMetadata.of({ scopeKind: FlowScope.Session, creditEpoch: this.epoch, ...fields }),
    );
  }

  grant(credit: number): void {
    this.flow({
      updateReason: FlowUpdateReason.Grant,
      flowFlags: FlowFlag.CreditValid,
      sessionCredit: credit,
    });
  }

  /** What was sent since the last time. */
  news(): string[] {
    return this.sent.splice(0);
  }
}

/** As if that many frames had been sent before; to send them would take hours. */
function skipTo(submissions: Submissions, frameId: number): void {
  expect(Reflect.has(submissions, 'nextFrameId')).toBe(true);
  Reflect.set(submissions, 'nextFrameId', frameId);
}

describe('Submissions', () => {
  it('sends nothing before somebody subscribes, and numbers from 1', () => {
    const stage = new Stage();
    const cold$ = stage.submissions.submit({ body: 'x' });
    expect(stage.sent).toEqual([]);
    expect(stage.submissions.lastFrameId).toBe(0);
    cold$.subscribe();
    cold$.subscribe();
    expect(stage.sent).toEqual(['submit 1', 'submit 2']);
    expect(stage.submissions.lastFrameId).toBe(2);
  });

  it('knows which frame ids were sent', () => {
    const stage = new Stage();
    stage.submit('a');
    expect([0, 1, 2].map((id) => stage.submissions.wasSent(id))).toEqual([false, true, false]);
  });

  it('emits parts, then the last result, and completes', () => {
    const stage = new Stage();
    stage.submit('a');
    stage.submissions.take(partialResult(1, text('one')));
    stage.complete(1);
    stage.complete(1);
    expect(stage.outcomes.get('a')).toEqual(['one', 'end', '|']);
    expect(stage.submissions.lastResultFrameId).toBe(1);
    expect(stage.news()).toEqual(['submit 1']);
    expect(stage.idleCount).toBe(1);
  });

  it('lets what is beyond the credit wait, and sends it in order as results come', () => {
    const stage = new Stage({ credit: 2 });
    for (const name of ['a', 'b', 'c', 'd']) stage.submit(name);
    expect(stage.news()).toEqual(['submit 1', 'submit 2']);
    expect(stage.submissions.creditNow()).toEqual({ granted: 2, inFlight: 2, waiting: 2 });
    stage.complete(2);
    expect(stage.news()).toEqual(['submit 3']);
    stage.submissions.fail(1, 'dropped');
    expect(stage.news()).toEqual(['submit 4']);
    expect(stage.submissions.inFlightIds()).toEqual([3, 4]);
  });

  it('never has more in flight than the session may, whatever the credit', () => {
    const stage = new Stage({ credit: 9, maxInFlight: 1 });
    stage.submit('a');
    stage.submit('b');
    expect(stage.news()).toEqual(['submit 1']);
  });

  it('forgets one that is unsubscribed while it waits', () => {
    const stage = new Stage({ credit: 1 });
    for (const name of ['a', 'b', 'c']) stage.submit(name);
    stage.unsubscribe('b');
    expect(stage.news()).toEqual(['submit 1']);
    stage.complete(1);
    expect(stage.news()).toEqual(['submit 2']);
    stage.complete(2);
    expect(stage.outcomes.get('c')).toEqual(['end', '|']);
    expect(stage.outcomes.get('b')).toEqual([]);
  });

  it('cancels one that is unsubscribed in flight, and sends the next', () => {
    const stage = new Stage({ credit: 1 });
    stage.submit('a');
    stage.submit('b');
    stage.news();
    stage.unsubscribe('a');
    expect(stage.news()).toEqual(['cancel 1', 'submit 2']);
    // Its results may still be on their way.
    stage.complete(1);
    expect(stage.outcomes.get('a')).toEqual([]);
  });

  it('sends no cancel for what has ended', () => {
    const stage = new Stage();
    stage.submit('a');
    stage.complete(1);
    stage.unsubscribe('a');
    expect(stage.news()).toEqual(['submit 1']);
  });

  it('cancels by id: whoever waits for it hears so', () => {
    const stage = new Stage();
    stage.submit('a');
    stage.submissions.cancel(1);
    stage.submissions.cancel(1);
    stage.submissions.cancel(99);
    expect(stage.news()).toEqual(['submit 1', 'cancel 1']);
    expect(stage.outcomes.get('a')).toEqual([
      expect.objectContaining({ name: 'OperationError', reason: 'cancelled', sessionId: 7, frameId: 1 }),
    ]);
  });

  it('fails one with what the server says of it', () => {
    const stage = new Stage();
    stage.submit('a');
    stage.submissions.fail(1, 'refused', 0x30001, 'not cached');
    stage.submissions.fail(5, 'refused');
    expect(stage.outcomes.get('a')).toEqual([
      expect.objectContaining({ reason: 'refused', errorCode: 0x30001, frameId: 1 }),
    ]);
  });

  it('gives an id that could not be sent to the next', () => {
    const stage = new Stage();
    const send = stage.sendSubmit;
    stage.sendSubmit = () => {
      throw new RangeError('not allowed');
    };
    stage.submit('a');
    stage.sendSubmit = send;
    stage.submit('b');
    expect(stage.outcomes.get('a')).toEqual([new RangeError('not allowed')]);
    expect(stage.news()).toEqual(['submit 1']);
    expect(stage.submissions.inFlightIds()).toEqual([1]);
  });

  describe('credit', () => {
    it('opens and narrows the window', () => {
      const stage = new Stage({ credit: 1 });
      for (const name of ['a', 'b', 'c', 'd']) stage.submit(name);
      stage.grant(3);
      expect(stage.news()).toEqual(['submit 1', 'submit 2', 'submit 3']);
      stage.grant(1);
      stage.complete(1);
      stage.complete(2);
      expect(stage.news()).toEqual([]);
      stage.complete(3);
      expect(stage.news()).toEqual(['submit 4']);
    });

    it('stops at a hard backpressure until a grant', () => {
      const stage = new Stage({ credit: 2 });
      stage.flow({ updateReason: FlowUpdateReason.Congestion, backpressureLevel: BackpressureLevel.Hard });
      stage.submit('a');
      stage.time.advance(60_000);
      expect(stage.news()).toEqual([]);
      stage.grant(2);
      expect(stage.news()).toEqual(['submit 1']);
    });

    it('waits for as long as retry_after says, and wakes up by itself', () => {
      const stage = new Stage();
      stage.flow({
        updateReason: FlowUpdateReason.Reduce,
        flowFlags: FlowFlag.RetryAfterValid,
        retryAfterMs: 250,
      });
      stage.submit('a');
      stage.time.advance(249);
      expect(stage.news()).toEqual([]);
      stage.time.advance(1);
      expect(stage.news()).toEqual(['submit 1']);
      expect(stage.time.pendingCount).toBe(0);
    });

    it('wakes up once, however many wait and however often it is told', () => {
      const stage = new Stage();
      for (const retryAfterMs of [100, 300]) {
        stage.flow({
          flowFlags: FlowFlag.RetryAfterValid,
          updateReason: FlowUpdateReason.Reduce,
          retryAfterMs,
        });
        stage.submit(`after ${retryAfterMs}`);
      }
      expect(stage.time.pendingCount).toBe(1);
      stage.time.advance(299);
      expect(stage.news()).toEqual([]);
      stage.time.advance(1);
      expect(stage.news()).toEqual(['submit 1', 'submit 2']);
    });

    it('of an operation bounds those that name it', () => {
      const stage = new Stage({ credit: 4 });
      stage.submit('first');
      stage.flow({
        scopeKind: FlowScope.Operation,
        operationId: 1n,
        flowFlags: FlowFlag.CreditValid,
        operationCredit: 1,
      });
      const metadata = { dependencyFrameId: 1 };
      stage.submit('second', { metadata });
      stage.submit('third', { metadata });
      expect(stage.news()).toEqual(['submit 1', 'submit 2']);
      stage.complete(2);
      expect(stage.news()).toEqual(['submit 3']);
    });

    it('of an operation ends with it', () => {
      const stage = new Stage({ credit: 4 });
      stage.submit('first');
      stage.flow({
        scopeKind: FlowScope.Operation,
        operationId: 1n,
        flowFlags: FlowFlag.CreditValid,
        operationCredit: 0,
      });
      stage.submit('retry', { metadata: { retryOfFrame: 1 } });
      expect(stage.news()).toEqual(['submit 1']);
      stage.complete(1);
      expect(stage.news()).toEqual(['submit 2']);
    });

    it('is told now and after each change, and completes with the session', () => {
      const stage = new Stage({ credit: 1 });
      const seen: (Credit | string)[] = [];
      stage.submissions.credit$.subscribe({
        next: (credit) => seen.push(credit),
        complete: () => seen.push('|'),
      });
      stage.submit('a');
      stage.submit('b');
      stage.grant(2);
      stage.submissions.end('session-closed');
      expect(seen).toEqual([
        { granted: 1, inFlight: 0, waiting: 0 },
        { granted: 1, inFlight: 1, waiting: 0 },
        { granted: 1, inFlight: 1, waiting: 1 },
        { granted: 2, inFlight: 2, waiting: 0 },
        { granted: 2, inFlight: 0, waiting: 0 },
        '|',
      ]);
    });
  });

  describe('frame ids', () => {
    it('run out after 2³² − 1: whoever submits then is told to open another session', () => {
      const stage = new Stage({ credit: 4 });
      skipTo(stage.submissions, 0xffffffff);
      stage.submit('last');
      stage.submit('one too many');
      stage.submit('another');
      expect(stage.news()).toEqual(['submit 4294967295']);
      const overflow = expect.objectContaining({
        name: 'RuntimeError',
        kind: 'frame-id-overflow',
        reach: 'session',
        origin: 'local',
        message: 'session 7 has used all of its frame ids; open another',
      }) as unknown;
      expect(stage.outcomes.get('one too many')).toEqual([overflow]);
      expect(stage.outcomes.get('another')).toEqual([overflow]);
      stage.complete(0xffffffff);
      expect(stage.outcomes.get('last')).toEqual(['end', '|']);
      expect(stage.submissions.creditNow()).toMatchObject({ inFlight: 0, waiting: 0 });
    });

    it('run out for those that waited, too', () => {
      const stage = new Stage({ credit: 1 });
      skipTo(stage.submissions, 0xffffffff);
      for (const name of ['last', 'waits', 'waits too']) stage.submit(name);
      stage.complete(0xffffffff);
      for (const name of ['waits', 'waits too']) {
        expect(stage.outcomes.get(name)).toMatchObject([{ kind: 'frame-id-overflow' }]);
      }
    });
  });

  describe('a lost connection', () => {
    it('holds submits and cancels back; the next one gets what the server lacks, then what waits', () => {
      const stage = new Stage({ credit: 3 });
      for (const name of ['a', 'b', 'c']) stage.submit(name);
      stage.submissions.detach();
      stage.submit('d');
      stage.unsubscribe('b');
      stage.submissions.cancel(3);
      expect(stage.news()).toEqual(['submit 1', 'submit 2', 'submit 3']);
      expect(stage.submissions.inFlightIds()).toEqual([1]);
      stage.submissions.attach(ackOf({ credit: 3 }), 0, new ConnectionCredit());
      expect(stage.news()).toEqual(['submit 1', 'submit 4']);
      expect(stage.outcomes.get('c')).toMatchObject([{ reason: 'cancelled' }]);
    });

    it('has sent what the server says it has', () => {
      const stage = new Stage({ credit: 3 });
      for (const name of ['a', 'b', 'c']) stage.submit(name);
      stage.news();
      stage.submissions.detach();
      stage.submissions.attach(ackOf({ credit: 3 }), 2, new ConnectionCredit());
      expect(stage.news()).toEqual(['submit 3']);
    });

    it('leaves nothing of the old credit', () => {
      const stage = new Stage({ credit: 1 });
      stage.flow({ updateReason: FlowUpdateReason.Pause });
      stage.submit('a');
      stage.submissions.detach();
      stage.submissions.attach(ackOf({ credit: 2 }), 0, new ConnectionCredit());
      expect(stage.news()).toEqual(['submit 1']);
      expect(stage.submissions.creditNow().granted).toBe(2);
    });

    it('ends the wait for another try: the next connection knows better', () => {
      const stage = new Stage();
      stage.flow({
        flowFlags: FlowFlag.RetryAfterValid,
        updateReason: FlowUpdateReason.Reduce,
        retryAfterMs: 9,
      });
      stage.submit('a');
      stage.submissions.detach();
      stage.time.advance(100);
      expect(stage.news()).toEqual([]);
    });
  });

  describe('the end', () => {
    it.each(['session-closed', 'connection-lost'] as const)('is that of every submit: %s', (reason) => {
      const stage = new Stage({ credit: 1 });
      stage.submit('in flight');
      stage.submit('waits');
      stage.submissions.end(reason);
      stage.submit('later');
      const error = (frameId: number): unknown => expect.objectContaining({ reason, frameId }) as unknown;
      expect(stage.outcomes.get('in flight')).toEqual([error(1)]);
      expect(stage.outcomes.get('waits')).toEqual([error(0)]);
      expect(stage.outcomes.get('later')).toEqual([error(0)]);
      expect(stage.news()).toEqual(['submit 1']);
    });

    it('is the first one', () => {
      const stage = new Stage();
      stage.submissions.end('connection-lost');
      stage.submissions.end('session-closed');
      stage.submit('later');
      expect(stage.outcomes.get('later')).toMatchObject([{ reason: 'connection-lost' }]);
    });

    it('leaves no timer', () => {
      const stage = new Stage();
      stage.flow({
        flowFlags: FlowFlag.RetryAfterValid,
        updateReason: FlowUpdateReason.Reduce,
        retryAfterMs: 9,
      });
      stage.submit('a');
      stage.submissions.end('session-closed');
      stage.time.advance(100);
      expect(stage.news()).toEqual([]);
    });

    it('of new submits comes first where the session closes; they are taken again where it does not', () => {
      const stage = new Stage({ credit: 1 });
      for (const name of ['in flight', 'waits']) stage.submit(name);
      stage.submissions.refuseNew();
      stage.submit('new');
      for (const name of ['waits', 'new']) {
        expect(stage.outcomes.get(name)).toMatchObject([{ reason: 'session-closed', frameId: 0 }]);
      }
      stage.complete(1);
      expect(stage.outcomes.get('in flight')).toEqual(['end', '|']);
      stage.submissions.acceptNew();
      stage.submit('again');
      expect(stage.news()).toEqual(['submit 1', 'submit 2']);
    });
  });
});

type Step =
  | { readonly do: 'submit' | 'detach' | 'attach' }
  | { readonly do: 'complete' | 'unsubscribe' | 'cancel'; readonly pick: number }
  | { readonly do: 'grant'; readonly credit: number }
  | { readonly do: 'pause' }
  | { readonly do: 'retryAfter' | 'wait'; readonly ms: number };

const picks = fc.nat(20);
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.constant({ do: 'submit' } as const) },
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constantFrom('complete' as const, 'unsubscribe' as const, 'cancel' as const),
        pick: picks,
      }),
    },
    { weight: 3, arbitrary: fc.nat(5).map((credit) => ({ do: 'grant', credit }) as const) },
    { weight: 1, arbitrary: fc.constantFrom({ do: 'pause' } as const, { do: 'detach' } as const) },
    { weight: 2, arbitrary: fc.constant({ do: 'attach' } as const) },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constantFrom('retryAfter' as const, 'wait' as const), ms: fc.nat(50) }),
    },
  ),
  { maxLength: 60, size: 'max' },
);

describe('Submissions after any steps', () => {
  it('keep within the credit at every send, number from 1 without a gap, and end all in the end', () => {
    const grants = fc.record({ credit: fc.nat(4), maxInFlight: fc.integer({ min: 1, max: 4 }) });
    fc.assert(
      fc.property(grants, steps, (grant, sequence) => {
        const stage = new Stage(grant);
        const { submissions, time } = stage;
        let submitted = 0;
        let isAttached = true;
        let isPaused = false;
        let holdUntil = 0;
        let window = grant.credit;
        let isReplaying = false;
        const ids: number[] = [];
        const faults: string[] = [];
        stage.sendSubmit = ({ frameId }) => {
          if (isReplaying && frameId <= ids.length) return;
          ids.push(frameId);
          // Noted, not thrown: what throws here has not been sent.
          if (!isAttached) faults.push(`${frameId} was sent without a connection`);
          if (isPaused) faults.push(`${frameId} was sent during a pause`);
          if (time.now() < holdUntil) faults.push(`${frameId} was sent before its time`);
          if (submissions.creditNow().inFlight > Math.min(window, grant.maxInFlight)) {
            faults.push(`${frameId} was sent without credit`);
          }
        };
        for (const step of sequence) {
          const inFlight = submissions.inFlightIds();
          switch (step.do) {
            case 'submit':
              submitted += 1;
              stage.submit(String(submitted));
              break;
            case 'complete':
              if (isAttached && inFlight.length > 0) stage.complete(inFlight[step.pick % inFlight.length]!);
              break;
            case 'cancel':
              if (inFlight.length > 0) submissions.cancel(inFlight[step.pick % inFlight.length]!);
              break;
            case 'unsubscribe':
              stage.unsubscribe(String(1 + (step.pick % Math.max(1, submitted))));
              break;
            case 'grant':
              if (!isAttached) break;
              window = step.credit;
              isPaused = false;
              holdUntil = 0;
              stage.grant(step.credit);
              break;
            case 'pause':
              if (!isAttached) break;
              isPaused = true;
              holdUntil = 0;
              stage.flow({ updateReason: FlowUpdateReason.Pause });
              break;
            case 'retryAfter':
              if (!isAttached) break;
              isPaused = false;
              holdUntil = time.now() + step.ms;
              stage.flow({
                updateReason: FlowUpdateReason.Reduce,
                flowFlags: FlowFlag.RetryAfterValid,
                retryAfterMs: step.ms,
              });
              break;
            case 'wait':
              time.advance(step.ms);
              break;
            case 'detach':
              isAttached = false;
              submissions.detach();
              break;
            case 'attach':
              if (isAttached) break;
              isAttached = true;
              isPaused = false;
              holdUntil = 0;
              window = grant.credit;
              isReplaying = true;
              submissions.attach(ackOf(grant), 0, new ConnectionCredit());
              isReplaying = false;
          }
          expect(faults).toEqual([]);
          // Nobody waits who may go.
          const { inFlight: now, waiting } = submissions.creditNow();
          const mayGo = isAttached && !isPaused && time.now() >= holdUntil;
          if (mayGo && waiting > 0) expect(now).toBeGreaterThanOrEqual(Math.min(window, grant.maxInFlight));
        }
        expect(ids).toEqual(ids.map((_, index) => index + 1));
        submissions.end('session-closed');
        expect(submissions.creditNow()).toMatchObject({ inFlight: 0, waiting: 0 });
        for (const [name, subscription] of stage.subscriptions) {
          expect([name, subscription.closed]).toEqual([name, true]);
        }
      }),
      { numRuns: 150 },
    );
  });
});
