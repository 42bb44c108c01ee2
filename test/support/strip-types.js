const { createHash } = require('node:crypto');
const { transformSync, version } = require('esbuild');

const options = {
  loader: 'ts',
  format: 'cjs',
  platform: 'node',
  target: 'node20',
  sourcemap: 'external',
};

/** How jest reads TypeScript. Types are checked once, by `npm run typecheck`; this only strips them. */
module.exports = {
  getCacheKey(source, path) {
    return createHash('sha256')
      .update(JSON.stringify([version, options, path, source]))
      .digest('hex');
  },

  process(source, path) {
    const { code, map } = transformSync(source, { ...options, sourcefile: path });
    return { code, map };
  },
};
