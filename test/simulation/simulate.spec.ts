import { CLUSTER_INVARIANTS } from './cluster/invariants';
import { INVARIANTS, textOf } from './invariants';
import { marblesOf } from './marbles';
import { simulate } from './simulate';
import { expectTheSame, metBy } from './seeds';
import { DEFECTS } from './defects';

const SEEDS = 60;
/** The first of those that meet all of it. */
const FIRST = 200;

/** What the seeds must meet, or what they check is not what they seem to. */
const MET = [
  'answer: at-once',
  'answer: hang',
  'answer: late',
  'answer: parked',
  'answer: pull',
  'answer: stream',
  'answer: throw',
  'answers pulled',
  'answers that were too large',
  'attachment: closed',
  'attachment: reconnecting',
  'attachment: expired',
  'attachment: resumed',
  'bad calls',
  'clock steps',
  'connectivity: reopened',
  'crashes',
  'completed while detached',
  'end: cancelled',
  'end: closed',
  'end: completed',
  'end: disconnected',
  'end: dropped',
  'end: failed',
  'end: late',
  'end: superseded',
  'fault: reset',
  'fault: silence',
  'fault: stall',
  'fault: truncate',
  'flow updates',
  'ghosts',
  'holds',
  'late answer refused',
  'limit: unsettledMs',
  'move: done',
  'objects cached',
  'open: opened',
  'open: rejected (resume)',
  'open: resumed (resume)',
  'open: retry later',
  'outcome: cancelled',
  'outcome: complete',
  'outcome: connection-lost',
  'outcome: dropped',
  'outcome: refused',
  'outcome: session-closed',
  'outcome: slow-consumer',
  'outcome: too-large',
  'outcome: unsubscribed',
  'patch: done',
  'pauses',
  'policy: broken',
  'policy: more time',
  'policy: open refused',
  'policy: resume refused',
  'releases',
  'replayed results',
  'restarts',
  'resumes refused for a gap',
  'right tokens of others refused',
  'sessions that ran out',
  'stray packet at the client',
  'stray packet at the server',
  'sessions of preview3',
  'sessions of preview4',
  'submits sent again',
  'thefts tried',
];

describe('the simulation', () => {
  it('holds every invariant in a handful of seeds, which meet all that may go wrong', async () => {
    const seeds = Array.from({ length: SEEDS }, (_, index) => FIRST + index);
    const met = await metBy(simulate, seeds);
    expect(MET.filter((what) => !met.has(what))).toEqual([]);
  }, 180_000);

  it('runs one seed the same way every time, also beside others, and another in another way', async () => {
    const { first, again } = await expectTheSame(simulate, [11, 12, 13, 14], { keepEvents: 5 });
    for (const { eventCount, events } of first) expect(events).toHaveLength(Math.min(eventCount, 50));
    for (const { events } of again) expect(events).toHaveLength(5);
  });

  it('stops at a violation, and says which invariant it was and what led there', async () => {
    const [defect] = DEFECTS.filter(({ name }) => name.startsWith('a client submits without credit'));
    const undo = defect?.plant();
    const report = await simulate(1, { keepEvents: 50 });
    undo?.();
    expect(report.violation?.invariant).toBe(5);
    expect(report.violation?.text).toMatch(/^operation \d+ .* was sent with \d+ of \d+ outstanding/);
    expect(report.events.at(-1)).toMatchObject({ actor: 'invariants', text: `5: ${report.violation?.text}` });
    expect(marblesOf(report.events)).toContain('invariants');
  });

  it('has every invariant, numbered and in words', () => {
    // One of several nodes has a number of its own, too.
    const numbers = [...INVARIANTS, ...CLUSTER_INVARIANTS].map(({ number }) => number);
    expect([...numbers].sort((a, b) => a - b)).toEqual(numbers.map((_, index) => index));
    for (const { number, text } of INVARIANTS) expect(textOf(number)).toBe(text);
  });
});
