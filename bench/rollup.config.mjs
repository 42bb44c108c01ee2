import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { commonJs } from '../rollup.config.mjs';

// The bench runs what is published: of the library, whatever it imports is bundled as `npm run build` bundles it.

const DIST = 'bench/dist';

const modules = readdirSync(join(DIST, 'bench'), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.js'))
  .flatMap(({ parentPath, name }) => {
    const text = readFileSync(join(parentPath, name), 'utf8');
    return [...text.matchAll(/require\("(\.[^"]*)"\)/g)].map(([, path]) => {
      const module = relative(DIST, join(parentPath, path));
      return module === 'src' ? 'src/index' : module;
    });
  })
  .filter((module) => /^(src|operators)\//.test(module));

export default commonJs([...new Set(modules)], DIST);
