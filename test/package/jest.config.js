/** @type {import('jest').Config} */
module.exports = {
  ...require('../../jest.config.js'),
  displayName: 'package',
  rootDir: __dirname,
  testMatch: ['<rootDir>/**/*.spec.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  globalSetup: '<rootDir>/../browser/install-chromium.ts',
  // Each file builds what it packs.
  maxWorkers: 1,
  // It builds, packs, installs and compiles.
  testTimeout: 180_000,
};
