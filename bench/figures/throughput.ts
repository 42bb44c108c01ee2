import type { Bench } from '../harness/bench';
import { comparison, type Side, type Work } from '../harness/compare';
import { atLeast, type Target } from '../harness/figure';
import { bareEcho, grpcServer, nnrpServer, wsEcho } from './sides';

const KIB = 1024;
const tcp: Work = { framing: 'tcp', connections: 1, sessions: 1, window: 256, bodyBytes: 64 };
const large: Work = { ...tcp, window: 64, bodyBytes: 16 * KIB };
const huge: Work = { ...tcp, window: 16, bodyBytes: KIB * KIB };
const ws: Work = { ...tcp, framing: 'ws' };

/** What a server answers in a second, and how soon. */
export const throughput: readonly Bench[] = [
  against(bareEcho, 'tcp window 256 64 B', tcp, atLeast(0.85)),
  against(bareEcho, 'tcp window 256 64 B respond', tcp, undefined, nnrpServer('tcp', 'respond')),
  against(bareEcho, 'tcp window 1 64 B', { ...tcp, window: 1 }, atLeast(0.95)),
  against(bareEcho, 'tcp window 16 1 KiB', { ...tcp, window: 16, bodyBytes: KIB }),
  against(bareEcho, 'tcp window 64 16 KiB', large, atLeast(0.9)),
  against(bareEcho, 'tcp window 64 16 KiB copied', large, undefined, nnrpServer('tcp', 'copied')),
  against(bareEcho, 'tcp window 64 16 KiB given', large, undefined, nnrpServer('tcp', 'given')),
  against(bareEcho, 'tcp window 16 1 MiB', huge),
  against(bareEcho, 'tcp window 16 1 MiB copied', huge, atLeast(0.7, 'cpu'), nnrpServer('tcp', 'copied')),
  against(bareEcho, 'tcp window 16 1 MiB given', huge, atLeast(0.85, 'cpu'), nnrpServer('tcp', 'given')),
  against(
    bareEcho,
    'tcp 8 connections window 64 64 B',
    { ...tcp, connections: 8, window: 64 },
    atLeast(0.75),
  ),
  against(
    bareEcho,
    'tcp 64 connections window 16 64 B',
    { ...tcp, connections: 64, window: 16 },
    atLeast(0.9, 'cpu'),
  ),
  against(bareEcho, 'tcp 100 sessions window 256 64 B', { ...tcp, sessions: 100 }),
  against(wsEcho, 'ws window 256 64 B', ws, atLeast(0.8)),
  against(wsEcho, 'ws window 256 64 B respond', ws, undefined, nnrpServer('ws', 'respond')),
  against(wsEcho, 'ws window 1 64 B', { ...ws, window: 1 }),
  against(wsEcho, 'ws window 64 16 KiB', { ...ws, window: 64, bodyBytes: 16 * KIB }, atLeast(0.8, 'cpu')),
  against(wsEcho, 'ws 8 connections window 64 64 B', { ...ws, connections: 8, window: 64 }),
  against(grpcServer, 'against gRPC window 256 64 B', tcp, atLeast(4)),
];

function against(
  baseline: Side,
  name: string,
  work: Work,
  target?: Target,
  subject = nnrpServer(work.framing),
): Bench {
  const asked = target === undefined ? {} : { target };
  return comparison({ family: 'throughput', name, subject, baseline, work, ...asked });
}
