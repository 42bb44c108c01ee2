import { spawnSync } from 'node:child_process';
import * as path from 'node:path';
import type { Figure } from '../../bench/harness/figure';

const ROOT = path.join(__dirname, '..', '..');

/** One of every pair of a server and a load that `npm run bench` starts. */
const EVERY_PROGRAM = [
  'tcp window 256 64 B respond',
  'tcp 8 connections',
  'ws 8 connections',
  'against gRPC',
  'as fast as they go',
  'tokens: ',
  'ways: ',
  'client: 100 sessions',
  'client: connections made and closed, auto',
  'cut a stream',
  'memory: ',
  'sessions on one connection',
  'preview4: 1,000',
  'preview4: client, window',
  'preview4: decode',
  'preview4: heap of an operation',
];

/** What a moment of it must bring, whatever the figures are. */
const EXPECTED = [
  'throughput: tcp window 256 64 B respond',
  'throughput: tcp 8 connections window 64 64 B',
  'throughput: ws 8 connections window 64 64 B',
  'throughput: against gRPC window 256 64 B',
  'streaming: 1,000 × 200 parts as fast as they go',
  'tokens: 200 answers over 20 connections: nnrp-rx bytes over bare socket',
  'tokens: 200 answers over 20 connections: nnrp-rx over bare socket',
  'tokens: 200 answers over 20 connections: nnrp-rx over ws + JSON',
  'tokens: 200 answers over 20 connections: nnrp-rx over grpc-js',
  'tokens: 200 answers over 20 connections: nnrp-rx over SSE, node:http',
  'tokens: 200 answers over 20 connections: nnrp-rx over socket.io',
  'tokens: 200 answers over 20 connections: nnrp-rx ws over ws + JSON',
  'tokens: 200 answers over 20 connections: nnrp-rx TLS over bare TLS socket',
  'tokens: 200 answers over 20 connections: nnrp-rx generators over ws + JSON',
  'tokens: 200 answers over 20 connections: nnrp-rx preview4 over nnrp-rx',
  'tokens: 1,000 answers over 1,000 connections: nnrp-rx over bare socket',
  'tokens: 1,000 answers over 1,000 connections: nnrp-rx over ws + JSON',
  'tokens: 1,000 answers over 1,000 connections: nnrp-rx over grpc-js',
  'tokens: 1,000 answers over 1,000 connections: nnrp-rx over SSE, node:http',
  'tokens: 1,000 answers over 1,000 connections: nnrp-rx over socket.io',
  'tokens: 1,000 answers over 1,000 connections: nnrp-rx ws over ws + JSON',
  'tokens: 1,000 answers over 1,000 connections: nnrp-rx TLS over bare TLS socket',
  'tokens: 1,000 answers over 1,000 connections: nnrp-rx generators over ws + JSON',
  'tokens: 1,000 answers over 1,000 connections: nnrp-rx preview4 over nnrp-rx',
  'tokens: 1,000 answers over 1,000 connections: RSS of nnrp-rx over SSE, node:http',
  'tokens: 1,000 answers every 25 ms over 1,000 connections: gap p99 of nnrp-rx over SSE, node:http',
  'tokens: 1,000 answers every 25 ms over 1,000 connections: first token p50 of nnrp-rx over SSE, node:http',
  'tokens: 1,000 answers every 25 ms over 1,000 connections: first token p99 of nnrp-rx over SSE, node:http',
  'tokens: 1,000 answers every 25 ms over 1,000 connections: gap p99 of nnrp-rx ws over SSE, node:http',
  'tokens: 1,000 answers every 25 ms over 1,000 connections: first token p50 of nnrp-rx ws over SSE, node:http',
  'tokens: 1,000 answers every 25 ms over 1,000 connections: first token p99 of nnrp-rx ws over SSE, node:http',
  'tokens: 1,000 answers every 25 ms over 1,000 connections: gap p99 of nnrp-rx over bare socket',
  'tokens: 1,000 answers every 25 ms over 1,000 connections: first token p50 of nnrp-rx over bare socket',
  'tokens: 1,000 answers every 25 ms over 1,000 connections: first token p99 of nnrp-rx over bare socket',
  'tokens: a client with the text in hand, 20 connections: nnrp-rx client over ws + JSON.parse',
  'tokens: a client with the text in hand, 20 connections: nnrp-rx client ws over ws + JSON.parse',
  'tokens: a client with the text in hand, 20 connections: nnrp-rx client over openai',
  'tokens: a client with the text in hand, 20 connections: nnrp-rx client, reconnect: {} over nnrp-rx client',
  'tokens: a client with the text in hand, 20 connections: nnrp-rx client, preview4 over nnrp-rx client',
  'tokens: a server of such clients: nnrp-rx client, reconnect: {} over nnrp-rx client',
  'tokens: a server of such clients: nnrp-rx client, preview4 over nnrp-rx client',
  'ways: an interceptor of the server: a token',
  'ways: an interceptor of the client: a token',
  'ways: for await, not subscribe: a token',
  'ways: for await of its text, not subscribe: a token',
  'client: 100 sessions window 256 64 B',
  'client: connections made and closed, auto',
  'codec: cut a stream into packets',
  'codec: cut a stream into packets, allocated for each',
  'memory: RSS of an idle connection with a session',
  'memory: heap of an idle session on a shared connection',
  'memory: heap of an operation in flight, 64 B',
  'memory: heap of a full outbox of 128 KiB',
  'memory: heap after 1,000,000 operations over 10,000',
  'growth: CPU an operation, 10 sessions on one connection',
  'growth: CPU an operation, 100 sessions on one connection',
  'growth: CPU an operation, 1,000 sessions on one connection',
  'preview4: CPU an operation, tcp window 256 64 B respond',
  'preview4: CPU an operation, tcp 8 connections window 64 64 B',
  'preview4: CPU an operation, 1,000 × 200 parts',
  'preview4: CPU an operation, client, window 256 64 B',
  'preview4: decode FRAME_SUBMIT',
  'preview4: decode FRAME_SUBMIT, allocated for each',
  'preview4: decode RESULT_PUSH',
  'preview4: decode RESULT_PUSH, allocated for each',
  'preview4: heap of an operation in flight, 64 B',
];

