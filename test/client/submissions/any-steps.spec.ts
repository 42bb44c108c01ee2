import fc from 'fast-check';
import { FlowFlag, FlowUpdateReason } from '../../../src/wire/messages/flow-update';
import { Stage } from './support';

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
  it('keep within the credit at every send, number from 1 without a gap, and end all in the end', async () => {
    const grants = fc.record({ credit: fc.nat(4), maxInFlight: fc.integer({ min: 1, max: 4 }) });
    await fc.assert(
      fc.asyncProperty(grants, steps, async (grant, sequence) => {
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
        stage.carrier.submitted = (frameId) => {
          if (isReplaying && frameId <= ids.length) return;
          ids.push(frameId);
          // Noted, not thrown: what throws here has not been sent.
          if (!isAttached) faults.push(`${frameId} was sent without a connection`);
          if (isPaused) faults.push(`${frameId} was sent during a pause`);
          if (time.now() < holdUntil) faults.push(`${frameId} was sent before its time`);
          if (submissions.credit.now().inFlight > Math.min(window, grant.maxInFlight)) {
            faults.push(`${frameId} was sent without credit`);
          }
        };
        for (const step of sequence) {
          const inFlight = submissions.inFlight.ids();
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
              stage.attach(grant, 0);
              isReplaying = false;
          }
          // What takes the place of one that is given up goes at the end of the turn.
          await Promise.resolve();
          expect(faults).toEqual([]);
          // Nobody waits who may go.
          const { inFlight: now, waiting } = submissions.credit.now();
          const mayGo = isAttached && !isPaused && time.now() >= holdUntil;
          if (mayGo && waiting > 0) expect(now).toBeGreaterThanOrEqual(Math.min(window, grant.maxInFlight));
        }
        expect(ids).toEqual(ids.map((_, index) => index + 1));
        submissions.end('session-closed');
        expect(submissions.credit.now()).toMatchObject({ inFlight: 0, waiting: 0 });
        for (const [name, subscription] of stage.subscriptions) {
          expect([name, subscription.closed]).toEqual([name, true]);
        }
      }),
      { numRuns: 150 },
    );
  });
});
