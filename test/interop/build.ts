import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { installPython } from './preview4/python/install';

/** The reference of each revision, which are different versions of the same crates. */
const PROJECTS = ['rust', 'preview4/rust'];

/** Jest's global setup: builds the Rust peers, installs nnrp-py. What cannot be had fails the run; nothing is skipped. */
function buildPeers(): void {
  for (const project of PROJECTS) build(join(__dirname, project));
  installPython();
}

function build(project: string): void {
  // The target directory is named, so that a CARGO_TARGET_DIR of the caller does not move the binary.
  const cargo = ['build', '--release', '--locked', '--target-dir', join(project, 'target')];
  const { error, status, signal } = spawnSync('cargo', cargo, { cwd: project, stdio: 'inherit' });
  if (error !== undefined) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      throw new Error('cargo was not found; the interop tests need a Rust toolchain: https://rustup.rs');
    }
    throw error;
  }
  if (status !== 0) {
    throw new Error(`cargo build of ${project} failed (${signal ?? `exit code ${status ?? 'unknown'}`})`);
  }
}

export = buildPeers;
