import { rm } from 'node:fs/promises';
import exitOnceIdle from '../../support/exit-once-idle';

export default async function tearDown(): Promise<void> {
  const folder = process.env['CLUSTER_PROGRAMS'];
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  exitOnceIdle();
}
