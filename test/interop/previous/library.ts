import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as current from '../../../src';

/** What of the package is used here, by its types of today: both versions have it. */
export type Library = Pick<
  typeof current,
  'connect' | 'createServer' | 'decodeTokens' | 'SessionErrorCode' | 'tcp' | 'webSocket'
>;

export { current };

const ROOT = join(__dirname, '..', '..', '..');

/** Unpacks the previous package for the tests of a file; it runs on the dependencies that are installed here. */
export function previousLibrary(): { readonly library: Library } {
  let unpacked: { readonly directory: string; readonly library: Library } | undefined;

  beforeAll(() => {
    const directory = mkdtempSync(join(tmpdir(), 'nnrp-previous-'));
    const tar = spawnSync('tar', ['-xzf', join(__dirname, 'nnrp-rx.tgz'), '-C', directory]);
    if (tar.status !== 0) throw new Error(`the package cannot be unpacked: ${String(tar.stderr)}`);
    symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'));
    const entry = join(directory, 'package', 'dist', 'cjs', 'src', 'index.js');
    unpacked = { directory, library: jest.requireActual<Library>(entry) };
  });

  afterAll(() => {
    if (unpacked !== undefined) rmSync(unpacked.directory, { recursive: true });
  });

  return {
    get library() {
      if (unpacked === undefined) throw new Error('the package is unpacked when a test runs');
      return unpacked.library;
    },
  };
}
