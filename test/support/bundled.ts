import { build } from 'esbuild';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as path from 'node:path';

/**
 * Bundles programs, before the tests: a process then starts in an instant, and holds in its memory nothing of a
 * compiler. Returns the folder that they are in.
 */
export async function bundled(programs: string): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'nnrp-programs-'));
  await build({
    entryPoints: [programs],
    outdir: folder,
    bundle: true,
    platform: 'node',
    target: 'node20',
    sourcemap: 'inline',
    logLevel: 'error',
    // Optional accelerators of ws, and of the client of Redis.
    external: ['bufferutil', 'utf-8-validate', '@node-rs/xxhash', '@opentelemetry/api'],
  });
  return folder;
}
