import type { Bench } from '../harness/bench';
import { comparison, type Work } from '../harness/compare';
import { atLeast, type Target } from '../harness/figure';
import { bareClient, connecting, nnrpClient } from './sides';

const tcp: Work = { framing: 'tcp', connections: 1, sessions: 1, window: 256, bodyBytes: 64 };

/** What a client gets answered in a second, by a server that does next to nothing. */
export const client: readonly Bench[] = [
  against('window 256 64 B', tcp, atLeast(0.7)),
  against('window 1 64 B', { ...tcp, window: 1 }),
  against('window 64 16 KiB', { ...tcp, window: 64, bodyBytes: 16 * 1024 }),
  against('100 sessions window 256 64 B', { ...tcp, sessions: 100 }),
  // Which revision a server speaks, it is asked once a connection.
  ...(['auto', 'preview4'] as const).map((revision) =>
    comparison({
      family: 'client',
      name: `connections made and closed, ${revision}`,
      subject: connecting(revision),
      baseline: connecting('preview3'),
      work: { ...tcp, window: 1 },
    }),
  ),
];

function against(name: string, work: Work, target?: Target): Bench {
  const asked = target === undefined ? {} : { target };
  return comparison({ family: 'client', name, subject: nnrpClient, baseline: bareClient, work, ...asked });
}
