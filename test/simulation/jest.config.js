const base = require('../../jest.config.js');

/** @type {import('jest').Config} */
module.exports = {
  ...base,
  rootDir: '../..',
  // Some of the planted defects replace a function of a module, which esbuild's exports do not allow.
  transform: { '^.+\\.ts$': ['ts-jest', { diagnostics: false }] },
  testMatch: ['<rootDir>/test/simulation/**/*.spec.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
};