function node(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8', timeout: 200_000 });
}

describe('npm run bench', () => {
  beforeAll(() => {
    const { status, stderr } = spawnSync('npm', ['run', '--silent', 'bench:build'], {
      cwd: ROOT,
      encoding: 'utf8',
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  }, 300_000);

  it('measures with every program that it has', () => {
    const { stdout, stderr, status } = node(
      'bench/dist/bench/main.js',
      '--moment',
      '--json',
      '--only',
      ...EVERY_PROGRAM,
    );
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
    const [head, ...figures] = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown) as [{ machine: { node: string } }, ...Figure[]];
    expect(head).toMatchObject({ machine: { node: process.version }, effort: 'moment' });
    expect(figures.map(({ family, name }) => `${family}: ${name}`)).toEqual(EXPECTED);
    for (const { unit, subject, baseline } of figures) {
      // In a moment, what is held may be less than what the collector has let go.
      if (unit === 'bytes') continue;
      for (const side of [subject, baseline]) {
        expect(side?.value.median).toBeGreaterThan(0);
        if (side?.cpu !== undefined) expect(side.cpu.median).toBeGreaterThan(0);
        if (unit === 'op/s') expect(side?.p99).toBeGreaterThan(0);
      }
    }
  }, 210_000);

  it('refuses what it does not have', () => {
    const { stderr, status } = node('bench/dist/bench/main.js', '--only', 'no such thing');
    expect(status).toBe(1);
    expect(stderr).toContain('nothing is called no such thing');
  });
});
