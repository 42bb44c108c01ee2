// The same tests at their whole size, for as long as that takes; see support/scale.ts.
process.env.CLUSTER_SCALE = 'full';

/** @type {import('jest').Config} */
module.exports = { ...require('./jest.config.js'), testTimeout: 2_700_000 };
