// The same tests with smaller counts and shorter times; see support/scale.ts.
process.env.HOSTILE_SCALE = 'short';

/** @type {import('jest').Config} */
module.exports = require('./jest.config.js');
