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
const PREVIEW4_PROJECT = path.join(PROJECT, 'preview4');

const tcp: Work = { framing: 'tcp', connections: 1, sessions: 1, window: 256, bodyBytes: 64 };
const tcp4: Work = { ...tcp, revision: 'preview4' };

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
  serving('preview4, Rust load, window 256 64 B', tcp4, 'rust', 1.8),
  serving('preview4, window 256 64 B', tcp4, 'node'),
  asking('client, window 256 64 B', tcp),
  asking('client, window 1 64 B', { ...tcp, window: 1 }),
];

/** Builds the Rust programs, one of each revision; what cannot be built fails the run. */
export function buildReference(): void {
  for (const project of [PROJECT, PREVIEW4_PROJECT]) build(project);
}

function build(project: string): void {
  // The target directory is named, so that a CARGO_TARGET_DIR of the caller does not move the program.
  const cargo = ['build', '--release', '--locked', '--target-dir', path.join(project, 'target')];
  const { error, status } = spawnSync('cargo', cargo, { cwd: project, stdio: ['ignore', 2, 2] });
  if (error !== undefined) {
    throw new Error('cargo was not found; bench:reference needs a Rust toolchain: https://rustup.rs', {
      cause: error,
    });
  }
  if (status !== 0) throw new Error(`cargo build of ${project} failed with code ${status}`);
}

function rust(mode: 'server' | 'client' | 'load', parameters: object): ProgramStart {
  return { executable: path.join(PROJECT, 'target', 'release', 'nnrp-bench-reference'), mode, parameters };
}

function rustServer(revision: Work['revision']): ProgramStart {
  if (revision !== 'preview4') return rust('server', {});
  const executable = path.join(PREVIEW4_PROJECT, 'target', 'release', 'nnrp-bench-reference-preview4');
  return { executable, mode: 'server', parameters: {} };
}

function serving(name: string, work: Work, by: 'rust' | 'node', bound?: number): Bench {
  const ours = nnrpServer('tcp');
  const load = by === 'node' ? ours.load : (parameters: LoadParameters) => rust('load', parameters);
  const theirs: Side = { name: 'Rust server', measured: 'peer', peer: rustServer(work.revision), load };
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
