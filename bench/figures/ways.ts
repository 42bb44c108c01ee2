import type { Bench } from '../harness/bench';
import { Child } from '../harness/child';
import { atMost } from '../harness/figure';
import { spread } from '../harness/statistics';
import type { Way, WaysParameters, WaysResult } from '../ways/program';

const PLAIN: Way = { read: 'subscribed' };
const TEXT: Way = { read: 'subscribed', isText: true };

/** What a token costs more, at both ends together, where something is around its operation, or a loop reads it. */
export const ways: readonly Bench[] = [
  costing('an interceptor of the server', { ...PLAIN, intercepted: 'server' }, 0.5),
  costing('an interceptor of the client', { ...PLAIN, intercepted: 'client' }, 0.5),
  costing('for await, not subscribe', { read: 'looped' }, 0.3),
  costing('for await of its text, not subscribe', { ...TEXT, read: 'looped' }, 0.3, TEXT),
];

function costing(name: string, way: Way, most: number, plain = PLAIN): Bench {
  return {
    family: 'ways',
    name,
    async run({ processes, turns, heatMs, runMs }, progress) {
      const found: WaysResult[] = [];
      for (let process = 0; process < processes; process++) {
        // In one process, in turns: what differs is too little to be told of two.
        const parameters: WaysParameters = { way, plain, turns, heatMs, runMs };
        const { child, first } = await Child.started<WaysResult>({ file: 'ways/program', parameters });
        found.push(first);
        await child.stop();
        progress(process + 1, processes);
      }
      const more = found.flatMap((result) => result.way.map((us, turn) => us - (result.plain[turn] ?? us)));
      const all = (of: keyof WaysResult) => spread(found.flatMap((result) => result[of]));
      return [
        {
          family: 'ways',
          name: `${name}: a token`,
          unit: 'µs',
          subject: { name, value: all('way') },
          baseline: { name: 'without', value: all('plain') },
          difference: spread(more),
          target: atMost(most, 'difference'),
        },
      ];
    },
  };
}
