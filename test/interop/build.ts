import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** Jest's global setup: builds the Rust peer. What cannot be built fails the run; nothing is skipped. */
function buildRustPeer(): void {
  const project = join(__dirname, 'rust');
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
    throw new Error(
      `cargo build of test/interop/rust failed (${signal ?? `exit code ${status ?? 'unknown'}`})`,
    );
  }
}

export = buildRustPeer;
