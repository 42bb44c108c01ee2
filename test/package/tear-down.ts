import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { packed } from './consumer';

export default function tearDown(): void {
  rmSync(dirname(packed()), { recursive: true, force: true });
}
