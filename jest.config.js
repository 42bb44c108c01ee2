/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  // Types are checked once, by `npm run typecheck`; the transform only strips them.
  transform: { '^.+\\.ts$': ['ts-jest', { diagnostics: false }] },
  testMatch: ['<rootDir>/test/**/*.spec.ts'],
  // Both have a configuration of their own, as they take longer: they build, and talk to other programs.
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/interop/', '<rootDir>/test/package/'],
};
