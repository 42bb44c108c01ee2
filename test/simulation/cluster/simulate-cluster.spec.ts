import { expectTheSame, metBy } from '../seeds';
import { CLUSTER_INVARIANTS } from './invariants';
import { simulateCluster } from './simulate-cluster';

const SEEDS = 40;

/** What the seeds must meet, or what they check is not what they seem to. */
const MET = [
  'continued',
  'fault: client away',
  'fault: crash',
  'fault: half away',
  'fault: hand-over',
  'fault: pause',
  'fault: store away',
  'fault: store down',
  'fault: store empty',
  'fault: tail lost',
  'handed over',
  'late: whole',
  'late: whole after a takeover',
  'outcome: complete',
  'outcome: node-lost',
  'outcome: session-closed',
  'outcome: unsubscribed',
  'takeovers',
];

describe('the simulation of several nodes', () => {
  it('holds every invariant in a handful of seeds, which meet all that may go wrong', async () => {
    const seeds = Array.from({ length: SEEDS }, (_, index) => index + 1);
    const met = await metBy(simulateCluster, seeds);
    expect(MET.filter((what) => !met.has(what))).toEqual([]);
  }, 180_000);

  it('runs one seed the same way every time, also beside another', async () => {
    await expectTheSame(simulateCluster, [3, 4, 5]);
  }, 60_000);

  it('has every invariant, numbered and in words', () => {
    expect(CLUSTER_INVARIANTS.map(({ number }) => number)).toEqual([20, 21, 22, 23, 24, 25, 26, 32]);
  });
});
