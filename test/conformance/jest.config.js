/** @type {import('jest').Config} */
module.exports = {
  rootDir: '../..',
  testEnvironment: 'node',
  // Types are checked once, by `npm run typecheck`; the transform only strips them.
  transform: { '^.+\\.ts$': ['ts-jest', { diagnostics: false }] },
  testMatch: ['<rootDir>/test/conformance/**/*.spec.ts'],
  globalSetup: '<rootDir>/test/conformance/build.ts',
  globalTeardown: '<rootDir>/test/support/exit-once-idle.ts',
  maxWorkers: 1,
  testTimeout: 30_000,
};
