import { build } from 'esbuild';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as path from 'node:path';

/**
 * Bundles every test/hostile/workers/*.ts once, before the tests: a process then starts in an instant,
 * and holds in its memory nothing of a compiler.
 */
export default async function bundleWorkers(): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'hostile-'));
  await build({
    entryPoints: [path.join(__dirname, '..', 'workers', '*.ts')],
    outdir: folder,
    bundle: true,
    platform: 'node',
    target: 'node20',
    sourcemap: 'inline',
    logLevel: 'error',
    // Optional accelerators of ws.
    external: ['bufferutil', 'utf-8-validate'],
  });
  process.env['HOSTILE_WORKERS'] = folder;
}
