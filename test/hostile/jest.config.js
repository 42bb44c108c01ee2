const base = require('../../jest.config.js');

/** @type {import('jest').Config} */
module.exports = {
  ...base,
  rootDir: '../..',
  testTimeout: 120_000,
  testMatch: ['<rootDir>/test/hostile/**/*.spec.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  globalSetup: '<rootDir>/test/hostile/support/bundle-workers.ts',
  globalTeardown: '<rootDir>/test/hostile/support/remove-workers.ts',
  // One attack at a time: what is measured is the machine's as well.
  maxWorkers: 1,
};
