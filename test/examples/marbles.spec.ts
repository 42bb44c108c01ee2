import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import '../../examples/marbles-test';

it('the same flows are tests of vitest', async () => {
  const vitest = join(dirname(require.resolve('vitest/package.json')), 'vitest.mjs');
  const config = join(__dirname, 'vitest.config.mts');
  const { stdout } = await promisify(execFile)(process.execPath, [vitest, 'run', '--config', config], {
    env: { ...process.env, NO_COLOR: '1', CI: '1' },
  });
  expect(stdout).toMatch(/Tests +2 passed/);
});
