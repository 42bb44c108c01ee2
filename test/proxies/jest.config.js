/** @type {import('jest').Config} */
module.exports = {
  rootDir: '../..',
  testEnvironment: 'node',
  testTimeout: 60_000,
  // Types are checked once, by `npm run typecheck`; the transform only strips them.
  transform: { '^.+\\.ts$': require.resolve('../../scripts/strip-types.js') },
  testMatch: ['<rootDir>/test/proxies/**/*.spec.ts'],
  globalSetup: '<rootDir>/test/proxies/support/install-proxies.ts',
  globalTeardown: '<rootDir>/test/support/exit-once-idle.ts',
  maxWorkers: 1,
};
