import * as path from 'node:path';
import { bundled } from '../../support/bundled';

/** Bundles every test/hostile/workers/*.ts once. */
export default async function bundleWorkers(): Promise<void> {
  process.env['HOSTILE_WORKERS'] = await bundled(path.join(__dirname, '..', 'workers', '*.ts'));
}
