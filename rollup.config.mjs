import { readFileSync } from 'node:fs';

// What Node runs: the ES modules of dist/esm as CommonJS, one file for each entry of package.json and a few that
// they share. V8 sees through names of one file, and not through those of another: an operation costs a fifth
// less, and `require` two fifths.

const CJS = './dist/cjs/';
const { exports, peerDependencies, peerDependenciesMeta } = JSON.parse(readFileSync('package.json', 'utf8'));

/** The files that an export means, however deep its conditions are. */
function targets(target) {
  return typeof target === 'string' ? [target] : Object.values(target).flatMap(targets);
}

const entries = targets(exports)
  .filter((path) => path.startsWith(CJS) && path.endsWith('.js'))
  .map((path) => path.slice(CJS.length, -'.js'.length));

/**
 * Packages that only those need who import what needs them: where one is not there, the error says what to do, and not
 * only that a module cannot be found.
 */
function explainMissingPeers() {
  const optional = Object.keys(peerDependenciesMeta).join('|');
  const asked = new RegExp(`require\\('(${optional})'\\)`, 'g');
  return {
    name: 'explain-missing-peers',
    renderChunk: (code) =>
      code.replace(asked, (load, peer) => {
        const text = `this part of nnrp-rx needs ${peer}, which is not installed: npm install "${peer}@${peerDependencies[peer]}"`;
        const isMissing = `error.code === 'MODULE_NOT_FOUND' && error.message.includes("'${peer}'")`;
        return `(() => { try { return ${load}; } catch (error) { throw ${isMissing} ? new Error(${JSON.stringify(text)}, { cause: error }) : error; } })()`;
      }),
  };
}

/** Modules of dist/esm, by their paths in it, and all that they import, as CommonJS in `dir`. */
export function commonJs(modules, dir) {
  return {
    input: Object.fromEntries(modules.map((name) => [name, `dist/esm/${name}.js`])),
    // Packages are the installer's, Node's modules are Node's.
    external: (id) => !/^[./]/.test(id),
    output: {
      dir,
      format: 'cjs',
      // Names that `import` finds without running the module.
      exports: 'named',
      esModule: true,
      // As TypeScript reads what is imported from CommonJS.
      interop: 'compat',
      chunkFileNames: 'shared/[name].js',
    },
    plugins: [explainMissingPeers()],
    treeshake: false,
    onLog: (level, log, handler) => {
      handler(level === 'warn' ? 'error' : level, log);
    },
  };
}

export default commonJs(entries, CJS);
