import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** Builds a Rust project of the tests, which is in a folder of its own. What cannot be built fails the run. */
export function cargoBuild(project: string): void {
  // The target directory is named, so that a CARGO_TARGET_DIR of the caller does not move the binary.
  const cargo = ['build', '--release', '--locked', '--target-dir', join(project, 'target')];
  const { error, status, signal } = spawnSync('cargo', cargo, { cwd: project, stdio: 'inherit' });
  if (error !== undefined) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      throw new Error('cargo was not found; these tests need a Rust toolchain: https://rustup.rs');
    }
    throw error;
  }
  if (status !== 0) {
    throw new Error(`cargo build of ${project} failed (${signal ?? `exit code ${status ?? 'unknown'}`})`);
  }
}
