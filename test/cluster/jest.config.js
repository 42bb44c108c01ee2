/** @type {import('jest').Config} */
module.exports = {
  rootDir: '../..',
  testEnvironment: 'node',
  testTimeout: 60_000,
  // Types are checked once, by `npm run typecheck`; the transform only strips them.
  transform: { '^.+\\.ts$': require.resolve('../../scripts/strip-types.js') },
  // The example imports what a user does.
  moduleNameMapper: {
    '^nnrp-rx$': '<rootDir>/src/index.ts',
    '^nnrp-rx/redis$': '<rootDir>/src/cluster/redis/index.ts',
  },
  testMatch: ['<rootDir>/test/cluster/**/*.spec.ts'],
  globalSetup: '<rootDir>/test/cluster/support/set-up.ts',
  globalTeardown: '<rootDir>/test/cluster/support/tear-down.ts',
  maxWorkers: 1,
};
