import { Command } from 'commander';
import { compare, type Compared, type Comparison, type Effort, type Side } from './compare';

const KIB = 1024;

const nnrp = (transport: 'tcp' | 'ws', api: 'results' | 'respond'): Side => ({
  name: `nnrp-rx ${api}`,
  peer: 'peers/nnrp.ts',
  parameters: { transport, api },
  load: 'load/wire.ts',
});
const echo: Side = { name: 'bare echo', peer: 'peers/echo-tcp.ts', parameters: {}, load: 'load/wire.ts' };
const wsEcho: Side = { name: 'ws echo', peer: 'peers/echo-ws.ts', parameters: {}, load: 'load/wire.ts' };
const grpc: Side = { name: 'grpc-js bidi', peer: 'peers/grpc.ts', parameters: {}, load: 'load/grpc.ts' };

const tcp = { framing: 'tcp', connections: 1, sessions: 1, window: 256, bodyBytes: 64 } as const;
const ws = { ...tcp, framing: 'ws' } as const;

/** What is measured, against what, and what it is to reach. */
const comparisons: readonly Comparison[] = [
  against('tcp, window 256, 64 B', nnrp('tcp', 'results'), echo, tcp, 0.85),
  against('tcp, window 256, 64 B, respond', nnrp('tcp', 'respond'), echo, tcp),
  against('tcp, window 1, 64 B', nnrp('tcp', 'results'), echo, { ...tcp, window: 1 }, 0.95),
  against('tcp, window 16, 1 KiB', nnrp('tcp', 'results'), echo, { ...tcp, window: 16, bodyBytes: KIB }),
  against(
    'tcp, 8 connections, window 64',
    nnrp('tcp', 'results'),
    echo,
    { ...tcp, connections: 8, window: 64 },
    0.75,
  ),
  against('tcp, 64 connections, window 16', nnrp('tcp', 'results'), echo, {
    ...tcp,
    connections: 64,
    window: 16,
  }),
  against('tcp, 100 sessions, window 256', nnrp('tcp', 'results'), echo, { ...tcp, sessions: 100 }),
  against(
    'tcp, window 64, 16 KiB',
    nnrp('tcp', 'results'),
    echo,
    { ...tcp, window: 64, bodyBytes: 16 * KIB },
    0.9,
  ),
  against('tcp, window 16, 1 MiB', nnrp('tcp', 'results'), echo, {
    ...tcp,
    window: 16,
    bodyBytes: KIB * KIB,
  }),
  against('ws, window 256, 64 B', nnrp('ws', 'results'), wsEcho, ws, 0.8),
  against('ws, window 1, 64 B', nnrp('ws', 'results'), wsEcho, { ...ws, window: 1 }),
  against('tcp, window 256, against gRPC', nnrp('tcp', 'results'), grpc, tcp, 4),
];

function against(
  name: string,
  subject: Side,
  baseline: Side,
  work: Comparison['work'],
  target?: number,
): Comparison {
  return { name, subject, baseline, work, ...(target !== undefined && { target }) };
}

const FULL: Effort = { rounds: 5, warmMs: 500, runMs: 1000 };
const QUICK: Effort = { rounds: 1, warmMs: 300, runMs: 500 };

function row({ name, subject, baseline, ratio, target }: Compared): string {
  const rate = (figure: number): string => Math.round(figure).toLocaleString('en').padStart(9);
  const verdict = target === undefined ? '' : ratio >= target ? `at least ${target}` : `BELOW ${target}`;
  return [
    name.padEnd(34),
    rate(subject.throughput),
    rate(baseline.throughput),
    ratio.toFixed(2).padStart(6),
    `${subject.p50}/${subject.p99}`.padStart(14),
    `${baseline.p50}/${baseline.p99}`.padStart(14),
    verdict,
  ].join('  ');
}

async function run({ quick, json, only }: { quick?: true; json?: true; only?: string }): Promise<void> {
  const effort = quick === true ? QUICK : FULL;
  const wanted = comparisons.filter(({ name }) => only === undefined || name.includes(only));
  const header = ['', '    ops/s', ' baseline', ' ratio', '   p50/p99 µs', '      baseline'];
  if (json !== true) console.log([''.padEnd(34), ...header.slice(1)].join('  '));
  for (const [index, comparison] of wanted.entries()) {
    const compared = await compare(comparison, effort, (done, of) => {
      if (process.stderr.isTTY) {
        process.stderr.write(
          `\r${index + 1}/${wanted.length} ${comparison.name}: round ${done} of ${of}\x1b[K`,
        );
      }
    });
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
    console.log(json === true ? JSON.stringify(compared) : row(compared));
  }
}

new Command('npm run bench --')
  .description('Measures nnrp-rx against what the same bytes cost without it.')
  .option('--quick', 'one short round each: an impression, no figure to quote')
  .option('--json', 'a JSON line for each comparison instead of the table')
  .option('--only <text>', 'only comparisons whose name has this in it')
  .action(run)
  .parseAsync()
  .catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
