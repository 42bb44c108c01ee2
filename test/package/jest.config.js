/** @type {import('jest').Config} */
module.exports = {
  ...require('../../jest.config.js'),
  displayName: 'package',
  rootDir: __dirname,
  testMatch: ['<rootDir>/**/*.spec.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  globalSetup: '<rootDir>/set-up.ts',
  globalTeardown: '<rootDir>/tear-down.ts',
  // It builds, packs, installs and compiles.
  testTimeout: 180_000,
};
