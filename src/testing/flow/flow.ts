import { settled, realPause } from '../time/settled';
import { installClock } from '../time/virtual-clock';
import { FlowError } from './flow-error';
import type { FlowHelpers } from './helpers';
import { Stage } from './stage';

/** What a flow runs with. */
export interface FlowOptions {
  /**
   * Milliseconds of virtual time that the flow goes on behind its longest string, in which nothing may
   * come that the strings do not say. Default 1,000.
   */
  readonly tailMs?: number;
  /** Milliseconds of virtual time after which a function that still waits is given up. Default an hour. */
  readonly maxMs?: number;
}

const DEFAULT_TAIL_MS = 1_000;
const DEFAULT_MAX_MS = 3_600_000;
/** Milliseconds of real time that something outside the flow, a hash or a file, may take. */
const PATIENCE_MS = 1_000;
const PAUSE_MS = 5;

/** The flow under way: the clock is one for all. */
const underWay = new Set<Stage>();

/**
 * Plays a protocol flow in virtual time: what peers send and what must come back are aligned strings, a
 * character is a millisecond, and nothing waits for a real one. `body` sets the flow up, and may be async;
 * the strings are then played. Rejects with a `FlowError` that shows what differs. Return or await it.
 *
 * Timers and the clock of the process run in virtual time meanwhile: RxJS's schedulers, `setTimeout`,
 * `Date.now`. What is outside of it, sockets and files, takes no time at all, or does not come.
 *
 * @example
 * it('streams an answer', () =>
 *   flow(({ serve, clientPeer, cold }) => {
 *     serve({ respond: () => cold('--a|', { a: 'hi' }) });
 *     const peer = clientPeer({ o: open(42), s: submit(42, 1, 'hello') });
 *     peer.sends('  o-s');
 *     peer.expects('A---pc', { A: openAck(42), p: result(42, 1, 'hi').partial(), c: result(42, 1) });
 *   }));
 */
export async function flow(
  body: (helpers: FlowHelpers) => unknown,
  options: FlowOptions = {},
): Promise<void> {
  if (underWay.size > 0)
    throw new FlowError('another flow is under way: return or await what flow() returns');
  const stage = new Stage();
  const { stack } = new Error();
  const restoreClock = installClock(stage.scheduler);
  underWay.add(stage);
  try {
    await play(stage, body, options);
  } catch (error) {
    if (error instanceof FlowError) error.pointAt(stack);
    throw error;
  } finally {
    underWay.delete(stage);
    restoreClock();
  }
}

type Outcome =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly error: unknown };

async function play(
  stage: Stage,
  body: (helpers: FlowHelpers) => unknown,
  { tailMs = DEFAULT_TAIL_MS, maxMs = DEFAULT_MAX_MS }: FlowOptions,
): Promise<void> {
  const test = started(() => body(stage.helpers()));
  await settled();
  const end = (): number => (test.outcome.kind === 'waiting' ? maxMs : stage.length + tailMs);
  while (test.outcome.kind !== 'failed' && (await hasNext(stage, test, end()))) {
    stage.scheduler.runNext();
    await settled();
  }
  if (test.outcome.kind === 'failed') throw test.outcome.error;
  const problems = [...stage.problems()];
  if (test.outcome.kind === 'waiting') {
    problems.push(`the flow's function still waits for something at frame ${stage.scheduler.frame}`);
  }
  if (problems.length > 0) throw new FlowError([...problems, ...notesOf(stage)].join('\n\n'));
}

/**
 * Whether anything is left to run until `end`. A function that waits for the world outside gets some time.
 */
async function hasNext(stage: Stage, test: { readonly outcome: Outcome }, end: number): Promise<boolean> {
  const { scheduler } = stage;
  for (let waited = 0; scheduler.nextDue === undefined; waited += PAUSE_MS) {
    if (test.outcome.kind !== 'waiting' || waited >= PATIENCE_MS) return false;
    await realPause(PAUSE_MS);
  }
  return scheduler.nextDue <= end;
}

/** Calls the function, which runs until it first waits, and keeps how it goes on. */
function started(body: () => unknown): { readonly outcome: Outcome } {
  const test: { outcome: Outcome } = { outcome: { kind: 'waiting' } };
  new Promise((resolve) => {
    resolve(body());
  }).then(
    () => {
      test.outcome = { kind: 'done' };
    },
    (error: unknown) => {
      test.outcome = { kind: 'failed', error };
    },
  );
  return test;
}

function notesOf({ notes }: Stage): readonly string[] {
  return notes.length === 0 ? [] : [['meanwhile', ...notes.map((note) => `  ${note}`)].join('\n')];
}
