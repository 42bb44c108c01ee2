import { rm } from 'node:fs/promises';
import exitOnceIdle from '../../support/exit-once-idle';

export default async function removeWorkers(): Promise<void> {
  const folder = process.env['HOSTILE_WORKERS'];
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  exitOnceIdle();
}
