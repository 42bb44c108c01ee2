import { spawnSync } from 'node:child_process';
import * as path from 'node:path';
import type { Bench } from '../harness/bench';
import type { ProgramStart } from '../harness/child';
import { comparison, type Side, type Work } from '../harness/compare';
import { atLeast } from '../harness/figure';
import type { LoadParameters } from '../load/parameters';
import { bareEcho, nnrpClient, nnrpServer } from './sides';

/** Seen from where this is built to, bench/dist/bench/figures. */
const PROJECT = path.resolve(__dirname, '../../../reference');
const TARGET = path.join(PROJECT, 'target');

const tcp: Work = { framing: 'tcp', connections: 1, sessions: 1, window: 256, bodyBytes: 64 };

/**
 * The Rust runtime, published crates in a release build, on the same work: as a server under a load
 * generator in Rust and under that of the other figures, and as a client of the bare echo.
 */
export const reference: readonly Bench[] = [
  serving('Rust load, window 256 64 B', tcp, 'rust', 1.8),
  serving('Rust load, window 1 64 B', { ...tcp, window: 1 }, 'rust'),
  serving('window 256 64 B', tcp, 'node'),
  serving('window 1 64 B', { ...tcp, window: 1 }, 'node'),
  serving('window 64 16 KiB', { ...tcp, window: 64, bodyBytes: 16 * 1024 }, 'node'),
  serving('8 connections window 64 64 B', { ...tcp, connections: 8, window: 64 }, 'node'),
  asking('client, window 256 64 B', tcp),
  asking('client, window 1 64 B', { ...tcp, window: 1 }),
];

/** Builds the Rust program; what cannot be built fails the run. */
export function buildReference(): void {
  // The target directory is named, so that a CARGO_TARGET_DIR of the caller does not move the program.
  const cargo = ['build', '--release', '--locked', '--target-dir', TARGET];
  const { error, status } = spawnSync('cargo', cargo, { cwd: PROJECT, stdio: ['ignore', 2, 2] });
  if (error !== undefined) {
    throw new Error('cargo was not found; bench:reference needs a Rust toolchain: https://rustup.rs', {
      cause: error,
    });
  }
  if (status !== 0) throw new Error(`cargo build of bench/reference failed with code ${status}`);
}

function rust(mode: 'server' | 'client' | 'load', parameters: object): ProgramStart {
  return { executable: path.join(TARGET, 'release', 'nnrp-bench-reference'), mode, parameters };
}

function serving(name: string, work: Work, by: 'rust' | 'node', bound?: number): Bench {
  const ours = nnrpServer('tcp');
  const load = by === 'node' ? ours.load : (parameters: LoadParameters) => rust('load', parameters);
  const theirs: Side = { name: 'Rust server', measured: 'peer', peer: rust('server', {}), load };
  return comparison({
    family: 'reference',
    name,
    subject: { ...ours, load },
    baseline: theirs,
    work,
    ...(bound !== undefined && { target: atLeast(bound) }),
  });
}

function asking(name: string, work: Work): Bench {
  const theirs: Side = {
    name: 'Rust client',
    measured: 'load',
    peer: bareEcho.peer,
    load: (parameters) => rust('client', parameters),
  };
  return comparison({ family: 'reference', name, subject: nnrpClient, baseline: theirs, work });
}
