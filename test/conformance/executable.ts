import { join } from 'node:path';

const NAME = process.platform === 'win32' ? 'nnrp-conformance-run.exe' : 'nnrp-conformance-run';

/** What runs the suite's scenarios, as `build.ts` has built it. */
export const EXECUTABLE = join(__dirname, 'rust', 'target', 'release', NAME);
