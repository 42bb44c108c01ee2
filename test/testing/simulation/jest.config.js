const base = require('../../../jest.config.js');

/** @type {import('jest').Config} */
module.exports = {
  ...base,
  rootDir: '../../..',
  testMatch: ['<rootDir>/test/testing/simulation/**/*.spec.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
};
