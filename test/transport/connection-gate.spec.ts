import { memory } from '../../src/transport/memory';
import { tcp } from '../../src/transport/tcp/tcp';
import { describeGate } from './gate-contract';
import { leavesNothingOpen } from './support';

leavesNothingOpen();

describe('a gate before TCP', () => {
  describeGate(() => ({ listening: tcp({ port: 0 }), connecting: ({ port }) => tcp({ port }) }));
});

describe('a gate before memory', () => {
  describeGate(() => {
    const endpoint = memory();
    return { listening: endpoint, connecting: () => endpoint };
  });
});
