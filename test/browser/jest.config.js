/** @type {import('jest').Config} */
module.exports = {
  rootDir: '../..',
  testEnvironment: 'node',
  testTimeout: 60_000,
  // Types are checked once, by `npm run typecheck`; the transform only strips them.
  transform: { '^.+\\.ts$': require.resolve('../../scripts/strip-types.js') },
  testMatch: ['<rootDir>/test/browser/**/*.spec.ts'],
  globalSetup: '<rootDir>/test/browser/install-chromium.ts',
  globalTeardown: '<rootDir>/test/support/exit-once-idle.ts',
  maxWorkers: 1,
};
