const ES_MODULES = '(@ark|arkregex|arktype)/.+\\.js$';

/** @type {import('jest').Config} */
module.exports = {
  // Property tests and real processes share two cores with each other; a test that hangs still ends.
  testTimeout: 30_000,
  testEnvironment: 'node',
  // Left to itself jest keeps one core free, which is half of two.
  maxWorkers: '100%',
  // Types are checked once, by `npm run typecheck`; the transform only strips them.
  transform: {
    '^.+\\.ts$': require.resolve('./scripts/strip-types.js'),
    // ES modules only, which jest cannot require.
    [ES_MODULES]: require.resolve('./scripts/strip-types.js'),
  },
  transformIgnorePatterns: [`/node_modules/(?!${ES_MODULES})`],
  // The examples import what a user does.
  moduleNameMapper: {
    '^nnrp-rx$': '<rootDir>/src/index.ts',
    '^nnrp-rx/operators$': '<rootDir>/operators/index.ts',
    '^nnrp-rx/testing$': '<rootDir>/src/testing/index.ts',
    '^nnrp-rx/wire$': '<rootDir>/src/wire/index.ts',
    '^nnrp-rx/redis$': '<rootDir>/src/cluster/redis/index.ts',
  },
  // Without a threshold: a figure to read, not to please. CI runs without: it takes nearly as long again.
  coverageProvider: 'v8',
  coverageReporters: ['text-summary'],
  collectCoverageFrom: ['<rootDir>/src/**/*.ts', '<rootDir>/operators/**/*.ts'],
  testMatch: ['<rootDir>/test/**/*.spec.ts'],
  // These have a configuration of their own, as they take longer: they build, try many seeds, attack, or need a browser, Redis or a proxy.
  testPathIgnorePatterns: [
    '/node_modules/',
    '<rootDir>/test/bench/',
    '<rootDir>/test/browser/',
    '<rootDir>/test/cluster/',
    '<rootDir>/test/conformance/',
    '<rootDir>/test/interop/',
    '<rootDir>/test/package/',
    '<rootDir>/test/proxies/',
    '<rootDir>/test/hostile/',
    '<rootDir>/test/simulation/',
  ],
};
