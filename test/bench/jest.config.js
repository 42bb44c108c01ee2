const base = require('../../jest.config.js');

/** @type {import('jest').Config} */
module.exports = {
  ...base,
  rootDir: '../..',
  testMatch: ['<rootDir>/test/bench/**/*.spec.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
};
