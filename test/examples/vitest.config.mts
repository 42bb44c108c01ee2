import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

const root = join(import.meta.dirname, '../..');

export default defineConfig({
  root,
  // The examples import what a user does.
  resolve: { alias: { 'nnrp-rx/testing': join(root, 'src/testing/index.ts') } },
  test: { globals: true, include: ['examples/marbles-test.ts'], cache: false },
});
